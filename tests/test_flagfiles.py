"""Flagfiles that nobody has thought of."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargan_tf import flags
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError

FIELDS = {field.name: field for field in dataclasses.fields(StarGANv2Settings)}
# A line of a flagfile has no line breaks, and what surrounds it is cut off.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])).filter(
    lambda text: text.strip() == text and not text.startswith("~")
)


def values_of(field):
    if field.metadata["choices"]:
        return st.sampled_from(field.metadata["choices"])
    kinds = {bool: st.booleans(), int: st.integers(), float: st.floats(allow_nan=False), str: TEXT}
    return kinds[type(field.default)]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("flagfiles") / "a.flags"


@given(values=st.fixed_dictionaries({}, optional={n: values_of(f) for n, f in FIELDS.items()}))
def test_any_values_come_back(file, values):
    lines = [f"--{name}={value}" for name, value in values.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert flags.read_flagfile(StarGANv2Settings, str(file)) == StarGANv2Settings(**values)


@given(name=st.sampled_from([*FIELDS, "no_such", ""]) | st.text(), value=st.text())
def test_any_line_is_taken_or_rejected(file, name, value):
    file.write_bytes(f"--{name}={value}\n".encode("utf-8", "surrogatepass"))
    try:
        config = flags.read_flagfile(StarGANv2Settings, str(file))
    except UserError as error:
        assert str(file) in str(error)
        return
    assert isinstance(config, StarGANv2Settings)
