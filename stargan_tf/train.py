r"""Trains StarGAN v2.

A run needs images that stargan_tf.prepare_data has written, and a folder of its own:

  python -m stargan_tf.train --flagfile=stargan_tf/flagfiles/portraits_64.flags \
    --data_dir=data/portraits --run_dir=runs/portraits_64

Ctrl-C saves and stops; the same run goes on with

  python -m stargan_tf.train --run_dir=runs/portraits_64

Watch it with `tensorboard --logdir=runs`, draw with `python -m stargan_tf.sample`.
--dry_run prints what a run would be and need. With --multi_worker, several machines train
one model: docs/scaling.md.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from stargan_tf import flags as config_flags
from stargan_tf.config.cluster import read_cluster
from stargan_tf.config.settings import check
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
    check(
        not (config.multi_worker and flags.FLAGS.dry_run),
        "Found --multi_worker and --dry_run, expected one of them: a dry run is on one machine.",
    )
    read_cluster(config.multi_worker)

    # Imported here, and after these checks, so that neither --help nor a mistake waits for
    # TensorFlow.
    DatasetInfo.load(Path(config.data_dir))
    from stargan_tf.training_run import describe_run, train_run

    if flags.FLAGS.dry_run:
        print(describe_run(config))
        return 0
    return train_run(config)


if __name__ == "__main__":
    config_flags.define(TrainConfig)
    flags.DEFINE_bool("dry_run", False, "Print settings, parameters and memory needed, and stop.")
    config_flags.run(main)
