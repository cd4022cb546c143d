r"""Makes a run of published PyTorch checkpoints, and checkpoints for PyTorch of a run.

The averaged networks of StarGAN v2, which draw, as a run that sample, evaluate, export and
serve take:

    python -m stargan_tf.import_weights --checkpoint=100000_nets_ema.ckpt \
        --domains=cat,dog,wild --run_dir=runs/afhq

All of a checkpoint, to train on exactly where PyTorch stopped:

    python -m stargan_tf.import_weights --checkpoint=100000_nets.ckpt \
        --checkpoint=100000_nets_ema.ckpt --checkpoint=100000_optims.ckpt \
        --domains=cat,dog,wild --run_dir=runs/afhq

StarGAN of 2018 was published in two files, of which the first draws by itself:

    python -m stargan_tf.import_weights --checkpoint=200000-G.ckpt --checkpoint=200000-D.ckpt \
        --domains=Black_Hair,Blond_Hair,Brown_Hair,Male,Young --run_dir=runs/celeba

And back, from a run of either:

    python -m stargan_tf.import_weights --to_pytorch --run_dir=runs/afhq --out=pytorch/afhq

No code in a file is run, and PyTorch is not needed.
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, imports or writes, and says what was made."""
    del argv
    config = flags.parse(ImportWeightsConfig)
    config.validate()
    if config.to_pytorch:
        check_can_write("out", config.out)
        RunDir(config.run_dir).read()  # its mistakes, too, should not wait for TensorFlow
    else:
        check_can_write("run_dir", config.run_dir)
    # A polite end from outside is handled as Ctrl-C is: no half-written run stays.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        if config.to_pytorch:
            from stargan_tf.to_release import export_release

            print(export_release(config.run_dir, config.out))
        else:
            from stargan_tf.from_release import import_release

            print(import_release(config))
    except KeyboardInterrupt as interrupt:
        raise UserError("Interrupted: run the same command again.") from interrupt


if __name__ == "__main__":
    flags.define(ImportWeightsConfig)
    flags.run(main)
