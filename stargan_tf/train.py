r"""Trains StarGAN v2.

A run needs images that stargan_tf.prepare_data has written, and a folder of its own:

  python -m stargan_tf.train --flagfile=stargan_tf/flagfiles/portraits_64.flags \
    --data_dir=data/portraits --run_dir=runs/portraits_64

Ctrl-C saves and stops; the same run goes on with

  python -m stargan_tf.train --run_dir=runs/portraits_64

Watch it with `tensorboard --logdir=runs`, draw with `python -m stargan_tf.sample`.
--dry_run prints what a run would be and need.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from stargan_tf import flags as config_flags
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> int:
    """Trains as the flags say; returns the exit status."""
    del argv
    run = RunDir(flags.FLAGS.run_dir)
    resumed = bool(flags.FLAGS.run_dir) and run.exists()
    config = config_flags.parse(TrainConfig, run.read().config if resumed else None)
    config.validate()

    data_dir = Path(config.data_dir)
    domains = DatasetInfo.load(data_dir).domains

    # Imported here, so that neither --help nor a mistake waits for TensorFlow.
    from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
    from stargan_tf.data.throughput import measure_throughput
    from stargan_tf.evaluation.during_training import TrainingFigures
    from stargan_tf.sampling.training_samples import TrainingSamples
    from stargan_tf.sampling.translations import Translations
    from stargan_tf.training.dry_run import describe
    from stargan_tf.training.runtime import make_strategy
    from stargan_tf.training.session import run_training
    from stargan_tf.training.state import TrainState
    from stargan_tf.training.validation import Validation

    strategy = make_strategy(config)
    dataset = functools.partial(
        train_dataset,
        data_dir,
        img_size=config.img_size,
        batch_size=config.batch_size,
        latent_dim=config.latent_dim,
        randcrop_prob=config.randcrop_prob,
        seed=config.seed,
    )
    if flags.FLAGS.dry_run:
        with strategy.scope():
            state = TrainState(config, len(domains))
            print(describe(config, domains, state, measure_throughput(dataset())))
        return 0

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
        dataset,
        sample=TrainingSamples(data_dir, config, domains, run.samples),
        evaluate=lambda networks: validation(networks) | figures(networks),
    )


if __name__ == "__main__":
    config_flags.define(TrainConfig)
    flags.DEFINE_bool("dry_run", False, "Print settings, parameters and memory needed, and stop.")
    config_flags.run(main)
