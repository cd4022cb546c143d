r"""Crops the faces of one's own images as those of CelebA-HQ are cropped.

A folder of images, or of one folder per domain, which stays as it is:

    python -m stargan_tf.align --input_dir=photos --output_dir=aligned

The result is what prepare_data takes, and what models that were trained on CelebA-HQ translate
best. Images without a face, with several, and with faces that the border cuts are listed in
aligned.report.jsonl, beside the folder. A run that was stopped goes on where it was.

With the crop of the published StarGAN v2, by its landmark network and its mean face:

    python -m stargan_tf.align --input_dir=photos --output_dir=aligned --landmarks=wing \
        --wing_path=wing.ckpt --lm_path=celeba_lm_mean.npz

How far the two crops differ on a folder, in numbers and in a sheet of images:

    python -m stargan_tf.align --input_dir=photos --output_dir=compared --compare \
        --wing_path=wing.ckpt --lm_path=celeba_lm_mean.npz
"""

import signal
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.align import AlignConfig
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> None:
    """Checks the settings, aligns, and says what came of it."""
    del argv
    config = flags.parse(AlignConfig)
    config.validate()
    check_can_write("output_dir", config.output_dir)
    # A polite end from outside is handled as Ctrl-C is.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for it.
        from stargan_tf.faces.mesh import FaceMesh

        mesh = FaceMesh()
        wing = None
        if config.needs_wing:
            from stargan_tf.faces.wing import WingFaces, load_landmark_network, read_mean_face

            mean = read_mean_face(config.lm_path)
            wing = WingFaces(load_landmark_network(config.wing_path), mean, mesh)
        if config.compare:
            from stargan_tf.faces.comparison import compare

            print(compare(config, mesh, wing))
        else:
            from stargan_tf.faces.folder import align_folder

            print(align_folder(config, wing or mesh))
    except KeyboardInterrupt as interrupt:
        raise UserError("Interrupted: run the same command again.") from interrupt


if __name__ == "__main__":
    flags.define(AlignConfig)
    flags.run(main)
