r"""Measures what training and exported models cost: time, memory, operations.

The settings are given as to `python -m stargan_tf.train`, or taken from the run in --run_dir,
which stays as it is. Without --data_dir, images are drawn at random:

  python -m stargan_tf.benchmark --flagfile=stargan_tf/flagfiles/portraits_64.flags

Two settings, in turns in one process:

  python -m stargan_tf.benchmark --what=iteration --compare=--mixed_precision=bfloat16 \
    --flagfile=stargan_tf/flagfiles/portraits_64.flags

The files of an exported model, one image at a time:

  python -m stargan_tf.benchmark --model=saved_models/portraits_64 --data_dir=data/portraits

With --server=grpc://localhost:8500, requests to a server that has the model as well.

docs/performance.md says what the columns mean. On a phone, take Android's own benchmark tool:
docs/android.md.
"""

import os
import shlex
import signal
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from stargan_tf import flags as config_flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.config.benchmark import (
    BenchmarkConfig,
    ExportedModelConfig,
    Variant,
    check_comparable,
)
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, measures, and prints a table."""
    del argv
    config = config_flags.parse(BenchmarkConfig)
    config.validate()
    variants = _variants(config)
    for variant in variants:
        variant.validate(config.what)
    check_comparable(variants)
    if variants[0].training.data_dir:
        DatasetInfo.load(Path(variants[0].training.data_dir))
    if config.out:
        check_can_write("out", config.out)
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.benchmarking.benchmark import benchmark

        print(benchmark(config, variants))
    except KeyboardInterrupt as interrupt:
        raise UserError("Interrupted: run the same command again.") from interrupt


def _variants(config: BenchmarkConfig) -> list[Variant]:
    """The settings of the command line, and those that --compare makes of them."""
    run = RunDir(os.path.expanduser(flags.FLAGS.run_dir))
    of_run = run.read().config if flags.FLAGS.run_dir else None
    training = config_flags.parse(settings_class(flags.FLAGS.algorithm), of_run)
    exported = config_flags.parse(ExportedModelConfig)
    variants = [Variant("", training, exported)]
    for text in config.compare:
        try:
            arguments = shlex.split(text)
        except ValueError as error:
            raise UserError(
                f"Found --compare={text} with quotes that do not end ({error}), expected flags as "
                "in a shell: correct it."
            ) from error
        changed = config_flags.change(arguments, f"--compare={text}", training, exported)
        variants.append(Variant(text, *changed))
    return variants


def define_flags() -> None:
    """Defines the flags of the benchmark, and those of the chosen algorithm's runs."""
    given = config_flags.peek("algorithm", "run_dir")
    name, run = given["algorithm"], RunDir(os.path.expanduser(given["run_dir"]))
    if given["run_dir"]:
        name = run.read().config.algorithm
    settings = settings_class(name or DEFAULT)
    config_flags.define(BenchmarkConfig)
    config_flags.define(ExportedModelConfig)
    config_flags.define(settings, base=settings(algorithm=name or DEFAULT))


if __name__ == "__main__":
    config_flags.run(main, define_flags=define_flags)
