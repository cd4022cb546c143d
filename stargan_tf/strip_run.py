r"""Copies a run without what only going on with it needs: to keep it, or to pass it on.

    python -m stargan_tf.strip_run --run_dir=runs/pets --out=runs/pets_weights

The copy has the averaged networks, the discriminator, and config.json without the names of your
folders. sample and train --warm_start take it as they take the run; evaluate and export want its
--data_dir. Training cannot go on with it: it lacks the optimizers, and the networks whose averages
it has. So its checkpoint has a third of the size.
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.strip_run import StripRunConfig
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, copies, and says what was made."""
    del argv
    config = flags.parse(StripRunConfig)
    config.validate()
    check_can_write("out", config.out)
    RunDir(config.run_dir).read()  # its mistakes, too, should not wait for TensorFlow
    # A polite end from outside is handled as Ctrl-C is: no half-written run stays.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.training.stripping import strip

        print(strip(config.run_dir, config.out))
    except KeyboardInterrupt as interrupt:
        raise UserError(
            "Interrupted, so nothing was written: run the same command again."
        ) from interrupt


if __name__ == "__main__":
    flags.define(StripRunConfig)
    flags.run(main)
