"""Small exported models, with random weights."""

import fcntl
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stargan_tf.algorithms.algorithm import Algorithm, Networks
from stargan_tf.algorithms.drawable import Drawable
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.trained_model import Trained, TrainedModel
from stargan_tf.compat import keras
from stargan_tf.config.export import ExportConfig
from stargan_tf.labels import LabelSet
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.serving.exporter import Exported, export
from stargan_tf.serving.model_info import ModelInfo
from tests.algorithms import toy

DOMAINS = ("cat", "dog", "wild")
CONFIG = StarGANv2Settings(img_size=32, base_channels=8, max_conv_dim=16, mapping_hidden_dim=12)
TOY_CONFIG = toy.Settings(algorithm="tests.algorithms.toy", img_size=16)
STARGAN_CONFIG = StarGANSettings(
    algorithm="stargan", img_size=16, g_conv_dim=4, d_conv_dim=4, g_repeat_num=1, d_repeat_num=2
)
NAME = "pets"


class Export(NamedTuple):
    """What was exported.

    Attributes:
      models_dir: has the folder of the model.
      model: as it was before the export.
      said: what the exporter returned.
    """

    models_dir: Path
    model: TrainedModel
    said: Exported

    @property
    def base(self) -> Path:
        return self.models_dir / NAME

    @property
    def info(self) -> ModelInfo:
        return ModelInfo.of_saved_model(self.base / "1")

    @property
    def networks(self) -> Networks:
        return self.model.trained.networks

    @property
    def drawable(self) -> Drawable:
        return self.model.drawable

    @property
    def mean_codes(self) -> np.ndarray:
        """Those by which `sample` truncates, [K, style_dim]."""
        codes = CodeMaker(self.drawable)
        return np.stack([codes.mean_code(domain) for domain in range(len(DOMAINS))])


def make_model(seed: int) -> TrainedModel:
    """Random weights, whose images fill about the range of images."""
    keras.utils.set_random_seed(seed)
    model = _model(make_algorithm(CONFIG, len(DOMAINS)), seed)
    kernel = model.trained.networks["generator"].to_rgb.kernel
    kernel.assign(kernel * 0.25)
    return model


def _model(algorithm: Algorithm, seed: int) -> TrainedModel:
    networks = algorithm.build(algorithm.averaged)
    return TrainedModel(
        origin="a run of tests",
        domains=DOMAINS,
        drawable=algorithm.drawable(networks),
        step=7,
        fingerprint=str(seed),
        trained=Trained(algorithm, networks),
        label_sets=(LabelSet(DOMAINS, attributes=not algorithm.needs_domains),),
    )


def make_toy(seed: int) -> TrainedModel:
    """Random weights of an algorithm without style or latent codes."""
    keras.utils.set_random_seed(seed)
    return _model(make_algorithm(TOY_CONFIG, len(DOMAINS)), seed)


def make_stargan(seed: int) -> TrainedModel:
    """Random weights of StarGAN (2018)."""
    keras.utils.set_random_seed(seed)
    return _model(make_algorithm(STARGAN_CONFIG, len(DOMAINS)), seed)


JOINT_SETS = (LabelSet(("smiling", "young"), True), LabelSet(DOMAINS, False))


def make_joint(seed: int) -> TrainedModel:
    """Random weights of StarGAN (2018) for two data sets."""
    keras.utils.set_random_seed(seed)
    names = tuple(name for one in JOINT_SETS for name in one.names)
    model = _model(make_algorithm(STARGAN_CONFIG, len(names), JOINT_SETS), seed)
    return model._replace(domains=names, label_sets=JOINT_SETS)


def export_joint(models_dir: Path, **settings) -> Export:
    """Exports StarGAN (2018) of two data sets as the next version of models_dir/pets."""
    config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
    return Export(models_dir, make_joint(1), export(config, make_joint(1)))


def export_stargan(models_dir: Path, **settings) -> Export:
    """Exports StarGAN (2018) as the next version of models_dir/pets."""
    config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
    return Export(models_dir, make_stargan(1), export(config, make_stargan(1)))


def export_toy(models_dir: Path, **settings) -> Export:
    """Exports a toy as the next version of models_dir/pets."""
    config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
    return Export(models_dir, make_toy(1), export(config, make_toy(1)))


def export_once(models_dir: Path, make: Callable[[int], TrainedModel], **settings) -> Export:
    """Exports a model as models_dir/pets, unless another process has done so: then waits for it."""
    said = models_dir.with_suffix(".pickle")
    with models_dir.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
            said.write_bytes(pickle.dumps(export(config, make(1))))
    return Export(models_dir, make(1), pickle.loads(said.read_bytes()))


def make_export(models_dir: Path, seed: int = 1, **settings) -> Export:
    """Exports random networks as the next version of models_dir/pets."""
    config = ExportConfig(run_dir=".", out=str(models_dir / NAME), **settings)
    return Export(models_dir, make_model(seed), export(config, make_model(seed)))


def read_metadata(path: Path) -> ModelInfo:
    """What a .tflite file says about itself, read as its docs say."""
    with zipfile.ZipFile(path) as archive:
        return ModelInfo.from_json(archive.read("model.json").decode("utf-8"))
