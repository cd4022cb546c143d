r"""Writes one training iteration as a program for XLA, with arguments and expected results.

The folder tells, on a machine with another device, whether XLA gets the same numbers there, and
takes neither this package nor TensorFlow:

  python -m stargan_tf.export_step --flagfile=stargan_tf/flagfiles/portraits_64.flags --out=step

The settings are given as to `python -m stargan_tf.train`. Weights are those of a new run, images
and latent codes are drawn at random. README.md of the folder says what is in it and how to run it.
"""

from collections.abc import Sequence

from absl import flags

from stargan_tf import flags as config_flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.config.export_step import ExportStepConfig
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> None:
    """Checks the settings, and writes the folder."""
    del argv
    config = config_flags.parse(ExportStepConfig)
    training = config_flags.parse(settings_class(flags.FLAGS.algorithm))
    config.validate(training)
    check_can_write("out", config.out)
    # Imported here, so that neither --help nor a mistake waits for TensorFlow.
    from stargan_tf.benchmarking.step_export import export_step

    print(export_step(training, config.num_domains, config.out))


def define_flags() -> None:
    """Defines the flags of this command, and those of the chosen algorithm's runs."""
    name = config_flags.peek("algorithm")["algorithm"] or DEFAULT
    settings = settings_class(name)
    config_flags.define(ExportStepConfig)
    config_flags.define(settings, base=settings(algorithm=name))


if __name__ == "__main__":
    config_flags.run(main, define_flags=define_flags)
