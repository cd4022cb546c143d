r"""Turns images into the TFRecord shards that training reads.

Your own images, one folder per domain, put into root/cats/, root/dogs/ ...; a tenth
is kept for validation (with root/train/cats/ and root/val/cats/ the split is yours):

    python -m stargan_tf.prepare_data --source=folder --input_dir=root --output_dir=data/pets \
        --img_size=256

Portraits that are drawn here, so that nothing needs to be downloaded:

    python -m stargan_tf.prepare_data --source=portraits --output_dir=data/portraits

Images with attributes in place of domains, as CelebA has them, from one folder and the file
that lists them (text as CelebA has it, or CSV). The central square of 178x178 is cut out:

    python -m stargan_tf.prepare_data --source=folder --input_dir=img_align_celeba \
        --attributes_file=list_attr_celeba.txt --img_size=128 --output_dir=data/celeba \
        --attributes=Black_Hair,Blond_Hair,Brown_Hair,Male,Young

The same from tensorflow-datasets (--source=tfds --tfds_name=celeb_a), or portraits that are
drawn with attributes:

    python -m stargan_tf.prepare_data --source=portraits --output_dir=data/portrait_attributes \
        --attributes=Black_Hair,Blond_Hair,Brown_Hair,Eyeglasses,Beard

Any data set of tensorflow-datasets, with domains from its label or from attributes:

    python -m stargan_tf.prepare_data --source=tfds --tfds_name=celeb_a --tfds_label=Male \
        --output_dir=data/celeba

The published AFHQ (afhq, afhq_v2) and CelebA-HQ (celeba_hq), from their archives:

    python -m stargan_tf.prepare_data --source=tfds --tfds_name=afhq \
        --tfds_manual_dir=downloads --output_dir=data/afhq

rejected.jsonl lists the files that were rejected (damaged, too small, no image, without
attributes, or with two that exclude each other). The flags
of Apache Beam work too: --direct_running_mode=multi_processing --direct_num_workers=0
uses every core of this machine, --runner=... a cluster that shares the folders.
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import sources
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write


def main(arguments: Sequence[str]) -> None:
    """Checks the settings, prepares the data and says what came of it."""
    config = flags.parse(PrepareDataConfig)
    config.validate()
    check_can_write("output_dir", config.output_dir)
    sources.validate(config)
    # A polite end from outside is handled as Ctrl-C is.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)

    try:
        from stargan_tf.data import report

        report.quieten()
        from stargan_tf.data import preparation  # imports Beam: too slow for --help

        info = preparation.prepare_dataset(config, arguments)
    except KeyboardInterrupt as interrupt:
        raise UserError(
            "Interrupted before anything was read: run the same command again."
        ) from interrupt
    print(report.summary(info, config.output_dir))


if __name__ == "__main__":
    flags.define(PrepareDataConfig)
    flags.run(main, extra_arguments=True)
