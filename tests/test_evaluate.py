"""python -m stargan_tf.evaluate, as a user runs it."""

import json
import re
import subprocess
import sys
import time

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from tests.data import makers
from tests.training.tiny import fresh_state

COMMAND = [sys.executable, "-m", "stargan_tf.evaluate"]


def run(*arguments):
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run that was stopped before its first iteration."""
    root = tmp_path_factory.mktemp("evaluate")
    counts = {f"{s}/{d}": 5 for s in ("train", "val") for d in ("cat", "dog")}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    sizes = {"img_size": 32, "base_channels": 4, "max_conv_dim": 8, "mapping_hidden_dim": 8}
    config = StarGANv2Settings(**sizes, run_dir=str(root / "run"), data_dir=str(root / "data"))
    run = RunDir(root / "run")
    run.begin(config, ("cat", "dog"))
    Checkpoints(run, fresh_state(config, 2), keep=1).save()
    return root / "run"


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    result = run("--help")
    assert result.returncode == 0 and time.monotonic() - start < 3
    for flag in ("run_dir", "data_dir", "features", "modes", "num_outs_per_domain", "out"):
        assert f"--{flag}" in result.stdout
    assert len(re.findall(r"python -m stargan_tf\.evaluate --run_dir", result.stdout)) == 3


@pytest.mark.slow
@pytest.mark.e2e
def test_metrics_of_a_run(run_dir):
    """With the network whose weights come with the requirements."""
    result = run(f"--run_dir={run_dir}", "--num_outs_per_domain=2")
    assert result.returncode == 0, result.stderr
    assert "random styles" in result.stdout and "FD_efficientnet_lite0" in result.stdout
    assert "FID" not in result.stdout and "LPIPS" not in result.stdout
    results = json.loads((run_dir / "evaluation" / "000000_outs2" / "metrics.json").read_text())
    # Untrained networks are further from the domain than its own images are.
    fd = "FD_efficientnet_lite0"
    assert results[f"{fd}_latent/mean"] > 2 * results[f"{fd}_real/mean"] > 0
    assert 0 <= results["PD_efficientnet_lite0_latent/mean"]
    assert results["change_latent/mean"] > 0 and results["change_same_reference/mean"] > 0
    assert (run_dir / "evaluation" / "000000_outs2" / "change_reference.png").exists()
    (events,) = (run_dir / "logs" / "evaluation_outs2").iterdir()
    assert b"change_latent" in events.read_bytes()


@pytest.mark.slow
@pytest.mark.e2e
def test_metrics_of_an_exported_model(exported, three_domains_dir, tmp_path):
    result = run(
        f"--saved_model={exported.base / '1'}",
        f"--data_dir={three_domains_dir}",
        f"--out={tmp_path}",
        "--modes=latent",
        "--num_outs_per_domain=2",
    )
    assert result.returncode == 0, result.stderr
    assert "pets version 1" in result.stdout and "FD_efficientnet_lite0" in result.stdout
    results = json.loads((tmp_path / "metrics.json").read_text())
    assert results["about"]["step"] == 7 and "accuracy_latent/cat2dog" in results
    assert any((tmp_path / "logs" / "evaluation_latent_outs2").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "no --run_dir"),
        (["--saved_model={run}"], "--saved_model without --data_dir"),
        (["--saved_model={run}", "--data_dir={data}"], "Found no exported model in"),
        (["--run_dir={run}", "--saved_model={run}"], "expected one of them"),
        (["--run_dir={run}", "--features=inception"], "Found no --inception_weights"),
        (
            ["--run_dir={run}", "--features=inception_keras", "--inception_weights=missing.h5"],
            "--inception_weights=missing.h5 is not a file",
        ),
        (
            ["--run_dir={run}", "--features=inception_keras", "--inception_weights={text}"],
            "{text} is not Keras's Inception-v3",
        ),
        (["--run_dir={run}", "--inception_weights={text}"], "which does not take it"),
        (
            ["--run_dir={run}", "--alexnet_weights=missing.pth", "--lpips_weights=missing.pth"],
            "missing.pth",
        ),
        (["--run_dir={run}", "--data_dir={run}"], "no dataset_info.json"),
        (["--saved_model={run}", "--data_dir={run}"], "no dataset_info.json"),
    ],
)
def test_wrong_flags(run_dir, flags, words):
    text = run_dir / "config.json"
    data = run_dir.parent / "data"
    result = run(*(flag.format(run=run_dir, data=data, text=text) for flag in flags))
    assert result.returncode == 1 and "Traceback" not in result.stderr
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert words.format(text=text) in line
