r"""Exports the networks of a training run for servers, phones and other runtimes.

A SavedModel for TensorFlow Serving, and TFLite files in four number types:

    python -m stargan_tf.export --run_dir=runs/pets --out=saved_models/pets

Each export becomes the next version: saved_models/pets/1, then 2, and so on. A server
that watches the folder takes it up when it is complete. Before an export gets its
name, it is compared with the trained networks on images of the data set. A TFLite file of
fewer bits whose images are too far from theirs is rejected: the others are written, and
the command exits with 1.

Only the SavedModel, answering with JPEG instead of PNG files:

    python -m stargan_tf.export --run_dir=runs/pets --out=saved_models/pets \
        --formats=saved_model --image_format=jpeg

Only the two TFLite files that most apps choose from:

    python -m stargan_tf.export --run_dir=runs/pets --out=saved_models/pets \
        --formats=tflite --tflite_types=float16,dynamic

ONNX files beside the SavedModel, for servers without TensorFlow such as Triton:

    python -m stargan_tf.export --run_dir=runs/pets --out=saved_models/pets \
        --formats=saved_model,onnx
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.export import ExportConfig
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write
from stargan_tf.serving.data_dirs import find_data_dirs
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, exports, and says where the results are."""
    del argv
    config = flags.parse(ExportConfig)
    config.validate()
    check_can_write("out", config.out)
    run = RunDir(config.run_dir)  # its mistakes, too, should not wait for TensorFlow
    find_data_dirs(config, run.read().config, len(run.label_sets()))
    # A polite end from outside is handled as Ctrl-C is: no half-written version stays.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.loading import load_run
        from stargan_tf.serving.exporter import export

        model = load_run(config.run_dir, in_float32=True)
        print(f"Using {model.origin}.")
        exported = export(config, model)
    except KeyboardInterrupt as interrupt:
        raise UserError(
            "Interrupted, so nothing was exported: run the same command again."
        ) from interrupt
    print(exported.summary)
    if exported.rejected:
        raise UserError(exported.rejected)


if __name__ == "__main__":
    flags.define(ExportConfig)
    flags.run(main)
