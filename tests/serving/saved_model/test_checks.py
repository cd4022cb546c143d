"""Domains in requests, by name and by index."""

import unicodedata

import pytest
import tensorflow as tf

from stargan_tf.serving.saved_model.checks import domain_index
from stargan_tf.serving.saved_model.graph import _table_of_names

THIRTY = sorted(str(number) for number in range(1, 31))


def found(domains, *names):
    """The indices that a graph finds."""
    table = _table_of_names(domains)
    graph = tf.function(lambda names: domain_index("target_domain", names, table, domains))
    return graph(tf.constant(names)).numpy().tolist()


@pytest.mark.parametrize(
    "domains", [THIRTY, ("2023", "2024"), ("01", "02"), ("7", "cat"), ("cat", "0")]
)
def test_where_a_name_consists_of_digits_no_index_is_taken(domains):
    assert found(domains, *domains) == list(range(len(domains)))
    for name in ("0", "1", "00", "01", "001", "2", "31", "000000001"):
        if name not in domains:
            with pytest.raises(tf.errors.InvalidArgumentError) as error:
                found(domains, name)
            sentence = f"Found target_domain {name} in row 0, expected one of {', '.join(domains)}"
            assert f"{sentence}: correct it" in error.value.message


@pytest.mark.parametrize("domains", [("cat", "dog"), ("cat2", "2.5"), ("1st", "٣")])
def test_elsewhere_indices_are_taken(domains):
    assert found(domains, *domains, "0", "1", "01") == [0, 1, 0, 1, 1]


@pytest.mark.parametrize("domain_as", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_names_are_found_in_both_forms_of_unicode(domain_as, asked):
    names = ("cat", "개", "고양이", "Müller", "Åre", "Äre", "बिल्ली")
    domains = [unicodedata.normalize(domain_as, name) for name in names]
    assert found(domains, *(unicodedata.normalize(asked, name) for name in names)) == [*range(7)]
