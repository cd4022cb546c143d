"""Statistics of real images, kept in files so that they are computed once."""

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.data.schema import shard_paths
from stargan_tf.errors import UserError
from stargan_tf.evaluation.statistics import FeatureStatistics

# To be raised when the same records, size and network give other numbers than before: after
# a change of what happens to an image before the feature network, or of the statistics.
SEMANTICS_VERSION = 1

_CHUNK_BYTES = 2**20
# What zipfile and NumPy raise for files that are cut short, altered or of other contents.
_DAMAGED = (
    EOFError,
    KeyError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def statistics_key(
    data_dir: Path,
    split: str,
    domain: str,
    *,
    img_size: int,
    network: str,
    weights_fingerprint: str,
) -> str:
    """A name for the statistics of one domain's real images, by content.

    Nothing in it depends on where the data set lies or when it was made: a copy has the
    same key, and one changed image gives another.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      domain: its name.
      img_size: side R that the images are resized to first.
      network: name of the feature network.
      weights_fingerprint: digest of its weights.

    Returns:
      64 hexadecimal digits.

    Raises:
      UserError: shards are missing or cannot be read.
    """
    shards = [_file_digest(path) for path in shard_paths(data_dir, split, domain)]
    decisive = [SEMANTICS_VERSION, shards, img_size, network, weights_fingerprint]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


def cached_statistics(
    cache_dir: Path,
    key: str,
    compute: Callable[[], FeatureStatistics],
    *,
    report: Callable[[str], None] = lambda line: None,
) -> FeatureStatistics:
    """Statistics from the cache, or computed and then kept there.

    A cache file that is damaged, or holds anything else than its name says, is replaced.

    Args:
      cache_dir: folder of the cache, made if missing.
      key: what `statistics_key` gives.
      compute: makes the statistics; called only when they are not in the cache.
      report: takes a line that says why a file is replaced.

    Raises:
      UserError: the cache cannot be written to.
    """
    path = Path(cache_dir) / f"statistics-{key}.npz"
    try:
        # Before the work, which may take an hour, rather than after it.
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    if path.is_file():
        try:
            return load_statistics(path, key)
        except UserError as error:
            report(f"warning: computing the statistics again: {error}")
    statistics = compute()
    save_statistics(path, statistics, key)
    return statistics


def save_statistics(path: Path, statistics: FeatureStatistics, key: str) -> None:
    """Writes statistics whole or not at all; several processes may do so at once.

    Args:
      path: the file, an .npz of `key`, `count`, `mean` and `covariance`.
      statistics: what is written.
      key: what `load_statistics` will ask for.

    Raises:
      UserError: the file cannot be written.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "wb") as file:
            np.savez(
                file,
                key=np.array(key),
                count=np.array(statistics.count, np.int64),
                mean=statistics.mean,
                covariance=statistics.covariance,
            )
        beside.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        beside.unlink(missing_ok=True)


def load_statistics(path: Path, key: str) -> FeatureStatistics:
    """Reads what `save_statistics` wrote.

    Args:
      path: the file.
      key: what it must have been saved with.

    Raises:
      UserError: the file is missing, damaged, or of another key.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            # Against the checksums, before anything is believed, lengths of arrays included.
            broken = archive.testzip()
        if broken:
            raise ValueError(f"wrong checksum of {broken}")
        with np.load(path, allow_pickle=False) as arrays:
            found = str(arrays["key"])
            count = int(arrays["count"])
            mean, covariance = arrays["mean"], arrays["covariance"]
    except _DAMAGED as error:
        raise UserError(
            f"{path} cannot be read as statistics ({error}): remove it, so that it is computed "
            "again."
        ) from error
    check(
        found == key and _plausible(count, mean, covariance),
        f"{path} holds other things than the statistics {key[:8]}...: remove it, so that it is "
        "computed again.",
    )
    return FeatureStatistics(count, mean, covariance)


def _plausible(count: int, mean: np.ndarray, covariance: np.ndarray) -> bool:
    """Whether arrays can be statistics at all."""
    return bool(
        count >= 2
        and mean.dtype == covariance.dtype == np.float64
        and mean.ndim == 1
        and covariance.shape == (len(mean), len(mean))
        and np.isfinite(mean).all()
        and np.isfinite(covariance).all()
        and np.array_equal(covariance, covariance.T)
        and (np.diagonal(covariance) >= 0).all()
    )


def _file_digest(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): restore it.") from error
    return digest.hexdigest()


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(
        f"{path} cannot be written ({error.strerror}): choose another folder for the cache or "
        "make room."
    )
