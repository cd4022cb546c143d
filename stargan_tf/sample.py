r"""Translates images with the networks of a training run, or with an exported model.

One image in random styles of every domain, as one labelled grid:

    python -m stargan_tf.sample --run_dir=runs/pets --src=photo.jpg --out=looks.png \
        --seed=3 --psi=0.7

Seed N gives the style that a server draws for seed N (`python -m stargan_tf.client --seed=N`);
the further styles are those of the seeds N + 1, N + 2 and so on. --psi=0.7 keeps the styles
nearer to the domain's mean style.

A folder of images in the style of one reference, or of many, in folders that have the
names of the domains (refs/cat/, refs/dog/ ...):

    python -m stargan_tf.sample --run_dir=runs/pets --src=photos --ref=tiger.jpg \
        --target_domain=wild --out=tigers.png
    python -m stargan_tf.sample --run_dir=runs/pets --src=photos --ref=refs --out=refs.png

A video that moves smoothly from style to style and back to the first (mp4, webp or gif):

    python -m stargan_tf.sample --run_dir=runs/pets --src=photo.jpg --target_domain=dog \
        --num_outputs=6 --out=dogs.mp4

Every translation in a file of its own, such as photo__to_dog__seed7_0.png:

    python -m stargan_tf.sample --run_dir=runs/pets --src=photos --images_only --out=translated

With other attributes, where these are what the model was trained on, each --set a column; --keep
keeps those that are not named, as far as the run's classifier can read them off the image:

    python -m stargan_tf.sample --run_dir=runs/celeba --src=photo.jpg --out=changes.png \
        --keep --set=Blond_Hair,Male=0 --set=Young=0.5 --set=Young=0

With the model that comes with this package, without any training:

    python -m stargan_tf.sample --saved_model=saved_models/portraits_64/1 --src=photo.jpg \
        --out=looks.png

Images may have any size and common format; their central square is used, or with --align the
crop of the largest face, which models that were trained on CelebA-HQ translate best. The command
rejects files of a folder that are no images, and names each with its reason.
"""

import signal
from collections.abc import Sequence
from pathlib import Path

from stargan_tf import flags
from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import DiskFullError, UserError
from stargan_tf.files import check_can_write
from stargan_tf.sampling.label_changes import check_mask, read_changes
from stargan_tf.sampling.targets import target_index
from stargan_tf.training.run_dir import RunDir


def main(argv: Sequence[str]) -> None:
    """Checks the settings, draws, and says where the result is."""
    del argv
    config = flags.parse(SampleConfig)
    config.validate()
    check_can_write("out", config.out)
    if config.run_dir:  # mistakes of its, too, should not wait for TensorFlow
        run = RunDir(config.run_dir)
        target_index(config.target_domain, run.read().domains)
        label_sets = run.label_sets()
        check_mask(config.mask, label_sets)
        if config.set and label_sets:  # an imported run does not say what its labels are
            read_changes(config.set, label_sets)
    # A polite end from outside is handled as Ctrl-C is: no half-written file stays.
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    try:
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.faces.preparing import preparation
        from stargan_tf.loading import load_model
        from stargan_tf.sampling.sampler import sample

        model = load_model(config.run_dir, config.saved_model, classifying=config.keep)
        print(f"Using {model.origin}.")
        prepare = preparation(config.align, model.aligned_faces)
        print(sample(config, model, prepare))
    except KeyboardInterrupt as interrupt:
        raise UserError(
            f"Interrupted, so --out={config.out} was not finished: run the same command again"
            f"{_again(config)}."
        ) from interrupt
    except DiskFullError as error:
        raise UserError(f"{str(error).removesuffix('.')}{_again(config)}.") from error


def _again(config: SampleConfig) -> str:
    """What the same command needs besides, to go over the images that are finished."""
    finished = config.images_only and Path(config.out).is_dir()
    return ", with --overwrite to replace the finished images" if finished else ""


if __name__ == "__main__":
    flags.define(SampleConfig)
    flags.run(main)
