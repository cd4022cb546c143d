r"""Runs the pipeline on this machine: from images to a good model in saved_models/.

    python -m pipeline.run_local --flagfile=pipeline/flagfiles/portraits.flags

With your own images, one folder per domain:

    python -m pipeline.run_local --data.input_dir=photos --data.img_size=256 \
        --train_flags=stargan_tf/flagfiles/afhq_256.flags --model_name=photos

Its own flags are listed here; --data.NAME and --train.NAME are those of prepare_data and
train. What an earlier run has made of the same images, settings and code is taken over.
The status is 0 when the model is good and pushed, 2 when it is not good enough, and 1 when
something went wrong.
"""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from absl import flags

from pipeline import options
from pipeline.availability import require_tfx
from pipeline.reporting import output_in
from stargan_tf import flags as config_flags
from stargan_tf.config.settings import check
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> int:
    """Runs the pipeline as the flags say; returns the exit status."""
    del argv
    chosen = options.parse()
    chosen.pipeline.validate_weights_files()  # before training, not after it
    require_tfx()
    for name in ("pipeline_root", "push_dir"):
        value = getattr(chosen.pipeline, name)
        check(
            "://" not in value,
            f"Found --{name}={value}, expected a folder of this machine: mount the bucket, or "
            "compile the pipeline with pipeline.compile_kubeflow.",
        )
    check_can_write("pipeline_root", chosen.pipeline.pipeline_root)
    check_can_write("push_dir", chosen.pipeline.model_dir)
    root = Path(chosen.pipeline.pipeline_root)
    log = None if flags.FLAGS.verbose else root / "logs" / f"{time.strftime('%Y%m%d-%H%M%S')}.log"
    # A polite end from outside is handled as Ctrl-C is, which shells ignore in the background.
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, _interrupt)

    try:
        with output_in(log) as console:
            if log:
                print(f"Everything but these lines goes to {log}", file=console, flush=True)
            # Imported here, for it takes many seconds, and not before its chatter has a place.
            from pipeline.local_run import run

            return run(chosen, console, log)
    except KeyboardInterrupt as interrupt:  # before the pipeline itself would take it
        print("Interrupted: the same command goes on from here.", file=sys.stderr)
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


if __name__ == "__main__":
    flags.DEFINE_bool("verbose", False, "Show all that TFX, Beam and TensorFlow have to say.")
    config_flags.run(main, define_flags=options.define_flags)
