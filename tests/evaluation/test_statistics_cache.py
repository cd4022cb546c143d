import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.schema import shard_paths
from stargan_tf.errors import UserError
from stargan_tf.evaluation import statistics_cache
from stargan_tf.evaluation.statistics import FeatureStatistics
from stargan_tf.evaluation.statistics_cache import (
    FeatureCache,
    load_statistics,
    save_statistics,
    shard_digests,
    statistics_key,
)
from tests.evaluation.fakes import statistics_of

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
CHOICE = {"img_size": 32, "network": "net", "weights_fingerprint": "f00"}


def some_statistics(seed=0):
    return statistics_of([np.random.default_rng(seed).standard_normal((9, 4))])


def assert_equal(first, second):
    assert first.count == second.count
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.covariance, second.covariance)


class Lines(list):
    """Takes the warnings of a cache."""

    def __call__(self, line):
        self.append(line)


def key_of(data_dir, split, domain, **choice):
    return statistics_key(shard_digests(data_dir, split, domain), **choice)


def saved(folders, key=KEY, seed=0, warn=pytest.fail):
    """Puts statistics of 9 images and their rows into a cache of some folders."""
    rows = np.random.default_rng(seed).standard_normal((9, 4)).astype(np.float32)
    cache = FeatureCache(folders, warn)
    cache.prepare()
    cache.save(key, some_statistics(seed), rows)
    return rows


def test_what_is_saved_is_loaded(tmp_path):
    folder = tmp_path / "new" / "cache"
    cache = FeatureCache([folder], pytest.fail)
    assert cache.load(KEY, 100) is None and not folder.exists()
    rows, others = saved([folder]), saved([folder], OTHER_KEY, seed=1)
    for key, seed, expected in ((KEY, 0, rows), (OTHER_KEY, 1, others)):
        statistics, found = cache.load(key, 100)
        assert_equal(statistics, some_statistics(seed))
        np.testing.assert_array_equal(found, expected)


def test_nothing_but_the_files_is_left(tmp_path):
    saved([tmp_path])
    assert sorted(os.listdir(tmp_path)) == [f"rows-{KEY}.npy", f"statistics-{KEY}.npz"]


def unwritable(tmp_path, name="data"):
    """A folder that cannot be made, for whoever tries."""
    (tmp_path / name).touch()
    return tmp_path / name / "cache"


def test_another_folder_stands_in_for_one_that_cannot_be_written_to(tmp_path):
    warnings = Lines()
    folders = [unwritable(tmp_path), tmp_path / "results" / "cache"]
    rows = saved(folders, warn=warnings)
    (line,) = warnings
    assert line.startswith(f"warning: {folders[0]} cannot be written to (Not a directory)")
    assert line.endswith(f"are kept in {folders[1]}.")
    _, found = FeatureCache(folders, pytest.fail).load(KEY, 100)
    np.testing.assert_array_equal(found, rows)


def test_what_a_folder_has_is_read_though_it_cannot_be_written_to(tmp_path, monkeypatch):
    data, results = tmp_path / "data", tmp_path / "results"
    saved([data])
    monkeypatch.setattr(statistics_cache, "writing_error", lambda folder: OSError(30, "Read-only"))
    cache = FeatureCache([data, results], pytest.fail)
    assert cache.load(KEY, 100) and not results.exists()


def test_nowhere_to_write_ends_nothing(tmp_path):
    warnings = Lines()
    cache = FeatureCache([unwritable(tmp_path, "a"), unwritable(tmp_path, "b")], warnings)
    for _ in range(3):
        cache.prepare()
        cache.save(KEY, some_statistics(), np.zeros((9, 4), np.float32))
    (line,) = warnings
    assert line.endswith("features of real images are not kept.")


def test_a_disk_that_gets_full_ends_nothing(tmp_path, monkeypatch):
    def save(file, rows):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", save)
    warnings = Lines()
    saved([tmp_path], warn=warnings)
    (line,) = warnings
    assert "are not kept: [Errno 28] No space left on device" in line
    assert os.listdir(tmp_path) == [f"statistics-{KEY}.npz"]
    assert FeatureCache([tmp_path], Lines()).load(KEY, 100) is None


def test_interrupted_writing_leaves_nothing(tmp_path, monkeypatch):
    def savez(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "kept.npz"
    save_statistics(path, some_statistics(), KEY)
    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(KeyboardInterrupt):
        save_statistics(path, some_statistics(1), KEY)
    assert os.listdir(tmp_path) == ["kept.npz"]
    assert_equal(load_statistics(path, KEY), some_statistics())


def assert_not_believed(path):
    """The file is told of and is as good as missing, until it is replaced."""
    with pytest.raises(UserError, match="remove it, so that it is computed again"):
        load_statistics(path, KEY)
    warnings = Lines()
    cache = FeatureCache([path.parent], warnings)
    assert cache.load(KEY, 100) is None
    (line,) = warnings
    assert line.startswith(f"warning: computing features of real images again: {path}")
    saved([path.parent])
    assert_equal(cache.load(KEY, 100)[0], some_statistics())
    assert len(warnings) == 1


def written(tmp_path, **changes):
    """The cache's file of KEY, with some arrays changed."""
    path = tmp_path / f"statistics-{KEY}.npz"
    good = some_statistics()
    arrays = {"key": np.array(KEY), **vars(good), **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


COVARIANCE = some_statistics().covariance


@pytest.mark.parametrize(
    "changes",
    [
        {"key": np.array(OTHER_KEY)},
        {"key": None},
        {"count": None},
        {"count": np.array(1)},
        {"count": np.array([3, 4])},
        {"mean": np.zeros(3)},
        {"mean": np.zeros((4, 1))},
        {"mean": np.zeros(4, np.float32)},
        {"mean": np.full(4, np.nan)},
        {"mean": np.array([{}], object)},
        {"covariance": COVARIANCE + np.triu(np.ones((4, 4)), 1)},
        {"covariance": -COVARIANCE},
        {"covariance": COVARIANCE * np.inf},
    ],
)
def test_foreign_files_are_not_believed(tmp_path, changes):
    assert_not_believed(written(tmp_path, **changes))


def npy_file():
    buffer = io.BytesIO()
    np.save(buffer, COVARIANCE)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file" * 50, npy_file()])
def test_other_files_are_not_believed(tmp_path, content):
    path = written(tmp_path)
    path.write_bytes(content)
    assert_not_believed(path)


def test_files_cut_short_or_altered_are_never_believed(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    good = some_statistics()
    rng = np.random.default_rng(0)
    rejected = 0
    for position in range(0, len(whole), 3):
        altered = bytearray(whole)
        altered[position] ^= 1 << rng.integers(8)
        for content in (whole[:position], bytes(altered)):
            path.write_bytes(content)
            try:  # what the zip format does not use, like dates, may be anything
                assert_equal(load_statistics(path, KEY), good)
            except UserError:
                rejected += 1
    assert rejected > len(whole) / 3


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"gone.npz cannot be read as statistics"):
        load_statistics(tmp_path / "gone.npz", KEY)


ROWS = np.zeros((9, 4), np.float32)


@pytest.mark.parametrize("rows", [None, ROWS[:8], ROWS[:, :3], ROWS[0], np.array([{}] * 9)])
def test_rows_that_do_not_fit_are_computed_again(tmp_path, rows):
    written(tmp_path)
    path = tmp_path / f"rows-{KEY}.npy"
    if rows is not None:
        np.save(path, rows)
    warnings = Lines()
    assert FeatureCache([tmp_path], warnings).load(KEY, 100) is None
    assert len(warnings) == 1 and str(path) in warnings[0] or "pickle" in warnings[0]


def test_only_so_many_rows_are_expected(tmp_path):
    written(tmp_path)
    np.save(tmp_path / f"rows-{KEY}.npy", ROWS[:5])
    assert FeatureCache([tmp_path], pytest.fail).load(KEY, 5)[1].shape == (5, 4)


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def savez(file, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(UserError, match="No space left on device"):
        save_statistics(tmp_path / "s.npz", some_statistics(), KEY)
    assert not os.listdir(tmp_path)


def test_the_key_is_of_the_content(two_domains_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(statistics_cache, "_CHUNK_BYTES", 100)  # many to a shard
    key = key_of(two_domains_dir, "train", "cat", **CHOICE)
    assert len(key) == 64
    copy = tmp_path / "copy"
    shutil.copytree(two_domains_dir, copy)
    assert key_of(copy, "train", "cat", **CHOICE) == key

    others = [
        key_of(copy, "val", "cat", **CHOICE),
        key_of(copy, "train", "dog", **CHOICE),
        key_of(copy, "train", "cat", **CHOICE | {"img_size": 64}),
        key_of(copy, "train", "cat", **CHOICE | {"network": "net2"}),
        key_of(copy, "train", "cat", **CHOICE | {"weights_fingerprint": "f01"}),
    ]
    shard = shard_paths(copy, "train", "cat")[-1]
    content = bytearray(Path(shard).read_bytes())
    content[-1] ^= 1
    Path(shard).write_bytes(content)
    others.append(key_of(copy, "train", "cat", **CHOICE))
    assert len({key, *others}) == 7


def test_the_key_is_of_this_codes_meaning(two_domains_dir, monkeypatch):
    key = key_of(two_domains_dir, "train", "cat", **CHOICE)
    monkeypatch.setattr(statistics_cache, "SEMANTICS_VERSION", 0)
    assert key_of(two_domains_dir, "train", "cat", **CHOICE) != key


def test_missing_shards_are_told(tmp_path):
    with pytest.raises(UserError, match="no shards of split train, domain cat"):
        shard_digests(tmp_path, "train", "cat")


def test_large_statistics_survive(tmp_path):
    rng = np.random.default_rng(0)
    root = rng.standard_normal((600, 600))
    covariance = root @ root.T
    large = FeatureStatistics(10, rng.standard_normal(600), (covariance + covariance.T) / 2)
    save_statistics(tmp_path / "s.npz", large, KEY)
    assert_equal(load_statistics(tmp_path / "s.npz", KEY), large)
