"""What the README tells people to type works, and what it points at exists."""

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FLAGFILES = sorted((ROOT / "stargan_tf/flagfiles").glob("*.flags"))
# Makes the training of the README's own commands a matter of seconds.
TINY = "--img_size=32 --base_channels=4 --max_conv_dim=8 --mapping_hidden_dim=8 --total_iters=0"
CONFIGS = {
    "stargan_tf.prepare_data": ("stargan_tf.config.prepare_data", "PrepareDataConfig"),
    "stargan_tf.train": ("stargan_tf.config.train", "TrainConfig"),
    "stargan_tf.sample": ("stargan_tf.config.sample", "SampleConfig"),
}
COMMON_FLAGS = {"flagfile", "dry_run", "help"}


def commands(text):
    """Commands in a text, continued lines joined, comment signs removed."""
    text = re.sub(r"\\\n#?\s*", " ", text)
    return [
        line.lstrip("# ").strip()
        for line in text.splitlines()
        if line.lstrip("# ").startswith("python -m stargan_tf")
    ]


def known_flags(module):
    config_module, name = CONFIGS[module]
    fields = getattr(importlib.import_module(config_module), name).__dataclass_fields__
    return set(fields) | COMMON_FLAGS


def test_readme_has_commands():
    assert len(commands(README)) >= 6


@pytest.mark.parametrize(
    "command", [c for path in FLAGFILES for c in commands(path.read_text())] + commands(README)
)
def test_every_flag_is_known(command):
    _, _, module, *arguments = shlex.split(command.replace("`", " "))
    used = {re.match(r"--(\w+)", a).group(1) for a in arguments if a.startswith("--")}
    assert used <= known_flags(module)
    for flagfile in re.findall(r"--flagfile=(\S+)", command):
        assert (ROOT / flagfile).exists()


@pytest.mark.parametrize("flag", sorted(set(re.findall(r"--(\w+)", README))))
def test_every_flag_named_in_the_text_is_known(flag):
    everything = set().union(*map(known_flags, CONFIGS))
    assert flag in everything | {"logdir"}  # tensorboard's own


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(target):
    assert (ROOT / target).exists()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"`?make (\w+)`?\n|`make (\w+)`", README)))
)
def test_every_make_target_exists(target):
    name = "".join(target)
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.e2e
def test_own_pictures_from_folder_to_video(tmp_path):
    """The commands under "Your own pictures", in their order, on pictures of one's own."""
    rs = np.random.RandomState(0)
    for domain in ("cats", "dogs"):
        folder = tmp_path / "photos" / domain
        folder.mkdir(parents=True)
        for name in ("felix", "rex", "tom", "ada"):
            pixels = rs.randint(0, 255, (300, 280, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{name}.jpg")
    section = README.split("## Your own pictures")[1].split("\n## ")[0]
    typed = commands("\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)))
    assert len(typed) == 7
    for command in typed:
        run(shorten(command), tmp_path)
    for picture in ("dogs.png", "by_reference.png"):
        assert Image.open(tmp_path / picture).size[0] > 32
    assert (tmp_path / "felix.mp4").stat().st_size > 0
    assert len(list((tmp_path / "dogs_and_all").iterdir())) >= 8


def shorten(command):
    command = command.replace("--flagfile=", f"--flagfile={ROOT}/")
    if "stargan_tf.train" in command:
        return f"{command} {TINY}"
    return command.replace("stargan_tf.prepare_data", "stargan_tf.prepare_data --val_fraction=0.5")


def run(command, folder):
    result = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
