"""A small exported model, with random weights."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.export import ExportConfig
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.serving.exporter import Trained, export
from stargan_tf.serving.model_info import ModelInfo

DOMAINS = ("cat", "dog", "wild")
CONFIG = StarGANv2Settings(img_size=32, base_channels=8, max_conv_dim=16, mapping_hidden_dim=12)
NAME = "pets"


class Export(NamedTuple):
    """What was exported.

    Attributes:
      models_dir: has the folder of the model.
      networks: as they were before the export.
      mean_styles: [K, style_dim].
      summary: what the exporter said.
    """

    models_dir: Path
    networks: TranslationNetworks
    mean_styles: np.ndarray
    summary: str

    @property
    def base(self) -> Path:
        return self.models_dir / NAME

    @property
    def info(self) -> ModelInfo:
        return ModelInfo.of_saved_model(self.base / "1")


def networks(seed: int) -> TranslationNetworks:
    """Random weights, whose pictures fill about the range of pictures."""
    tf.keras.utils.set_random_seed(seed)
    made = TranslationNetworks(CONFIG, len(DOMAINS))
    made.generator.to_rgb.kernel.assign(made.generator.to_rgb.kernel * 0.25)
    return made


def make_export(models_dir: Path, seed: int = 1, **settings) -> Export:
    """Exports random networks as the next version of models_dir/pets."""
    means = np.random.default_rng(seed).standard_normal([3, CONFIG.style_dim], np.float32)
    config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
    trained = Trained(CONFIG, DOMAINS, networks(seed), means, 7)
    return Export(models_dir, networks(seed), means, export(config, trained))
