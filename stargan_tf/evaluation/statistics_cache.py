"""Features of real images, kept in files so that they are computed once."""

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from stargan_tf.config.settings import check
from stargan_tf.data import bad_records
from stargan_tf.data.schema import shard_paths
from stargan_tf.errors import UserError
from stargan_tf.evaluation.results_folder import writing_error
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


def shard_digests(data_dir: Path, split: str, domain: str) -> tuple[str, ...]:
    """The contents of one domain's shards.

    Args:
      data_dir: what `prepare_data` wrote.
      split: train or val.
      domain: its name.

    Returns:
      64 hexadecimal digits for each shard, followed by the records that are skipped.

    Raises:
      UserError: shards are missing or cannot be read.
    """
    paths = shard_paths(data_dir, split, domain)
    return tuple(_file_digest(path) + _without(path) for path in paths)


def _without(path: str) -> str:
    """Names the records that are skipped; empty where none is."""
    skipped = bad_records.skipped(path)
    return "" if skipped is None else f" without {sorted(skipped)}"


def statistics_key(
    shards: Sequence[str],
    *,
    img_size: int,
    network: str,
    weights_fingerprint: str,
    subset: str = "",
) -> str:
    """A name for the statistics of one domain's real images, by content.

    Nothing in it depends on where the data set lies or when it was made: a copy has the
    same key, and one changed image gives another.

    Args:
      shards: what `shard_digests` gives.
      img_size: side R that the images are resized to first.
      network: name of the feature network.
      weights_fingerprint: digest of its weights.
      subset: which of the images; empty for all.

    Returns:
      64 hexadecimal digits.
    """
    decisive = [SEMANTICS_VERSION, list(shards), img_size, network, weights_fingerprint]
    decisive += [subset] if subset else []
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()


class FeatureCache:
    """Statistics and rows of real images, in files, so that they are computed once.

    Files are read from every folder, and written to the first that can be written to: a
    data set may be read-only. What is damaged, or holds anything else than its name says,
    is as good as missing. No trouble with the cache ends an evaluation.
    """

    def __init__(self, folders: Sequence[Path], warn: Callable[[str], None]) -> None:
        """Touches no folder yet.

        Args:
          folders: the preferred one first; they are made when something is written.
          warn: takes a line about what went wrong.
        """
        self._folders = tuple(folders)
        self._warn = warn
        self._target: Path | None = None
        self._prepared = False

    def load(self, key: str, most_rows: int) -> tuple[FeatureStatistics, np.ndarray] | None:
        """What `save` wrote; None if it is in no folder.

        Args:
          key: what `statistics_key` gives.
          most_rows: rows must be so many, or as many as there are images.
        """
        for folder in self._folders:
            statistics_file, rows_file = _files(folder, key)
            if not os.path.isfile(statistics_file):  # nor where it may not be looked for
                continue
            try:
                statistics = load_statistics(statistics_file, key)
                rows = np.load(rows_file, allow_pickle=False)
                expected = (min(statistics.count, most_rows), statistics.dim)
                check(rows.shape == expected, f"{rows_file} holds other things than features")
            except (UserError, *_DAMAGED) as error:
                self._warn(f"warning: computing features of real images again: {error}")
                continue
            return statistics, rows
        return None

    def prepare(self) -> None:
        """Finds the folder to write to: before the work, which may take an hour, not after it."""
        if self._prepared:
            return
        self._prepared = True
        errors = []
        for folder in self._folders:
            error = writing_error(folder)
            if error is None:
                self._target = folder
                break
            errors.append(f"{folder} cannot be written to ({error.strerror})")
        if errors:
            kept = f"kept in {self._target}" if self._target else "not kept"
            self._warn(f"warning: {', '.join(errors)}: features of real images are {kept}.")

    def save(self, key: str, statistics: FeatureStatistics, rows: np.ndarray) -> None:
        """Writes to the folder that `prepare` found, if any.

        Args:
          key: what `load` will ask for.
          statistics: of all images.
          rows: features of the first of them, [n, dim] float32.
        """
        if self._target is None:
            return
        statistics_file, rows_file = _files(self._target, key)
        beside = rows_file.with_name(f"{rows_file.name}.{os.getpid()}.tmp.npy")
        try:
            save_statistics(statistics_file, statistics, key)
            np.save(beside, rows)
            beside.replace(rows_file)
        except (UserError, OSError) as error:
            self._warn(f"warning: features of real images are not kept: {error}")
        finally:
            beside.unlink(missing_ok=True)


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
        raise UserError(
            f"{path} cannot be written ({error.strerror}): make room, or let it be written to."
        ) from error
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


def _files(folder: Path, key: str) -> tuple[Path, Path]:
    """Where a folder has the statistics and the rows of a key."""
    return folder / f"statistics-{key}.npz", folder / f"rows-{key}.npy"
