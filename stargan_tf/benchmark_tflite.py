r"""Measures the TFLite files of an exported model: size, time, memory, quality.

    python -m stargan_tf.benchmark_tflite --model=saved_models/pets --data_dir=data/pets

Each file is timed in a process of its own, in the runtime that apps use, with XNNPACK,
one image at a time. Quality is the signal-to-noise ratio of its translations against those
of the SavedModel, on validation images.

What an app pays that keeps one style and translates many images, on one thread:

    python -m stargan_tf.benchmark_tflite --model=saved_models/pets \
        --signature=translate_style_float --num_threads=1

The measurements are of this machine. On a phone, take Android's own benchmark tool; see
docs/android.md.
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.benchmark_tflite import BenchmarkTFLiteConfig
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> None:
    """Checks the settings, measures, and prints a table."""
    del argv
    config = flags.parse(BenchmarkTFLiteConfig)
    config.validate()
    if config.out:
        check_can_write("out", config.out)
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.serving.tflite.benchmark import benchmark

        print(benchmark(config))
    except KeyboardInterrupt as interrupt:
        raise UserError("Interrupted: run the same command again.") from interrupt


if __name__ == "__main__":
    flags.define(BenchmarkTFLiteConfig)
    flags.run(main)
