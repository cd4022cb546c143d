import unicodedata

import pytest

from stargan_tf.errors import UserError
from stargan_tf.sampling.targets import target_index
from tests.sampling.fakes import DOMAINS


@pytest.mark.parametrize("name", ["all", ""])
def test_all_is_every_domain(name):
    assert target_index(name, DOMAINS) is None


def test_a_domain_may_be_called_all():
    assert target_index("all", ("none", "all")) == 1


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
def test_a_domain_is_named_in_either_form_of_unicode(form, asked):
    domains = ("cat", unicodedata.normalize(form, "Müller_Katze"))
    for name in ("Müller_Katze", "Müller Katze"):  # or as its folder
        assert target_index(unicodedata.normalize(asked, name), domains) == 1


def test_digits_are_names_of_domains_alone():
    assert target_index("2", ("1", "10", "2")) == 2
    for name in ("0", "02"):
        with pytest.raises(UserError, match=f"--target_domain={name}, expected"):
            target_index(name, ("1", "10", "2"))
