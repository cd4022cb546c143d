"""An algorithm of one's own goes through every command without a change to the product."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.registry import settings_class
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.sample import SampleConfig
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.loading import load_run
from stargan_tf.sampling.sampler import sample
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training_run import train_run
from tests.data import makers
from tests.evaluation.fakes import fake_networks

NAME = "tests.algorithms.toy"
LOSSES = {"judge/real", "judge/fake", "painter/fool", "painter/keep"}


def settings(data_dir, root, **changes):
    base = {"img_size": 16, "batch_size": 4, "total_iters": 6, "log_every": 1, "save_every": 100}
    places = {"algorithm": NAME, "data_dir": str(data_dir), "run_dir": str(root)}
    return settings_class(NAME)(**{**base, "sample_every": 6, "eval_every": 0, **places, **changes})


@pytest.fixture(scope="module")
def runs(three_domains_dir, tmp_path_factory):
    """An unbroken run, and one that was stopped after three iterations and resumed."""
    root = tmp_path_factory.mktemp("runs")
    unbroken, broken = RunDir(root / "unbroken"), RunDir(root / "broken")
    assert train_run(settings(three_domains_dir, unbroken.root)) == 0
    for total in (3, 6):
        assert train_run(settings(three_domains_dir, broken.root, total_iters=total)) == 0
    return unbroken, broken


def records(run):
    return [json.loads(line) for line in run.metrics_file.read_text().splitlines()]


def tensors(run):
    reader = tf.train.load_checkpoint(str(run.checkpoints))
    names = [n for n in reader.get_variable_to_shape_map() if n.startswith("state/")]
    return {name: reader.get_tensor(name) for name in names}


@pytest.mark.slow
def test_a_resumed_run_equals_an_unbroken_one_to_the_last_bit(runs):
    unbroken, broken = (tensors(run) for run in runs)
    assert unbroken.keys() == broken.keys()
    for name, expected in unbroken.items():
        np.testing.assert_array_equal(broken[name], expected, err_msg=name)


def test_the_painter_is_updated_at_every_second_iteration(runs):
    steps = {record["step"]: LOSSES & set(record) for record in records(runs[0])}
    assert steps == {
        step: LOSSES if step % 2 == 0 else {"judge/real", "judge/fake"} for step in range(1, 7)
    }


def test_its_learning_rate_falls_and_the_judges_does_not(runs):
    rates = {n.split("/")[2]: v for n, v in tensors(runs[0]).items() if "_learning_rate" in n}
    assert rates == {"painter": pytest.approx(1e-3 / 7), "judge": pytest.approx(1e-3)}


def test_grids_show_its_one_mode(runs):
    names = {path.stem for path in runs[0].samples.iterdir()}
    assert names == {f"{step:06d}_{name}" for step in (0, 6) for name in ("cycle", "domain")}


def test_it_samples(runs, tmp_path):
    (tmp_path / "x.png").write_bytes(makers.encoded(makers.pixels(1)))
    config = SampleConfig(run_dir=".", src=str(tmp_path / "x.png"), images_only=True)
    config = dataclasses.replace(config, out=str(tmp_path / "out"))
    sample(config, load_run(runs[0].root))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"x__to_{domain}__style.png" for domain in ("cat", "dog", "wild")}
    with Image.open(tmp_path / "out" / "x__to_cat__style.png") as image:
        assert image.size == (16, 16)


def test_it_is_evaluated(runs, three_domains_dir, tmp_path):
    config = EvaluateConfig(run_dir=str(runs[0].root), data_dir=str(three_domains_dir))
    evaluator = Evaluator(config, three_domains_dir, tmp_path, fake_networks())
    results = evaluator.evaluate(load_run(runs[0].root))
    assert results["about"]["modes"] == {"domain": "translations"}
    assert 0 <= results["accuracy_domain/mean"] <= 1
    assert not [name for name in results if name.startswith("PD_")]  # one output of each source


def test_help_shows_its_flags():
    command = [sys.executable, "-m", "stargan_tf.train", "--help", f"--algorithm={NAME}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--lambda_keep" in text and "--lambda_ds" not in text


def test_it_is_short():
    assert len(Path(__file__).with_name("toy.py").read_text().splitlines()) <= 150
