r"""Trains a model: StarGAN v2, or what --algorithm names.

A run needs images that stargan_tf.prepare_data has written, and a folder of its own:

  python -m stargan_tf.train --flagfile=stargan_tf/flagfiles/portraits_64.flags \
    --data_dir=data/portraits --run_dir=runs/portraits_64

Ctrl-C saves and stops, and so does a terminal that closes; the same run goes on with

  python -m stargan_tf.train --run_dir=runs/portraits_64

Watch it with `tensorboard --logdir=runs`, draw with `python -m stargan_tf.sample`.
--dry_run prints what a run would be and need. With --multi_worker, several machines train
one model: docs/scaling.md.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from stargan_tf import flags as config_flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.config.cluster import read_cluster
from stargan_tf.config.settings import check
from stargan_tf.data.schema import INFO_FILE, DatasetInfo
from stargan_tf.files import check_can_write
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> int:
    """Trains as the flags say; returns the exit status."""
    del argv
    run = RunDir(os.path.expanduser(flags.FLAGS.run_dir))
    resumed = bool(flags.FLAGS.run_dir) and run.exists()
    config_class = settings_class(flags.FLAGS.algorithm)
    config = config_flags.parse(config_class, run.read().config if resumed else None)
    config.validate()
    check(
        not (config.multi_worker and flags.FLAGS.dry_run),
        "Found --multi_worker and --dry_run, expected one of them: a dry run is on one machine.",
    )
    read_cluster(config.multi_worker)

    # Imported here, and after these checks, so that neither --help nor a mistake waits for
    # TensorFlow.
    for name in ("data_dir", "data_dir2"):
        if resumed and not flags.FLAGS[name].present:
            run.check_data_dir(INFO_FILE, name)
        if folder := getattr(config, name):
            DatasetInfo.load(Path(folder))
    if not flags.FLAGS.dry_run and not config.multi_worker:  # where the chief alone writes
        check_can_write("run_dir", config.run_dir)
    from stargan_tf.training_run import describe_run, train_run

    if flags.FLAGS.dry_run:
        print(describe_run(config))
        return 0
    return train_run(config)


def define_flags() -> None:
    """Defines the flags of the chosen algorithm: by --algorithm, else that of --run_dir's run."""
    given = config_flags.peek("algorithm", "run_dir")
    name, run = given["algorithm"], RunDir(os.path.expanduser(given["run_dir"]))
    if given["run_dir"] and run.exists():
        of_run = run.read().config.algorithm
        check(
            name in ("", of_run),
            f"Found --algorithm={name} for the run in {run.root}, expected {of_run}, its own: "
            "leave the flag out, or choose another --run_dir.",
        )
        name = of_run
    settings = settings_class(name or DEFAULT)
    config_flags.define(settings, base=settings(algorithm=name or DEFAULT))
    flags.DEFINE_bool("dry_run", False, "Print settings, parameters and memory needed, and stop.")


if __name__ == "__main__":
    config_flags.run(main, define_flags=define_flags)
