import dataclasses

import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError

VALID = StarGANv2Settings(data_dir="data", run_dir="run")


def validated(**changes):
    dataclasses.replace(VALID, **changes).validate()


def test_published_defaults():
    validated()
    assert VALID.first_layer_channels == 64
    published = {
        "img_size": 256,
        "max_conv_dim": 512,
        "latent_dim": 16,
        "style_dim": 64,
        "mapping_hidden_dim": 512,
        "lambda_reg": 1,
        "lambda_sty": 1,
        "lambda_ds": 1,
        "lambda_cyc": 1,
        "ds_iter": 100_000,
        "total_iters": 100_000,
        "batch_size": 8,
        "lr": 1e-4,
        "f_lr": 1e-6,
        "beta1": 0,
        "beta2": 0.99,
        "weight_decay": 1e-4,
        "ema_decay": 0.999,
        "ema_warmup": False,
        "randcrop_prob": 0.5,
        "mixed_precision": "none",
    }
    assert {name: getattr(VALID, name) for name in published} == published


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run_dir": ""}, "Found no --run_dir, .* pass --run_dir="),
        ({"data_dir": ""}, "Found no --data_dir, .*prepare_data"),
        *[
            ({"img_size": size}, f"--img_size={size}, expected a power of two from 32")
            for size in (-64, 0, 16, 48, 100, 255)
        ],
        ({"max_conv_dim": 0}, "--max_conv_dim=0, expected at least 1"),
        ({"latent_dim": 0}, "--latent_dim=0, expected at least 1"),
        ({"style_dim": -1}, "--style_dim=-1, expected at least 1"),
        ({"mapping_hidden_dim": 0}, "--mapping_hidden_dim=0, expected at least 1"),
        ({"base_channels": -1}, "--base_channels=-1, expected 0 or more"),
        ({"img_size": 2**15}, "--base_channels=0 at --img_size=32768"),
        (
            {"base_channels": 600},
            "first layer of 600 channels above --max_conv_dim=512: lower --base_channels",
        ),
        ({"img_size": 32, "max_conv_dim": 511}, "first layer of 512 channels"),
        ({"w_hpf": -1.0}, "--w_hpf=-1.0, expected 0 or more"),
        *[
            ({"batch_size": size}, rf"--batch_size={size}, expected a value in \[1, 1048576\]")
            for size in (0, 2**20 + 1, 10**14)
        ],
        *[
            ({"seed": seed}, rf"--seed={seed}, expected a value in \[0, 4294967295\]")
            for seed in (-1, 2**32)
        ],
        ({"ds_iter": 0}, "--ds_iter=0, expected at least 1"),
        ({"log_every": 0}, "--log_every=0, expected at least 1"),
        ({"save_every": 0}, "--save_every=0, expected at least 1"),
        ({"keep_checkpoints": 0}, "--keep_checkpoints=0, expected at least 1"),
        *[
            ({name: -1}, f"--{name}=-1, expected 0 or more")
            for name in (
                *("total_iters", "sample_every", "eval_every", "virtual_replicas"),
                *("lambda_reg", "lambda_sty", "lambda_ds", "lambda_cyc"),
                *("lr", "f_lr", "weight_decay"),
            )
        ],
        *[
            ({name: value}, rf"--{name}={value}, expected a value in \[0, 1\)")
            for name in ("beta1", "beta2", "ema_decay")
            for value in (-0.1, 1.0)
        ],
        ({"randcrop_prob": 1.5}, r"--randcrop_prob=1.5, expected a value in \[0, 1\]"),
        ({"randcrop_prob": -0.5}, r"--randcrop_prob=-0.5, expected a value in \[0, 1\]"),
        *[
            (
                {"profile_steps": steps},
                f"--profile_steps={steps}, expected two numbers, the smaller",
            )
            for steps in ("100", "110:100", "5:5", "a:b", "-1:2", "1:2:3")
        ],
        (
            {"virtual_replicas": 2, "xla": True},
            "--xla and --virtual_replicas=2, expected one of them",
        ),
        ({"recompute": True, "xla": True}, "--xla and --recompute, expected one of them"),
        (
            {"num_iters_decay": 5, "total_iters": 4},
            "--num_iters_decay=5 and --total_iters=4, expected at most as many: try .*decay=2",
        ),
        ({"virtual_replicas": 3}, "--batch_size=8 for 3 replicas, expected a multiple: try 6"),
        ({"virtual_replicas": 16}, "--batch_size=8 for 16 replicas, expected a multiple: try 16"),
    ],
)
def test_what_is_wrong_is_said(changes, message):
    with pytest.raises(UserError, match=message) as error:
        validated(**changes)
    text = str(error.value)
    assert text.endswith(".") and "\n" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"img_size": 32},
        {"img_size": 32, "base_channels": 4, "max_conv_dim": 4},
        {"total_iters": 0, "sample_every": 0, "eval_every": 0},
        {"randcrop_prob": 1.0, "lambda_ds": 0.0, "weight_decay": 0.0, "seed": 0},
        {"virtual_replicas": 8},
        {"num_iters_decay": 5, "total_iters": 5},
        {"num_iters_decay": 5, "total_iters": 0},
    ],
)
def test_what_is_allowed(changes):
    validated(**changes)


@pytest.mark.parametrize(("size", "width"), [(32, 512), (128, 128), (256, 64), (1024, 16)])
def test_published_width(size, width):
    assert dataclasses.replace(VALID, img_size=size).first_layer_channels == width


def test_settings_cannot_be_changed_behind_the_back():
    with pytest.raises(dataclasses.FrozenInstanceError):
        VALID.lr = 1.0


def test_virtual_replicas_are_for_one_machine():
    validated(multi_worker=True)
    with pytest.raises(UserError, match="--multi_worker and --virtual_replicas=2, expected one"):
        validated(multi_worker=True, virtual_replicas=2)
