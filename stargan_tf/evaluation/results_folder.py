"""The folder of an evaluation: its results, and those of the tasks that are finished."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.files import MAX_NAME_BYTES, read_json, short_name, write_text, written_whole

METRICS_FILE = "metrics.json"
TABLE_FILE = "table.txt"
# Hidden, beside a task's outputs.
_IMAGES_MARK = ".task.json"


class ResultsFolder:
    """Keeps what was measured; results of other settings are never replaced unasked."""

    def __init__(self, path: Path, settings: dict[str, Any], *, overwrite: bool) -> None:
        """Makes the folder, before any work.

        Args:
          path: the folder, made if missing.
          settings: what the results depend on, as `about` in metrics.json has it.
          overwrite: whether results of other settings may be replaced.

        Raises:
          UserError: it holds results of other settings, or cannot be written to.
        """
        self._path = path
        file = path / METRICS_FILE
        if file.exists() and not overwrite:
            about = read_json(file).get("about", {})
            differing = [name for name, value in settings.items() if about.get(name) != value]
            check(
                not differing,
                f"Found results of other settings in {path} ({', '.join(differing)}), expected "
                "none, or those of the same settings: pass another --out, or add --overwrite to "
                "replace them.",
            )
        error = writing_error(path)
        check(
            error is None,
            f"{path} cannot be written to ({error and error.strerror}), expected a folder for the "
            "results: pass another --out.",
        )

    def task_metrics(self, name: str, key: dict[str, Any]) -> dict[str, float] | None:
        """The metrics of a finished task; None if there are none of this key."""
        file = self._task_file(name, key)
        if not file.exists():
            return None
        try:
            kept = read_json(file)
        except UserError:  # damaged: measured again
            return None
        return kept["metrics"] if kept.get("key") == key else None

    def keep_task(self, name: str, key: dict[str, Any], metrics: dict[str, float]) -> None:
        """Writes the metrics of a finished task.

        Args:
          name: of the task.
          key: all that they depend on.
          metrics: by name.
        """
        file = self._task_file(name, key)
        file.parent.mkdir(exist_ok=True)
        write_text(file, json.dumps({"key": key, "metrics": metrics}, indent=2) + "\n")

    def task_image(self, name: str, key: dict[str, Any]) -> np.ndarray | None:
        """An image that `keep_image` wrote, [H, W, 3] uint8; None if there is none of this key."""
        try:
            with Image.open(self._task_file(name, key, ".png")) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, SyntaxError, Image.DecompressionBombError):  # none, or a damaged one
            return None

    def keep_image(self, name: str, key: dict[str, Any], image: np.ndarray) -> None:
        """Keeps an image, [H, W, 3] uint8, and all that it depends on."""
        _write_png(self._task_file(name, key, ".png"), image)

    def images(self, name: str) -> Path:
        """A folder for the outputs of a task, without those of an evaluation before."""
        folder = self._images_folder(name)
        if folder.exists():
            shutil.rmtree(folder)
        return folder

    def mark_images(self, name: str, key: dict[str, Any]) -> None:
        """Says in the folder of a task's outputs that all are there, and what they depend on."""
        write_text(self._images_folder(name) / _IMAGES_MARK, json.dumps(key) + "\n")

    def has_images(self, name: str, key: dict[str, Any]) -> bool:
        """Whether all outputs of a task of this key are there."""
        try:
            return read_json(self._images_folder(name) / _IMAGES_MARK) == key
        except (OSError, UserError):
            return False

    def _images_folder(self, name: str) -> Path:
        mode, _, pair = name.partition("/")
        return self._path / "images" / mode / short_name(pair, MAX_NAME_BYTES)

    def write(self, results: dict[str, Any], table: str, images: Mapping[str, np.ndarray]) -> None:
        """Writes metrics.json, table.txt and NAME.png of each image, [H, W, 3] uint8."""
        for name, image in images.items():
            _write_png(self._path / f"{name}.png", image)
        text = json.dumps(results, indent=2, ensure_ascii=False)
        write_text(self._path / TABLE_FILE, table + "\n")
        write_text(self._path / METRICS_FILE, text + "\n")

    def _task_file(self, name: str, key: dict[str, Any], suffix: str = ".json") -> Path:
        # Of the key as well, so that a shorter evaluation does not replace what a long one made.
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        shown = short_name(name.replace("/", "_"), MAX_NAME_BYTES - len("-.json") - 12)
        return self._path / "tasks" / f"{shown}-{digest[:12]}{suffix}"


def _write_png(path: Path, image: np.ndarray) -> None:
    with written_whole(path) as temporary:
        Image.fromarray(image).save(temporary, "PNG")


def writing_error(folder: Path) -> OSError | None:
    """Why no file can be written to a folder, which is made if missing; None if one can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error
