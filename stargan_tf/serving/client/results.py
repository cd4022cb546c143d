"""What the client returns about models."""

from typing import NamedTuple

AVAILABLE = "AVAILABLE"
# States from which a version comes to be AVAILABLE by itself.
COMING = ("UNKNOWN", "START", "LOADING")


class VersionStatus(NamedTuple):
    """One version of a model, as the server has it."""

    version: int
    state: str  # START, LOADING, AVAILABLE, UNLOADING, END or UNKNOWN
    error: str  # why it could not be loaded; empty when there was no error


class TensorSpec(NamedTuple):
    """An input or an output."""

    dtype: str  # string, float, int32, int64 ...
    shape: tuple[int | None, ...] | None  # None for a free dimension; None for any rank


class Signature(NamedTuple):
    """One function of a model."""

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]


class ModelMetadata(NamedTuple):
    """What the server tells about a loaded model."""

    name: str
    version: int
    signatures: dict[str, Signature]
