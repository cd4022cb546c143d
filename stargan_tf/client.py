r"""Translates images with a model in TensorFlow Serving; needs no TensorFlow itself.

One image in a random style of a domain; another seed gives another style:

    python -m stargan_tf.client --model=pets --src=photo.jpg --target_domain=cat \
        --seed=3 --psi=0.7 --out=cat.png

A folder of images in four styles each, over gRPC; or in the style of one reference:

    python -m stargan_tf.client --server=grpc://localhost:8500 --model=pets --src=photos \
        --target_domain=dog --num_outputs=4 --out=dogs
    python -m stargan_tf.client --model=pets --src=photos --ref=tiger.jpg \
        --target_domain=wild --out=tigers

The largest face of each image cropped as in CelebA-HQ first, for models that want it:

    python -m stargan_tf.client --model=faces --src=photos --align --target_domain=female \
        --out=translated

Which versions and signatures the server has:

    python -m stargan_tf.client --model=pets --status

Images may have any size and common format. The command rejects files of a folder that are no
images or that the server does not accept, and names each with its reason.
"""

import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from stargan_tf import flags
from stargan_tf.config.client import ClientConfig
from stargan_tf.errors import UserError, disk_full, error_sentence
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> int:
    """Checks the settings, asks the server, and says where the result is."""
    del argv
    config = flags.parse(ClientConfig)
    config.validate()
    if not config.status:
        check_can_write("out", config.out)
    for kind in (signal.SIGINT, signal.SIGTERM):  # SIGINT: shells ignore it in the background
        signal.signal(kind, signal.default_int_handler)
    warnings.simplefilter("ignore")  # Pillow's remarks on images that work all the same
    written = 0
    try:
        # Imported here, so that neither --help nor a mistake waits for it.
        from tqdm import tqdm

        from stargan_tf.bars import bar
        from stargan_tf.serving.client import Client, ServingError, load_image
        from stargan_tf.serving.client.folders import FolderJob, Job
        from stargan_tf.serving.client.report import describe

        chosen = {"version": config.version or None, "label": config.label or None}
        with Client(config.server, config.model, timeout=config.timeout, **chosen) as client:
            if config.status:
                available, text = describe(client)
                print(text)
                return 0 if available else 1
            job = Job(**{name: getattr(config, name) for name in Job._fields})
            load = aligned_loader() if config.align else load_image
            work = FolderJob(client, job, lambda text: tqdm.write(text, sys.stderr), load)
            with bar(total=work.total, unit="image", disable=work.total == 1) as shown:
                for done, rejected in work.run():
                    written += done
                    shown.update(done + rejected)
    except KeyboardInterrupt as interrupt:
        raise UserError(f"Interrupted{kept(written, config.out)}.") from interrupt
    except ServingError as error:
        raise UserError(f"{error}{kept(written, config.out)}") from error
    except OSError as error:
        text = disk_full(error, config.out) or error_sentence(error)
        raise UserError(f"{text}{kept(written, config.out)}") from error
    print(f"Wrote {written} image{'s' * (written != 1)}:\n  {Path(config.out).resolve()}")
    return 0


def aligned_loader() -> Callable[[Path], bytes]:
    """What reads an image file and crops its largest face, for a model."""
    from stargan_tf.faces.preparing import AlignImages
    from stargan_tf.serving.client import ImageError
    from stargan_tf.serving.client.images import encode

    align = AlignImages()

    def load(path: Path) -> bytes:
        try:
            return encode(align.read(path), "PNG")
        except UserError as error:
            raise ImageError(str(error)) from error

    return load


def kept(written: int, out: str) -> str:
    """Says how many files were finished, when the work ended early; empty for none."""
    return f" ({written} finished in {out}; --overwrite goes over them again)" if written else ""


if __name__ == "__main__":
    flags.define(ClientConfig)
    flags.run(main)
