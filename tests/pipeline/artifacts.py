"""Artifacts as the components upstream would write them."""

import shutil
from pathlib import Path
from typing import Any

from pipeline.examples import split_dir
from stargan_tf.data.schema import INFO_FILE


def examples_of(data_dir: Path, uri: Path) -> Path:
    """Lays a prepared data set out as ImageExampleGen does; returns `uri`."""
    for split in ("train", "val"):
        folder = split_dir(str(uri), split)
        folder.mkdir(parents=True)
        for shard in data_dir.glob(f"{split}-*.tfrecord"):
            shutil.copy(shard, folder)
    shutil.copy(data_dir / INFO_FILE, uri)
    return uri


def run_component(component: Any, inputs: dict, outputs: dict, **parameters: Any) -> None:
    """Runs a function component's executor on artifacts by key, as a launcher would."""
    executor = component.EXECUTOR_SPEC.executor_class(None)
    as_lists = [
        {key: [artifact] if artifact else [] for key, artifact in artifacts.items()}
        for artifacts in (inputs, outputs)
    ]
    executor.Do(*as_lists, parameters)


def artifact(kind: type, uri: Path, number: int = 1) -> Any:
    """An artifact of one of TFX's types."""
    made = kind()
    made.uri = str(uri)
    made.id = number
    return made


def model_of(export: Path, uri: Path) -> Path:
    """Lays an exported SavedModel out as the Trainer does; returns `uri`."""
    shutil.copytree(export, uri / "Format-Serving")
    return uri
