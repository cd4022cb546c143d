import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.data.schema import shard_paths
from stargan_tf.errors import UserError
from stargan_tf.evaluation import statistics_cache
from stargan_tf.evaluation.statistics import FeatureStatistics, statistics_of
from stargan_tf.evaluation.statistics_cache import (
    cached_statistics,
    load_statistics,
    save_statistics,
    statistics_key,
)

KEY, OTHER_KEY = "ab" * 32, "cd" * 32
CHOICE = {"img_size": 32, "network": "net", "weights_fingerprint": "f00"}


def some_statistics(seed=0):
    return statistics_of([np.random.default_rng(seed).standard_normal((9, 4))])


def assert_equal(first, second):
    assert first.count == second.count
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.covariance, second.covariance)


class Compute:
    """Counts how often statistics are computed."""

    def __init__(self, seed=0):
        self.calls = 0
        self.seed = seed

    def __call__(self):
        self.calls += 1
        return some_statistics(self.seed)


def test_computed_once(tmp_path):
    compute = Compute()
    for _ in range(3):
        assert_equal(cached_statistics(tmp_path / "new" / "cache", KEY, compute), Compute()())
    assert compute.calls == 1
    assert_equal(cached_statistics(tmp_path / "new" / "cache", OTHER_KEY, Compute(1)), Compute(1)())


def test_of_a_data_set(two_domains_dir, tmp_path):
    """As evaluation uses it, with mean colours for features."""

    def compute(batch_size):
        images = eval_dataset(
            two_domains_dir, "train", img_size=32, batch_size=batch_size, domain="cat"
        )
        return statistics_of(tf.reduce_mean(x, axis=[1, 2]) for x, _ in images)

    key = statistics_key(two_domains_dir, "train", "cat", **CHOICE)
    first = cached_statistics(tmp_path, key, lambda: compute(2))
    assert (first.count, first.dim) == (5, 3)
    assert_equal(cached_statistics(tmp_path, key, pytest.fail), first)
    # The mean of a batch of images may differ in the last bit of float32.
    np.testing.assert_allclose(compute(3).covariance, first.covariance, atol=1e-6)


def test_nothing_but_the_file_is_left(tmp_path):
    cached_statistics(tmp_path, KEY, Compute())
    assert os.listdir(tmp_path) == [f"statistics-{KEY}.npz"]


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


def assert_computed_again(path):
    """Replaced with a word about it, and trusted from then on."""
    compute, lines = Compute(seed=5), []
    assert_equal(cached_statistics(path.parent, KEY, compute, report=lines.append), compute())
    (line,) = lines
    assert line.startswith(f"warning: computing the statistics again: {path}")
    assert_equal(cached_statistics(path.parent, KEY, compute, report=lines.append), compute())
    assert (compute.calls, len(lines)) == (3, 1)


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
def test_foreign_files_are_computed_again(tmp_path, changes):
    assert_computed_again(written(tmp_path, **changes))


def npy_file():
    buffer = io.BytesIO()
    np.save(buffer, COVARIANCE)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file" * 50, npy_file()])
def test_other_files_are_computed_again(tmp_path, content):
    path = written(tmp_path)
    path.write_bytes(content)
    assert_computed_again(path)


def test_files_cut_short_or_altered_are_never_believed(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    good = some_statistics()
    rng = np.random.default_rng(0)
    refused = 0
    for position in range(0, len(whole), 3):
        altered = bytearray(whole)
        altered[position] ^= 1 << rng.integers(8)
        for content in (whole[:position], bytes(altered)):
            path.write_bytes(content)
            try:  # what the zip format does not use, like dates, may be anything
                assert_equal(load_statistics(path, KEY), good)
            except UserError:
                refused += 1
    assert refused > len(whole) / 3


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"gone.npz cannot be read as statistics"):
        load_statistics(tmp_path / "gone.npz", KEY)


def test_a_cache_that_cannot_be_written_to_is_told_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    compute = Compute()
    with pytest.raises(UserError, match="choose another folder for the cache"):
        cached_statistics(tmp_path / "file" / "cache", KEY, compute)
    assert not compute.calls


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def savez(file, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(UserError, match="No space left on device"):
        save_statistics(tmp_path / "s.npz", some_statistics(), KEY)
    assert not os.listdir(tmp_path)


def test_the_key_is_of_the_content(two_domains_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(statistics_cache, "_CHUNK_BYTES", 100)  # many to a shard
    key = statistics_key(two_domains_dir, "train", "cat", **CHOICE)
    assert len(key) == 64
    copy = tmp_path / "copy"
    shutil.copytree(two_domains_dir, copy)
    assert statistics_key(copy, "train", "cat", **CHOICE) == key

    others = [
        statistics_key(copy, "val", "cat", **CHOICE),
        statistics_key(copy, "train", "dog", **CHOICE),
        statistics_key(copy, "train", "cat", **CHOICE | {"img_size": 64}),
        statistics_key(copy, "train", "cat", **CHOICE | {"network": "net2"}),
        statistics_key(copy, "train", "cat", **CHOICE | {"weights_fingerprint": "f01"}),
    ]
    shard = shard_paths(copy, "train", "cat")[-1]
    content = bytearray(Path(shard).read_bytes())
    content[-1] ^= 1
    Path(shard).write_bytes(content)
    others.append(statistics_key(copy, "train", "cat", **CHOICE))
    assert len({key, *others}) == 7


def test_the_key_is_of_this_codes_meaning(two_domains_dir, monkeypatch):
    key = statistics_key(two_domains_dir, "train", "cat", **CHOICE)
    monkeypatch.setattr(statistics_cache, "SEMANTICS_VERSION", 0)
    assert statistics_key(two_domains_dir, "train", "cat", **CHOICE) != key


def test_missing_shards_are_told(tmp_path):
    with pytest.raises(UserError, match="no shards of split train, domain cat"):
        statistics_key(tmp_path, "train", "cat", **CHOICE)


def test_large_statistics_survive(tmp_path):
    rng = np.random.default_rng(0)
    root = rng.standard_normal((600, 600))
    covariance = root @ root.T
    large = FeatureStatistics(10, rng.standard_normal(600), (covariance + covariance.T) / 2)
    save_statistics(tmp_path / "s.npz", large, KEY)
    assert_equal(load_statistics(tmp_path / "s.npz", KEY), large)
