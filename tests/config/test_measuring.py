"""Which weights flags are asked for, taken and rejected, for every network of the tables."""

import dataclasses
import subprocess
import sys

import pytest

from pipeline.config import PipelineConfig
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.config.measuring import WEIGHTS_FLAGS, MeasuringConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.names import FEATURES
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL

FILES = [(name, file) for name, row in FEATURES.items() for file in row.weights]


def validate(config):
    config.validate_networks()
    config.validate_weights_files()


@pytest.mark.parametrize("config_class", [EvaluateConfig, PipelineConfig])
def test_the_tables_make_the_flags(config_class):
    fields = {field.name: field.metadata for field in dataclasses.fields(config_class)}
    assert fields["features"]["choices"] == tuple(FEATURES)
    assert all(name in fields["features"]["help"] for name in FEATURES)
    for name, file in FILES:
        text = fields[file.flag]["help"]
        assert file.content in text and f"--features={name}" in text
    for row in PERCEPTUAL.values():
        for file in row.weights:
            text = fields[file.flag]["help"]
            assert file.content in text and row.help in text


def test_settings_of_the_networks_alone():
    config = EvaluateConfig(run_dir="run", features="inception_keras", inception_weights="w.h5")
    found = config.measuring_settings()
    assert found == {
        "features": "inception_keras",
        **{flag: "w.h5" if flag == "inception_weights" else "" for flag in WEIGHTS_FLAGS},
    }
    assert MeasuringConfig(**found).measuring_settings() == found


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_weights_file_that_is_not_there(name, file):
    config = MeasuringConfig(features=name, **{file.flag: "no.pth"})
    config.validate_networks()
    expected = rf"--{file.flag}=no\.pth is not a file, expected {file.content}: download https"
    with pytest.raises(UserError, match=expected):
        config.validate_weights_files()


@pytest.mark.parametrize(("name", "file"), FILES)
def test_a_weights_file_that_is_not_given(name, file):
    config = MeasuringConfig(features=name)
    if not file.needed:
        validate(config)
        return
    expected = f"Found no --{file.flag}, expected {file.content} for --features={name}: download"
    with pytest.raises(UserError, match=expected):
        config.validate_networks()


@pytest.mark.parametrize("name", FEATURES)
def test_weights_that_would_be_ignored_are_rejected(name):
    taken = {file.flag for file in FEATURES[name].weights}
    ignored = {file.flag for _, file in FILES} - taken
    given = {flag: "some.pth" for flag in taken}
    MeasuringConfig(features=name, **given).validate_networks()
    for flag in ignored:
        with pytest.raises(UserError, match=f"Found --{flag} with --features={name}, which does"):
            MeasuringConfig(features=name, **given, **{flag: "some.pth"}).validate_networks()
    assert ignored or name != "efficientnet_lite0"


@pytest.mark.parametrize("given", ["alexnet_weights", "lpips_weights"])
def test_half_of_lpips(given):
    with pytest.raises(UserError, match="Found only some of .* expected both or neither"):
        MeasuringConfig(**{given: "a.pth"}).validate_networks()


def test_lpips_needs_both_of_its_files(tmp_path):
    there = tmp_path / "there.pth"
    there.touch()
    files = {"alexnet_weights": str(there), "lpips_weights": str(there)}
    assert MeasuringConfig(**files).perceptual == "lpips"
    assert MeasuringConfig().perceptual == "efficientnet_lite0"
    validate(MeasuringConfig(**files))
    for flag in files:
        config = MeasuringConfig(**files | {flag: "no.pth"})
        with pytest.raises(UserError, match=rf"--{flag}=no\.pth is not a file, expected "):
            config.validate_weights_files()


def test_an_unknown_name():
    expected = f"Found --features=vgg, expected one of {', '.join(FEATURES)}: correct it."
    with pytest.raises(UserError, match=expected):
        MeasuringConfig(features="vgg").validate_networks()


def test_mistakes_do_not_wait_for_tensorflow():
    program = """
import sys
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.errors import UserError
try:
    EvaluateConfig(run_dir=".", features="inception", inception_weights="no.pth").validate()
except UserError as error:
    assert "no.pth is not a file" in str(error)
    sys.exit("tensorflow" in sys.modules or "numpy" in sys.modules)
sys.exit("no error")
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
