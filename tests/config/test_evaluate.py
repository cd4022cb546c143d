import dataclasses

import pytest

from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.errors import UserError


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"run_dir": ""}, "no --run_dir"),
        ({"run_dir": "missing"}, "missing is not a folder"),
        ({"run_dir": "", "saved_model": "."}, "--saved_model without --data_dir"),
        ({"alexnet_weights": "a.pth"}, "expected both or neither"),
        ({"features": "inception"}, "Found no --inception_weights, expected torchvision's Incep"),
        ({"num_outs_per_domain": 1}, "--num_outs_per_domain=1, expected at least 2"),
        ({"batch_size": 0}, "--batch_size=0, expected at least 1"),
        ({"max_sources": -1}, "--max_sources=-1, expected 0 or more"),
        ({"seed": -1}, "--seed=-1, expected 0 or more"),
    ],
)
def test_settings_that_are_wrong(values, words):
    with pytest.raises(UserError, match=words):
        EvaluateConfig(**{"run_dir": ".", **values}).validate()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "014000"),
        ({"batch_size": 3, "keep_images": True, "data_dir": "data", "overwrite": True}, "014000"),
        ({"features": "inception", "inception_weights": "i.pth"}, "014000_inception"),
        ({"modes": ("latent",), "max_sources": 20}, "014000_latent_max20"),
        ({"modes": ("reference", "latent")}, "014000_latent_reference"),
        ({"alexnet_weights": "a.pth", "lpips_weights": "l.pth"}, "014000_lpips"),
        ({"num_outs_per_domain": 5, "seed": 1}, "014000_outs5_seed1"),
    ],
)
def test_the_default_folder_says_what_is_not_the_default(values, name):
    config = EvaluateConfig(run_dir="runs/pets", **values)
    assert str(config.results_dir(14_000)) == f"runs/pets/evaluation/{name}"
    exported = EvaluateConfig(saved_model="saved_models/pets/3", **values)
    expected = "runs/evaluation/pets/" + name.replace("014000", "3")
    assert str(exported.results_dir(14_000)) == expected
    assert str(dataclasses.replace(config, out="there").results_dir(14_000)) == "there"


def test_no_setting_that_changes_metrics_is_forgotten():
    """Each either gives another folder or is none that metrics depend on."""
    others = {
        "features": "inception_keras",
        "modes": ("latent",),
        "num_outs_per_domain": 3,
        "max_sources": 5,
        "seed": 1,
    }
    # Weights files and data sets are told apart by their contents, which the results keep.
    beside = {"run_dir", "saved_model", "data_dir", "out", "overwrite", "batch_size", "keep_images"}
    beside |= {"skip_bad_records"}  # without it there is no result to be taken for another
    weights = {"inception_weights", "alexnet_weights", "lpips_weights"}
    names = {field.name for field in dataclasses.fields(EvaluateConfig)}
    assert names == others.keys() | beside | weights, "say here whether metrics depend on it"
    variants = {EvaluateConfig(**{name: value}).variant for name, value in others.items()}
    assert len(variants) == len(others) and "" not in variants
