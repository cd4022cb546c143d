import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config import settings
from stargan_tf.config.sample import SampleConfig
from stargan_tf.config.settings import setting
from stargan_tf.errors import UserError


@dataclasses.dataclass(frozen=True)
class Example:
    count: int = setting(3, "How many.")
    names: tuple[str, ...] = setting(("a", "b"), "Which.")
    place: str = setting("here", "Where.", fixed=False)


def through_json(config, path):
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    return settings.from_dict(Example, values, where=path)


def test_json_round_trip(tmp_path):
    config = Example(5, ("c",), "there")
    assert through_json(config, tmp_path) == config


def test_fields_of_a_newer_version_take_their_defaults(tmp_path):
    assert settings.from_dict(Example, {"count": 1}, where=tmp_path) == Example(1)


def test_unknown_fields_are_named(tmp_path):
    with pytest.raises(UserError, match=r"unknown settings \(colour, size\)"):
        settings.from_dict(Example, {"size": 1, "count": 2, "colour": 3}, where=tmp_path)


def test_only_fixed_fields_count_as_different():
    assert settings.differing_fields(Example(), Example()) == []
    assert settings.differing_fields(Example(), Example(4, (), "there")) == ["count", "names"]


def test_check():
    settings.check(True, "never said")
    with pytest.raises(UserError, match="^said$"):
        settings.check(False, "said")


KINDS = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),
    str: st.text(),
    tuple: st.lists(st.text()).map(tuple),
}


def configs(config_class):
    """Any values of the right types."""
    fields = dataclasses.fields(config_class)
    values = {f.name: KINDS[type(f.default)] for f in fields}
    choices = {f.name: f.metadata["choices"] for f in fields if f.metadata["choices"]}
    return st.builds(config_class, **values | {n: st.sampled_from(c) for n, c in choices.items()})


@pytest.mark.parametrize("config_class", [StarGANv2Settings, SampleConfig])
@given(data=st.data())
def test_any_settings_survive_json(config_class, data):
    config = data.draw(configs(config_class))
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    assert settings.from_dict(config_class, values, where="config.json") == config
    assert settings.differing_fields(config, config) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["count", "names", "place", "more"]), JSON))
def test_any_values_are_taken_or_rejected(values):
    try:
        config = settings.from_dict(Example, values, where="config.json")
    except UserError as error:
        assert str(error).startswith("config.json has ") and len(str(error)) < 1000
        return
    assert type(config.count) is int and type(config.place) is str and "more" not in values
    assert type(config.names) is tuple


@given(configs(StarGANv2Settings))
def test_any_settings_are_valid_or_rejected(config):
    try:
        config.validate()
    except UserError as error:
        assert str(error).endswith((".", "`."))
        return
    assert config.img_size >= 32 and config.shapes()["base_channels"] >= 1


@given(st.floats(), st.integers(0, 2))
def test_what_is_no_number_is_never_within_bounds(value, seed):
    config = StarGANv2Settings(run_dir="a", data_dir="b", lr=value, lambda_sty=value, seed=seed)
    try:
        config.validate()
    except UserError:
        assert not 0 <= value < 2**63
        return
    assert 0 <= value < 2**63
