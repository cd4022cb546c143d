import dataclasses
import json

import pytest

from stargan_tf.config import settings
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
