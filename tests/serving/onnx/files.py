"""Exported ONNX files, found and read."""

from pathlib import Path

import onnx

from stargan_tf.serving.model_info import ModelInfo
from tests.serving.exports import Export


def file_of(export: Export, name: str) -> Path:
    """The file of a signature."""
    return export.base / "onnx" / "1" / f"{name}.onnx"


def read_metadata(path: Path) -> dict[str, str]:
    """What a file says about itself."""
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def info_of(export: Export) -> ModelInfo:
    """The contents of model.json, from any of the files."""
    path = next((export.base / "onnx" / "1").iterdir())
    return ModelInfo.from_json(read_metadata(path)["model.json"])
