"""What the guide and the flagfiles tell people to type, the commands understand."""

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.options import DATA, TRAIN
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.preparation import beam_options

ROOT = Path(__file__).parents[2]
README = (ROOT / "pipeline/README.md").read_text()
FLAGFILES = sorted((ROOT / "pipeline/flagfiles").glob("*.flags"))
FLAGS = {
    "flagfile",
    *(field.name for field in dataclasses.fields(PipelineConfig)),
    *(DATA + field.name for field in dataclasses.fields(PrepareDataConfig)),
    *(TRAIN + field.name for field in dataclasses.fields(StarGANv2Settings)),
}
OWN = {
    "pipeline.run_local": {"verbose"},
    "pipeline.compile_kubeflow": {"image", "project_dir", "out"},
    "pipeline.lineage": {"json"},
}
LINES = re.sub(r"\\\n#?\s*", " ", "\n".join([README, *(f.read_text() for f in FLAGFILES)]))
COMMANDS = re.findall(r"^#? *python -m (pipeline\..*)$", LINES, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_known(command: str) -> None:
    module, *arguments = shlex.split(command)
    used = {re.match(r"--([\w.]+)", a)[1] for a in arguments if a.startswith("--")}
    assert used <= FLAGS | OWN[module]
    for flagfile in re.findall(r"flags?(?:file)?=(\S+\.flags)", command):
        assert (ROOT / flagfile).is_file()


def test_flags_in_the_text_are_known() -> None:
    named = set(re.findall(r"`--([a-z_.]+[a-z])`", README)) - {"help", "nocache"}
    assert named <= FLAGS | set.union(*OWN.values())


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_flagfiles_hold_known_flags_and_open_with_their_command(path: Path) -> None:
    text = path.read_text()
    assert f"--flagfile=pipeline/flagfiles/{path.name}" in text and "# Hardware:" in text
    assert set(re.findall(r"^--(?:no)?([\w.]+)", text, re.MULTILINE)) <= FLAGS


@pytest.mark.parametrize(
    "flags", re.findall(r"^\| [^|`]+ \| `(--[^`]+=[^`]+)` \|$", README, re.MULTILINE)
)
def test_beam_knows_the_flags_of_its_runners(flags: str) -> None:
    beam_options(flags.split(","))
