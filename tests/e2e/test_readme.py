"""What the README tells people to type works, and what it points at exists."""

import contextlib
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stargan_tf.algorithms.stargan.settings import StarGANSettings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FLAGFILES = sorted((ROOT / "stargan_tf/flagfiles").glob("*.flags"))
# Makes the training of the README's own commands a matter of seconds.
TINY = "--img_size=32 --base_channels=4 --max_conv_dim=8 --mapping_hidden_dim=8 --total_iters=0"
CONFIGS = {
    "stargan_tf.prepare_data": ("stargan_tf.config.prepare_data", "PrepareDataConfig"),
    "stargan_tf.train": ("stargan_tf.algorithms.stargan_v2.settings", "StarGANv2Settings"),
    "stargan_tf.ablation": ("stargan_tf.config.ablation", "AblationConfig"),
    "stargan_tf.sample": ("stargan_tf.config.sample", "SampleConfig"),
    "stargan_tf.evaluate": ("stargan_tf.config.evaluate", "EvaluateConfig"),
    "stargan_tf.export": ("stargan_tf.config.export", "ExportConfig"),
    "stargan_tf.align": ("stargan_tf.config.align", "AlignConfig"),
    "stargan_tf.strip_run": ("stargan_tf.config.strip_run", "StripRunConfig"),
    "stargan_tf.import_weights": ("stargan_tf.config.import_weights", "ImportWeightsConfig"),
    "stargan_tf.serve": ("stargan_tf.config.serve", "ServeConfig"),
    "stargan_tf.client": ("stargan_tf.config.client", "ClientConfig"),
    "stargan_tf.benchmark": ("stargan_tf.config.benchmark", "BenchmarkConfig"),
}
# Of a command whose flags are those of several settings classes.
MORE_CONFIGS = {
    "stargan_tf.benchmark": [
        ("stargan_tf.config.benchmark", "ExportedModelConfig"),
        CONFIGS["stargan_tf.train"],
    ],
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
    classes = [
        getattr(importlib.import_module(config_module), name)
        for config_module, name in [CONFIGS[module], *MORE_CONFIGS.get(module, ())]
    ]
    return {name for found in classes for name in found.__dataclass_fields__} | COMMON_FLAGS


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
    everything = set().union(*map(known_flags, CONFIGS), StarGANSettings.__dataclass_fields__)
    assert flag in everything | {"logdir"}  # tensorboard's own


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"`?make (\w+)`?\n|`make (\w+)`", README)))
)
def test_every_make_target_exists(target):
    name = "".join(target)
    assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def own_images(tmp_path_factory):
    """A folder where the commands of "Train on your own images" were typed, in their order."""
    folder = tmp_path_factory.mktemp("own_images")
    rs = np.random.RandomState(0)
    for domain in ("cats", "dogs"):
        photos = folder / "photos" / domain
        photos.mkdir(parents=True)
        for name in ("felix", *"abcdefghijk"):  # a dozen: some are put aside for validation
            pixels = rs.randint(0, 255, (300, 280, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(photos / f"{name}.jpg")
    typed = commands_under("Train on your own images")
    assert len(typed) == 7
    for command in typed:
        run(shorten(command), folder)
    return folder


@pytest.mark.slow
@pytest.mark.e2e
def test_own_images_from_folder_to_video(own_images):
    for name in ("dogs.png", "by_reference.png"):
        assert Image.open(own_images / name).size[0] > 32
    assert (own_images / "felix.mp4").stat().st_size > 0
    assert len(list((own_images / "dogs_and_all").iterdir())) >= 24


@pytest.mark.slow
@pytest.mark.e2e
def test_servers_and_phones(own_images):
    """From the run to the images that a server sends, and to the table of TFLite files."""
    export, serve, client, benchmark = commands_under("Export and serve a model")
    assert "photos version 1" in run(export, own_images)
    with started(f"{serve} --port=0 --rest_api_port=0", own_images) as lines:
        (address,) = (line.split()[-1] for line in lines if line.startswith("REST on "))
        run(f"{client} --server={address}", own_images)
    served = sorted((own_images / "served").iterdir())
    assert [Image.open(path).size for path in served] == [(32, 32)] * 12
    table = run(f"{benchmark} --repeats=3 --peak_side=64", own_images)
    assert all(f"{kind}.tflite" in table for kind in ("float32", "float16", "dynamic", "int8"))


def commands_under(heading):
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return commands("\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL)))


def shorten(command):
    command = command.replace("--flagfile=", f"--flagfile={ROOT}/")
    if "stargan_tf.train" in command:
        return f"{command} {TINY}"
    return command


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
    return result.stdout


@contextlib.contextmanager
def started(command, folder):
    """Runs a server while the block runs; gives the lines it printed up to "REST on"."""
    process = subprocess.Popen(
        [sys.executable, *shlex.split(command)[1:]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("REST on"):
                break
        yield lines
    finally:
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0
