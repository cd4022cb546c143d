"""Version folders: which there are, and the next number."""

from pathlib import Path

# Beside the versions of the SavedModel. TF Serving passes over names that are no integers.
TFLITE_FOLDER = "tflite"
ONNX_FOLDER = "onnx"


def next_version(base: Path) -> int:
    """The number after the highest one under which a model was exported, 1 at first."""
    folders = (base, base / TFLITE_FOLDER, base / ONNX_FOLDER)
    return max([0, *(version for folder in folders for version in versions(folder))]) + 1


def versions(base: Path) -> list[int]:
    """The version folders in a folder, lowest first; none when it does not exist."""
    if not base.is_dir():
        return []
    found = (path for path in base.iterdir() if path.is_dir())
    return sorted(int(p.name) for p in found if p.name.isascii() and p.name.isdigit())
