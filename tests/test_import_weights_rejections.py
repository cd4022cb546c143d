"""What import_weights rejects: a mistake is one sentence, and no run is made."""

import shutil
import zipfile

import numpy as np
import pytest

from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.training.run_dir import RunDir
from stargan_tf.weights.torch_file import read_torch_file
from stargan_tf.weights.torch_writer import write_torch_file
from tests.weights.imports import DOMAINS, KINDS, config_of, do_import, file
from tests.weights.tiny_settings import SETTINGS

BAD_LANDMARKS = {
    "another key": {"median": np.zeros([98, 2])},
    "other points": {"mean": np.zeros([68, 2])},
    "not finite": {"mean": np.full([98, 2], np.nan)},
    "objects": {"mean": np.full([98, 2], None)},
    "a bomb": {"mean": np.zeros([98, 2]), "more": np.zeros(2**20)},
}


@pytest.mark.parametrize("arrays", BAD_LANDMARKS.values(), ids=BAD_LANDMARKS)
def test_other_landmarks_are_rejected(arrays, tmp_path):
    path = tmp_path / "celeba_lm_mean.npz"
    np.savez_compressed(path, **arrays)
    assert path.stat().st_size < 20_000
    config = config_of("plain", [file("plain", "nets_ema"), path], tmp_path / "run")
    rejected(config, r"celeba_lm_mean\.npz holds no mean landmarks \(.+\), expected the published")


def rejected(config, message):
    """Says what is wrong in one sentence, and makes nothing."""
    run_dir = config.run_dir
    with pytest.raises(UserError, match=message) as error:
        do_import(config)
    assert "\n" not in str(error.value)
    assert not run_dir or not RunDir(run_dir).root.exists()


def altered(tmp_path, variant, kind, change, name="000003_changed.ckpt"):
    """One of the files with other contents."""
    content = read_torch_file(file(variant, kind))
    change(content)
    path = tmp_path / name
    write_torch_file(path, content)
    return path


def wrong_tensor(content):
    content["generator"]["from_rgb.bias"] = np.zeros(5, np.float32)


def left_over(content):
    content["style_encoder"]["shared.9.weight"] = np.zeros(5, np.float32)


def missing(content):
    del content["mapping_network"]["unshared.1.2.bias"]


def not_finite(content):
    content["generator"]["from_rgb.bias"] = np.full(4, np.nan, np.float32)


def no_encoder(content):
    del content["style_encoder"]


def stranger(content):
    content["classifier"] = content["style_encoder"]


def no_first(content):
    del content["generator"]["from_rgb.weight"]


def flat(content):
    content["mapping_network"]["shared.0.weight"] = np.zeros(5, np.float32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (wrong_tensor, r"of generator in .*, of another shape: from_rgb\.bias \[5\] in place of"),
        (left_over, r"of style_encoder in .*, left over: shared\.9\.weight: give the file"),
        (missing, r"of mapping_network in .*, missing: unshared\.1\.2\.bias: give the file"),
        (not_finite, r"of generator in .*, not finite: from_rgb\.bias: give the file"),
        (no_encoder, "lacks style_encoder, expected the networks generator, mapping_network"),
        (stranger, "holds the networks classifier, expected some of generator"),
        (no_first, r"lacks the tensor from_rgb\.weight, expected the networks of StarGAN v2"),
        (flat, "has tensors of other shapes"),
    ],
)
def test_tensors_that_do_not_fit_are_named(change, message, tmp_path):
    path = altered(tmp_path, "plain", "nets_ema", change)
    rejected(config_of("plain", [path], tmp_path / "run"), message)


def narrower(content):
    for name in ("weight", "bias"):
        del content["mapping_network"][f"unshared.2.0.{name}"]


def another_kind(content):
    content["generator"]["param_groups"][0]["amsgrad"] = True


def fewer(content):
    content["generator"]["param_groups"][0]["params"].pop()


def of_another_shape(content):
    content["generator"]["state"][0]["exp_avg"] = np.zeros(3, np.float32)


def without_moments(content):
    del content["style_encoder"]["state"][2]


def uneven(content):
    content["style_encoder"]["state"][2]["step"] = np.array(2, np.float32)


def infinite(content):
    moment = content["style_encoder"]["state"][2]["exp_avg_sq"]
    content["style_encoder"]["state"][2]["exp_avg_sq"] = np.full_like(moment, np.inf)


def negative(content):
    moment = content["style_encoder"]["state"][2]["exp_avg_sq"]
    content["style_encoder"]["state"][2]["exp_avg_sq"] = np.full_like(moment, -1)


def two_rates(content):
    content["discriminator"]["param_groups"][0]["lr"] = 5e-4


def another_epsilon(content):
    content["generator"]["param_groups"][0]["eps"] = 1e-7


def two_groups(content):
    content["generator"]["param_groups"] *= 2


def no_optimizer(content):
    del content["discriminator"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (another_kind, "generator in .* amsgrad switched on"),
        (fewer, "generator in .* found 55 parameters in place of 56"),
        (of_another_shape, r"exp_avg of from_rgb\.weight as \[3\] in place of \[4, 3, 3, 3\]"),
        (without_moments, r"found no moments of shared\.1\.conv1\.weight"),
        (uneven, "found parameters that were stepped 2 to 3 times"),
        (infinite, "exp_avg_sq of .* that are negative or not finite"),
        (negative, "exp_avg_sq of .* that are negative or not finite"),
        (two_rates, r"discriminator in .* has lr 0\.0005 in place of 0\.0001"),
        (another_epsilon, r"generator in .* has eps 1e-07 in place of 1e-08"),
        (two_groups, "another layout than that of torch.optim.Adam"),
        (no_optimizer, "holds optimizers of generator, mapping_network, style_encoder, expected"),
    ],
)
def test_optimizers_that_do_not_fit_are_named(change, message, tmp_path):
    path = altered(tmp_path, "plain", "optims", change, "000003_optims.ckpt")
    paths = [file("plain", "nets"), file("plain", "nets_ema"), path]
    rejected(config_of("plain", paths, tmp_path / "run"), message)


def test_files_that_do_not_belong_together_are_rejected(tmp_path):
    nets, ema, optims = (file("plain", kind) for kind in KINDS)
    run = tmp_path / "run"
    rejected(config_of("plain", [optims], run), "Found only optims, expected the networks too")
    rejected(config_of("plain", [ema, optims], run), "without the networks that they train")
    rejected(config_of("plain", [ema, ema], run), "both nets_ema, expected one file of a kind")
    other = [nets, file("skips", "nets_ema")]
    rejected(config_of("plain", other, run), r"networks of other sizes: w_hpf \(0\.0 in .*, 1\.0")
    fewer_domains = altered(tmp_path, "plain", "nets_ema", narrower)
    message = r"of other sizes: domains \(3 in .*, 2 in .*\)\. Pass files that belong together"
    rejected(config_of("plain", [nets, fewer_domains], run), message)
    later = shutil.copy(ema, tmp_path / "000004_nets_ema.ckpt")
    rejected(config_of("plain", [nets, later], run), "files of other iterations")
    copies = [shutil.copy(path, tmp_path / f"000009_{path.name[7:]}") for path in (nets, optims)]
    message = "generator in .* has stepped 6 times, expected 18 by iteration 9"
    rejected(config_of("plain", copies, run), message)
    do_import(config_of("plain", copies, run, iteration=9))  # somebody says so


def test_landmark_weights_are_asked_for(tmp_path):
    config = config_of("skips", [file("skips", "nets_ema")], tmp_path / "run")
    rejected(config, r"lacks fan, the landmark network .* pass wing\.ckpt as another --checkpoint")


def test_a_name_without_an_iteration(tmp_path):
    path = shutil.copy(file("plain", "nets_ema"), tmp_path / "latest.ckpt")
    rejected(config_of("plain", [path], tmp_path / "run"), "no iteration in the name latest.ckpt")
    do_import(config_of("plain", [path], tmp_path / "run", iteration=5))
    assert load_run(tmp_path / "run").step == 5


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("variant", SETTINGS)
def test_a_truncated_file_is_named(variant, kept, tmp_path):
    content = file(variant, "nets_ema").read_bytes()
    path = tmp_path / "000003_half.ckpt"
    path.write_bytes(content[: int(kept * len(content))])
    config = config_of(variant, [path], tmp_path / "run")
    rejected(config, r"000003_half\.ckpt is not a usable PyTorch weights file")


def test_a_file_that_would_run_code_is_rejected(tmp_path):
    trace, path = tmp_path / "trace", tmp_path / "000003_nets_ema.ckpt"
    call = b"cos\nsystem\n(S'touch " + str(trace).encode() + b"'\ntR."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", call)
    config = config_of("plain", [path], tmp_path / "run")
    rejected(config, r"holds a os\.system, which is no tensor")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domains": ("cat", "dog")}, "--domains=cat,dog for a checkpoint of 3 domains"),
        ({"domains": ("cat", "dog", "cat!")}, "two domains that would both be called 'cat'"),
        ({"domains": ()}, "Found no --domains, expected the names"),
        ({"checkpoint": ()}, "Found no --checkpoint, expected a file"),
        ({"checkpoint": ("nowhere.ckpt",)}, "no file at --checkpoint=nowhere.ckpt"),
        ({"kind": ("nets", "wing")}, "Found --kind=nets,wing for 1 files"),
        ({"kind": ("networks",)}, "Found --kind=networks for 1 files"),
        ({"kind": ("wing",)}, r"000003_nets_ema\.ckpt is nets_ema, expected wing: pass"),
        ({"kind": ("nets",)}, r"000003_nets_ema\.ckpt is nets_ema, expected nets: pass"),
        ({"kind": ("lm_mean",)}, "holds no mean landmarks"),
        ({"iteration": -1}, "--iteration=-1, expected 0 or more"),
        ({"out": "somewhere"}, "--out=somewhere without --to_pytorch"),
        ({"run_dir": ""}, "Found no --run_dir, expected a folder"),
    ],
)
def test_mistakes_are_told(changes, message, tmp_path):
    values = {"checkpoint": (str(file("plain", "nets_ema")),), "run_dir": str(tmp_path / "run")}
    config = ImportWeightsConfig(**{"domains": DOMAINS["plain"], **values, **changes})
    rejected(config, message)


def test_other_files_are_none_of_a_checkpoint(tmp_path):
    path = tmp_path / "000003_other.ckpt"
    tensors = {"b": np.zeros(3, np.float32)}
    numbered = {1: tensors, "generator": tensors}
    optimizers = {1: {"state": {}, "param_groups": []}}
    for content in ({"step": 3}, {"a": tensors, "c": 1}, numbered, optimizers, [1], {}):
        write_torch_file(path, content)
        config = config_of("plain", [path], tmp_path / "run")
        rejected(config, "none of the files of a published checkpoint, expected nets, nets_ema")
