"""What holds for every source; each has tests of its own besides."""

import subprocess
import sys
from pathlib import Path

import pytest

from stargan_tf.config.prepare_data import SOURCES, PrepareDataConfig
from stargan_tf.data import sources
from stargan_tf.data.sources.base import Candidate, Source, digest
from stargan_tf.errors import UserError
from tests.data import makers

ROOT = Path(__file__).parents[2]


class CheckersSource:
    """Squares in two colours: a source as anybody might add one."""

    default_size = 24

    @classmethod
    def validate(cls, config: PrepareDataConfig) -> None:
        if config.licence == "none":
            raise UserError("Found --licence=none, expected a licence: state one.")

    @classmethod
    def describe(cls, config: PrepareDataConfig) -> str:
        return "squares"

    @classmethod
    def cache_key(cls, config: PrepareDataConfig) -> str:
        return digest(["version 1"])

    def __init__(self, config: PrepareDataConfig) -> None:
        self.name, self.licence, self.credits = "checkers", "CC0 1.0", {}
        self.domains = ("black", "white")
        self.total = 8
        self.splits = ("train",)

    def chunks(self) -> list[str]:
        return ["black", "white"]

    def read(self, chunk: str):
        for number in range(4):
            content = makers.encoded(makers.pixels(number + 10 * len(chunk)))
            yield Candidate(f"{chunk}/{number}", chunk, "train", content)


@pytest.fixture
def checkers(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{CheckersSource.__module__}.CheckersSource"
    monkeypatch.setitem(sources._CLASSES, "checkers", name)


def test_the_settings_name_every_source() -> None:
    assert list(sources._CLASSES) == list(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_what_a_source_has(name: str) -> None:
    members = {member for member in vars(Source) if not member.startswith("_")}
    assert members >= {"validate", "describe", "cache_key", "chunks", "read"}
    assert members | {"default_size"} <= set(dir(sources.source_class(name)))


def test_a_source_needs_one_file_and_one_line(checkers: None, tmp_path: Path) -> None:
    info = makers.prepared(tmp_path / "out", source="checkers")
    assert info.counts == {"train": {"black": 4, "white": 4}}
    assert (info.name, info.source, info.img_size) == ("checkers", "checkers", 24)


def test_a_source_checks_its_own_settings(checkers: None, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Found --licence=none"):
        makers.prepared(tmp_path / "out", source="checkers", licence="none")
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
