"""The page, built with a small model, on a plain static server, and a browser to see it in."""

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.tflite.interpreters import open_file
from tests.page.browser import CHROMIUM, NODE, Browser, png
from tests.serving.exports import NAME, make_export, read_metadata
from tests.source_tree import ROOT


class Site(NamedTuple):
    """A page on a server.

    Attributes:
      url: its address, in a folder of the server.
      folder: the built page.
      file: the model in it.
    """

    url: str
    folder: Path
    file: Path

    @property
    def info(self) -> ModelInfo:
        return read_metadata(self.file)

    def run(self, signature: str, **inputs: np.ndarray) -> np.ndarray:
        """What Python's LiteRT makes of inputs without their batch axis."""
        runner = open_file(self.file, runtime="litert").get_signature_runner(f"{signature}_float")
        arrays = {name: np.asarray(value)[None] for name, value in inputs.items()}
        return next(iter(runner(**arrays).values()))[0]


def noise(seed: int, side: int = 32) -> np.ndarray:
    """An image that looks like nothing, [side, side, 3] uint8."""
    return np.random.RandomState(seed).randint(0, 256, (side, side, 3)).astype(np.uint8)


def build(models: Path, folder: Path) -> None:
    """Builds the page as `make page` does."""
    subprocess.run([NODE, ROOT / "page/build.js", models, folder], check=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: make browser installs Debian's")
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    export = make_export(root / "models", formats=("tflite",), tflite_types=("float32",))
    examples = export.base / "examples"
    examples.mkdir()
    for number in (1, 2):
        (examples / f"cat_{number}.png").write_bytes(png(noise(number)))
    build(root / "models", root / "page")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root)
    handler.func.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = root / "page/models" / NAME / "1/float32.tflite"
        yield Site(f"http://127.0.0.1:{server.server_port}/page/", root / "page", file)
        server.shutdown()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Browser]:
    """The page as a new visitor sees it, with its first translation."""
    browser.open(site.url)
    yield browser
    assert browser.wrong() == []


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    if CHROMIUM and not shutil.which(NODE):
        pytest.fail("found Chromium, but not the page's tools: run make browser", pytrace=False)
