"""The trained model that comes with the project: small, described, and what its card says."""

import json
import re
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf import flags
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.loading import load_run
from stargan_tf.serving.export_parity import call_saved_model, peak_signal_to_noise
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.tflite.interpreters import caller, open_file
from stargan_tf.training.run_dir import RunDir
from tests.source_tree import ROOT

MODEL = ROOT / "saved_models" / "portraits_64"
CARD = (MODEL / "README.md").read_text()
METRICS = json.loads((MODEL / "metrics.json").read_text())
INFO = ModelInfo.of_saved_model(MODEL / "1")


def test_small_enough_to_come_along():
    for folder, limit in (("1", 20e6), ("tflite/1", 10e6), ("examples", 1e5), (".", 40e6)):
        files = [path for path in (MODEL / folder).rglob("*") if path.is_file()]
        assert 0 < sum(path.stat().st_size for path in files) <= limit


def test_the_tflite_file_computes_what_the_saved_model_computes():
    rs = np.random.RandomState(0)
    with Image.open(MODEL / "example.png") as image:
        pixels = np.asarray(image.convert("RGB").resize((64, 64)), np.float32)[None] / 127.5 - 1
    inputs = {"image": pixels, "target_domain": np.array([1], np.int32)}
    inputs |= {"latent": rs.randn(1, 16).astype(np.float32), "psi": np.array([0.7], np.float32)}
    call = caller(open_file(MODEL / "tflite/1/float16.tflite"))
    functions = tf.saved_model.load(str(MODEL / "1")).signatures
    expected = call_saved_model(functions)("translate_latent_float", inputs)
    assert peak_signal_to_noise(call("translate_latent_float", inputs) - expected) >= 45


def test_its_weights_draw_what_the_saved_model_draws():
    weights, exported = load_run(MODEL / "weights"), load_exported(MODEL / "1")
    assert (weights.domains, weights.step) == (exported.domains, exported.step)
    rs = np.random.RandomState(0)
    x = tf.constant(rs.uniform(-1, 1, (2, 64, 64, 3)), tf.float32)
    codes = tf.constant(rs.randn(2, 64), tf.float32)
    first, second = (
        np.clip(model.drawable.draw(model.drawable.encode(x), codes), -1, 1)  # as exports do
        for model in (weights, exported)
    )
    assert peak_signal_to_noise(first - second) >= 60


def test_the_demo_fits_the_weights_that_it_starts_from():
    demo = flags.read_flagfile(StarGANv2Settings, str(ROOT / "stargan_tf/flagfiles/demo.flags"))
    there = RunDir(ROOT / demo.warm_start).read()
    assert demo.shapes() == there.config.shapes() and demo.head_from in there.domains


def test_the_card_says_whose_images_it_learned_from():
    for domain, credit in INFO.credits.items():
        assert domain in CARD and credit["creator"] in CARD and credit["licence"] in CARD


def test_the_card_has_the_measured_metrics():
    """Every row of its table, against metrics.json."""
    assert METRICS["about"]["step"] == INFO.step and f"{INFO.step:,} iterations" in CARD
    columns = ("FD_efficientnet_lite0", "KD_efficientnet_lite0", "PD_efficientnet_lite0")
    columns += ("accuracy", "precision", "recall")
    rows = {"random styles": "latent", "styles of references": "reference"}
    rows |= {"sources as they are": "source", "real validation images": "real"}
    for words, mode in rows.items():
        (row,) = re.findall(rf"^\| {words}.*\|$", CARD, re.MULTILINE)
        cells = [cell.strip() for cell in row.strip("|").split("|")][1:]
        values = [METRICS.get(f"{column}_{mode}/mean") for column in columns]
        assert cells == ["-" if value is None else f"{value:.4g}" for value in values]


@pytest.mark.parametrize("name", re.findall(r"\]\(([^):]+\.png)\)", CARD))
def test_its_images_are_there(name):
    with Image.open(MODEL / name) as image:
        image.load()


@pytest.mark.slow
@pytest.mark.e2e
def test_make_translate(tmp_path):
    """The model draws a head in other styles, without any training."""
    out = tmp_path / "looks.png"
    source = "IMG=saved_models/portraits_64/example.png"
    command = ["make", "--old-file=.venv/.installed", "translate", source, f"OUT={out}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(out) in done.stdout
    with Image.open(out) as image:
        assert np.asarray(image.convert("L")).std() > 20
