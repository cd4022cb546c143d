"""Imports of the small files that PyTorch wrote, weights/torch/*."""

from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.from_release import import_release
from tests.weights.tiny_release import FOLDER

KINDS = ("nets", "nets_ema", "optims")
DOMAINS = {"plain": ("cat", "dog", "wild"), "skips": ("female", "male")}


def file(variant, kind):
    return FOLDER / variant / f"000003_{kind}.ckpt"


def config_of(variant, paths, run_dir, **changes):
    values = {"checkpoint": tuple(map(str, paths)), "domains": DOMAINS[variant]}
    return ImportWeightsConfig(run_dir=str(run_dir), **values | changes)


def do_import(config):
    config.validate()
    return import_release(config)
