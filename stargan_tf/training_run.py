"""A training run with all its parts: what the train command and the pipeline both do."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from stargan_tf import __version__
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.throughput import measure_throughput
from stargan_tf.evaluation.during_training import TrainingFigures
from stargan_tf.sampling.training_samples import TrainingSamples
from stargan_tf.sampling.translations import Translations
from stargan_tf.training.dry_run import describe
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.runtime import make_strategy
from stargan_tf.training.session import run_training
from stargan_tf.training.state import TrainState
from stargan_tf.training.validation import Validation
from stargan_tf.training.warm_start import check_parent
from stargan_tf.training.workers import Workers, lost_workers_explained


def train_run(config: TrainConfig) -> int:
    """Begins the run that the settings describe, or goes on with it, to its end.

    Args:
      config: already validated; its data_dir and run_dir say where everything is.

    Returns:
      The exit status: 0 at the end, 128 + its number after a signal.

    Raises:
      UserError: the data set, what is in the run's folder, or the run to start from
        does not fit the settings.
      TemporaryError: another worker is gone, or sees another state of the run.
    """
    run = RunDir(config.run_dir)
    domains = _checked_domains(config)
    with lost_workers_explained(run, config.multi_worker):
        return _train(config, run, domains)


def _train(config: TrainConfig, run: RunDir, domains: tuple[str, ...]) -> int:
    data_dir = Path(config.data_dir)
    strategy = make_strategy(config)
    workers = Workers(strategy)
    # Folders may have other names on other machines.
    shared = dataclasses.replace(config, data_dir="", run_dir="")
    workers.check_same_settings(shared, DatasetInfo.load(data_dir), __version__)
    if workers.chief:
        run.begin(config, domains)
    with strategy.scope():
        state = TrainState(config, len(domains))
    validation_images = eval_dataset(
        data_dir, "val", img_size=config.img_size, batch_size=config.batch_size
    )
    validation = Validation(validation_images, config, len(domains))
    translations = functools.partial(Translations, latent_dim=config.latent_dim)
    figures = TrainingFigures(data_dir, config, domains, translations)
    return run_training(
        config,
        run,
        strategy,
        state,
        _dataset(config),
        sample=TrainingSamples(data_dir, config, domains, run.samples),
        evaluate=lambda networks: validation(networks) | figures(networks),
    )


def describe_run(config: TrainConfig) -> str:
    """What a run would be and need, in words; makes no file.

    Args:
      config: already validated.

    Raises:
      UserError: the data set or the run to start from does not fit the settings.
    """
    domains = _checked_domains(config)
    with make_strategy(config).scope():
        state = TrainState(config, len(domains))
        return describe(config, domains, state, measure_throughput(_dataset(config)()))


def _checked_domains(config: TrainConfig) -> tuple[str, ...]:
    domains = DatasetInfo.load(Path(config.data_dir)).domains
    if not RunDir(config.run_dir).exists():
        check_parent(config, domains)
    return domains


def _dataset(config: TrainConfig) -> Callable[..., tf.data.Dataset]:
    return functools.partial(
        train_dataset,
        Path(config.data_dir),
        img_size=config.img_size,
        batch_size=config.batch_size,
        latent_dim=config.latent_dim,
        randcrop_prob=config.randcrop_prob,
        seed=config.seed,
    )
