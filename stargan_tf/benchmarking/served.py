"""Requests to a server of an exported model, as apps send them: one image in each."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stargan_tf.benchmarking.work import Work, timed
from stargan_tf.config.benchmark import SERVER, ExportedModelConfig
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.serving.client import Client, ServingError
from stargan_tf.serving.examples import find_images
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model.images import encode_images

_REQUESTS: dict[str, Callable[[Client, bytes, str], bytes]] = {
    "translate_random": lambda client, image, name: client.translate(image, name),
    "translate_reference": lambda client, image, name: client.translate_reference(
        image, image, name
    ),
    "translate_label": lambda client, image, name: client.translate_label(image, name),
}


@contextlib.contextmanager
def server_works(
    config: ExportedModelConfig, folder: Path, data_dir: str = ""
) -> Iterator[list[Work]]:
    """Connects to the server; the works hold within the block.

    Args:
      config: which model and server; already validated.
      folder: of a version of the SavedModel, which says what images it takes.
      data_dir: what prepare_data wrote, for an image; empty for noise.

    Raises:
      UserError: the server does not answer, or not for this model; also of the works' runs.
    """
    info = ModelInfo.of_saved_model(folder)
    name = next((name for name in _REQUESTS if name in info.signatures), "")
    check(
        bool(name),
        f"Found signatures {', '.join(info.signatures)} in {folder}, expected one of "
        f"{', '.join(_REQUESTS)}: leave --server out.",
    )
    images = find_images(
        Path(data_dir) if data_dir else None, "val", info.domains, info.img_size, 1, info.label_sets
    )
    image = encode_images(images, "png").numpy()[0]
    # Without retries, whose pauses would count.
    with _told(), Client(config.server, Path(config.model).resolve().name, retries=0) as client:
        request = _told()(lambda _: _REQUESTS[name](client, image, info.domains[0]))
        request(0)
        with ThreadPoolExecutor(config.clients) as pool:
            at_once = timed(lambda: [*pool.map(request, range(config.clients))])
            yield [Work(f"{SERVER} {name}", at_once, images=config.clients)]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Makes what the client or the server complains of an error of the command."""
    try:
        yield
    except ServingError as error:
        raise UserError(str(error)) from error
