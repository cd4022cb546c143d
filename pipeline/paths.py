"""Paths of artifacts, also where an orchestrator keeps them in a bucket."""

from pathlib import Path

_BUCKETS = "gs://"
# Where Vertex AI shows buckets as folders to every container.
_MOUNT = Path("/gcs")


def local_path(uri: str) -> Path:
    """The path of a URI in the file system; gs://BUCKET/NAME is /gcs/BUCKET/NAME."""
    if uri.startswith(_BUCKETS):
        return _MOUNT / uri.removeprefix(_BUCKETS)
    return Path(uri)


def absolute(uri: str) -> str:
    """A path that holds from any folder; a bucket's URI stays as it is."""
    return uri if uri.startswith(_BUCKETS) else str(Path(uri).absolute())
