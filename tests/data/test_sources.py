"""What holds for every source; each has tests of its own besides."""

import subprocess
import sys
from pathlib import Path

import pytest

from stargan_tf.config.prepare_data import SOURCES
from stargan_tf.data import sources
from stargan_tf.data.sources.base import Source
from stargan_tf.errors import UserError
from tests.data import makers
from tests.data.fake_sources import CheckersSource, register

ROOT = Path(__file__).parents[2]


def test_the_settings_name_every_source() -> None:
    assert list(sources._CLASSES) == list(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_what_a_source_has(name: str) -> None:
    members = {member for member in vars(Source) if not member.startswith("_")}
    assert members >= {"validate", "describe", "cache_key", "chunks", "read"}
    assert members | {"default_size"} <= set(dir(sources.source_class(name)))


def test_a_source_needs_one_file_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, CheckersSource)
    info = makers.prepared(tmp_path / "out", source="fake")
    assert info.counts == {"train": {"black": 4, "white": 4}}
    assert (info.name, info.source, info.img_size) == ("checkers", "fake", 24)


def test_a_source_checks_its_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, CheckersSource)
    with pytest.raises(UserError, match="Found --licence=none"):
        makers.prepared(tmp_path / "out", source="fake", licence="none")
    assert not list(tmp_path.iterdir())


def test_a_source_without_attributes_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, CheckersSource)
    with pytest.raises(UserError, match="Found --attributes=Male for --source=fake, which has no"):
        makers.prepared(tmp_path / "out", source="fake", attributes=("Male",))
    assert not list(tmp_path.iterdir())


def test_asking_a_class_loads_no_large_package() -> None:
    program = f"""
import sys
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.sources import source_class, validate
for name in {list(SOURCES)}:
    config = PrepareDataConfig(source=name, input_dir=".", tfds_name="afhq")
    validate(config)
    source_class(name).describe(config)
    source_class(name).cache_key(config)
print(*{{"apache_beam", "tensorflow", "tensorflow_datasets"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
