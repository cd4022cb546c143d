import dataclasses
import itertools
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.step import TrainBatch, draws
from stargan_tf.data import throughput
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.record_index import RecordIndex
from stargan_tf.data.sampling_plan import BLOCK_STEPS
from stargan_tf.errors import UserError
from stargan_tf.types import UNIFORM, Draw
from tests.data import makers


def dataset(data_dir: Path, **changes: object) -> tf.data.Dataset:
    names = {field.name for field in dataclasses.fields(StarGANv2Settings)}
    settings = {name: value for name, value in changes.items() if name in names}
    where = {name: value for name, value in changes.items() if name not in names}
    base = {"img_size": 16, "batch_size": 8, "latent_dim": 4, "randcrop_prob": 0.5, "seed": 3}
    config = StarGANv2Settings(**{**base, **settings})
    return train_dataset(data_dir, config, draws(config), **where)


def take(data: tf.data.Dataset, count: int) -> list[TrainBatch]:
    batches = list(itertools.islice(data.as_numpy_iterator(), count))
    return [TrainBatch(**batch) for batch in batches]


def assert_equal(found: list[TrainBatch], wanted: list[TrainBatch]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        for name, a, b in zip(TrainBatch._fields, one, other, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_batches_have_static_shapes_and_ranges(uneven_dir: Path) -> None:
    data = dataset(uneven_dir)
    spec = TrainBatch(**data.element_spec)
    assert spec.x_real == spec.x_ref == spec.x_ref2 == tf.TensorSpec((8, 16, 16, 3), tf.float32)
    assert spec.y_org == spec.y_trg == tf.TensorSpec((8,), tf.int32)
    assert spec.z_trg == spec.z_trg2 == tf.TensorSpec((8, 4), tf.float32)
    batch = take(data, 1)[0]
    for images in (batch.x_real, batch.x_ref, batch.x_ref2):
        assert images.min() >= -1 and images.max() <= 1 and images.std() > 0.2


def test_images_belong_to_their_domains(uneven_dir: Path) -> None:
    known: dict[int, list[np.ndarray]] = {0: [], 1: [], 2: []}
    for x, y in eval_dataset(uneven_dir, "train", img_size=16, batch_size=1).as_numpy_iterator():
        known[int(y[0])] += [x[0], x[0][:, ::-1]]
    assert {domain: len(images) for domain, images in known.items()} == {0: 120, 1: 14, 2: 4}
    for batch in take(dataset(uneven_dir, randcrop_prob=0.0), 6):
        pairs = [*zip(batch.x_real, batch.y_org, strict=True)]
        pairs += [*zip(batch.x_ref, batch.y_trg, strict=True)]
        pairs += [*zip(batch.x_ref2, batch.y_trg, strict=True)]
        for image, domain in pairs:
            assert min(np.abs(image - other).max() for other in known[int(domain)]) < 1e-5


def test_domains_are_uniform_whatever_the_class_sizes(uneven_dir: Path) -> None:
    batches = take(dataset(uneven_dir, batch_size=32, img_size=4), 40)
    for name in ("y_org", "y_trg"):
        counts = np.bincount(np.concatenate([getattr(batch, name) for batch in batches]))
        assert ((counts - 1280 / 3) ** 2 / (1280 / 3)).sum() < 13.8


def test_latents_are_normal_and_independent(uneven_dir: Path) -> None:
    batches = take(dataset(uneven_dir, batch_size=32, img_size=4, latent_dim=16), 20)
    first, second = (
        np.concatenate([getattr(batch, name) for batch in batches]).ravel()
        for name in ("z_trg", "z_trg2")
    )
    for latents in (first, second):
        assert abs(latents.mean()) < 0.05 and abs(latents.std() - 1) < 0.05
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_uniform_numbers(uneven_dir: Path) -> None:
    draws = (Draw("first", UNIFORM, size=16), Draw("second", UNIFORM, size=16))
    config = StarGANv2Settings(img_size=4, batch_size=32)
    data = [train_dataset(uneven_dir, config, draws, start_step=step) for step in (0, 3)]
    batches = list(itertools.islice(data[0].as_numpy_iterator(), 20))
    first, second = (np.stack([batch[name] for batch in batches]) for name in ("first", "second"))
    assert first.shape == (20, 32, 16) and first.dtype == np.float32
    for numbers in (first, second):
        assert 0 <= numbers.min() < 0.01 and 0.99 < numbers.max() < 1
        assert abs(numbers.mean() - 0.5) < 0.02 and abs(numbers.std() - 12**-0.5) < 0.02
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    np.testing.assert_array_equal(next(data[1].as_numpy_iterator())["first"], first[3])


def test_two_references_are_different_crops_even_of_one_image(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"train/cat": 1, "train/dog": 1})
    makers.prepared(tmp_path / "out", source="folder", input_dir=str(source), val_fraction=0.0)
    for batch in take(dataset(tmp_path / "out", randcrop_prob=1.0), 5):
        for one, other in zip(batch.x_ref, batch.x_ref2, strict=True):
            assert np.abs(one - other).max() > 0.01
    # With the same crops and flips they would be the same images.
    batch = take(dataset(tmp_path / "out", randcrop_prob=0.0), 1)[0]
    same = [np.allclose(a, b) for a, b in zip(batch.x_ref, batch.x_ref2, strict=True)]
    mirrored = [np.allclose(a, b[:, ::-1]) for a, b in zip(batch.x_ref, batch.x_ref2, strict=True)]
    assert all(np.logical_or(same, mirrored)) and not all(same)


def test_the_same_image_is_cropped_anew_each_time(tmp_path: Path) -> None:
    source = makers.folder(tmp_path / "in", {"train/cat": 1, "train/dog": 1})
    makers.prepared(tmp_path / "out", source="folder", input_dir=str(source), val_fraction=0.0)
    images = np.concatenate(
        [batch.x_real for batch in take(dataset(tmp_path / "out", randcrop_prob=1.0), 3)]
    )
    assert len(np.unique(images.reshape(24, -1), axis=0)) == 24


def test_the_stream_is_a_function_of_the_seed(uneven_dir: Path) -> None:
    wanted = take(dataset(uneven_dir), 3)
    assert_equal(take(dataset(uneven_dir), 3), wanted)
    other = take(dataset(uneven_dir, seed=4), 1)[0]
    assert (other.z_trg != wanted[0].z_trg).all()
    assert np.abs(other.x_real - wanted[0].x_real).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("start", [1, 5, BLOCK_STEPS - 1, BLOCK_STEPS, 2 * BLOCK_STEPS + 3])
def test_a_resumed_stream_equals_an_unbroken_one(uneven_dir: Path, start: int) -> None:
    small = {"img_size": 4, "batch_size": 2}
    unbroken = dataset(uneven_dir, **small).skip(start)
    assert_equal(take(dataset(uneven_dir, **small, start_step=start), 3), take(unbroken, 3))


def test_resuming_far_ahead_reads_nothing_of_what_was_before(
    uneven_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = RecordIndex.read

    def counted(self: RecordIndex, domain: int, record: int) -> bytes:
        reads.append((domain, record))
        return read(self, domain, record)

    monkeypatch.setattr(RecordIndex, "read", counted)
    take(dataset(uneven_dir, start_step=100_000), 1)
    assert 24 <= len(reads) < 24 * 100  # one batch, and what is fetched ahead


@pytest.mark.parametrize(("replicas", "num_workers"), [(2, 1), (4, 1), (1, 2), (2, 2)])
def test_replicas_and_workers_share_the_same_global_batches(
    uneven_dir: Path, replicas: int, num_workers: int
) -> None:
    wanted = take(dataset(uneven_dir), 2)
    streams = [
        take(
            dataset(uneven_dir, replicas=replicas, num_workers=num_workers, worker=worker),
            2 * replicas,
        )
        for worker in range(num_workers)
    ]
    found = []
    for step in range(2):
        slices = [
            batch for stream in streams for batch in stream[step * replicas : (step + 1) * replicas]
        ]
        assert all(len(batch.y_org) == 8 // (replicas * num_workers) for batch in slices)
        found.append(TrainBatch(*(np.concatenate(parts) for parts in zip(*slices, strict=True))))
    assert_equal(found, wanted)


def test_a_batch_that_cannot_be_divided_is_explained(uneven_dir: Path) -> None:
    with pytest.raises(UserError, match="--batch_size=8, expected a positive multiple of the 3"):
        dataset(uneven_dir, replicas=3)


def test_damaged_shards_are_explained(uneven_dir: Path, tmp_path: Path) -> None:
    shutil.copytree(uneven_dir, tmp_path / "data")
    shard = next((tmp_path / "data").glob("train-big-*"))
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(UserError, match="train-big.*is cut short"):
        dataset(tmp_path / "data")
    shard.write_bytes(b"")
    with pytest.raises(UserError, match="Found no images of the domain big"):
        dataset(tmp_path / "data")
    shard.unlink()
    with pytest.raises(UserError, match="Found no shards of split train, domain big"):
        dataset(tmp_path / "data")


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.999])
def test_a_shard_that_is_cut_while_it_is_in_use_is_explained(
    uneven_dir: Path, tmp_path: Path, kept: float
) -> None:
    shutil.copytree(uneven_dir, tmp_path / "data")
    index = RecordIndex(tmp_path / "data", "train", ["big", "tiny"])
    shard = next((tmp_path / "data").glob("train-big-*"))
    last = index.read(0, 59)
    os.truncate(shard, int(shard.stat().st_size * kept))
    assert last and index.read(1, 0)
    with pytest.raises(UserError, match="train-big.*is cut short"):
        index.read(0, 59)


def test_a_record_that_comes_in_parts_is_put_together(
    uneven_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = RecordIndex(uneven_dir, "train", ["mid"])
    whole = [index.read(0, record) for record in range(7)]
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda file, size, place: pread(file, min(size, 100), place))
    assert [index.read(0, record) for record in range(7)] == whole


def test_a_shard_that_cannot_be_read_is_explained(
    uneven_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: object) -> bytes:
        raise OSError(116, "Stale file handle")

    index = RecordIndex(uneven_dir, "train", ["mid"])
    monkeypatch.setattr(os, "pread", stale)
    with pytest.raises(UserError, match="train-mid.* cannot be read .*Stale file handle"):
        index.read(0, 0)


def test_evaluation_gives_each_image_once_in_order(uneven_dir: Path) -> None:
    data = eval_dataset(uneven_dir, "val", img_size=16, batch_size=4)
    images, domains = (np.concatenate(part) for part in zip(*data.as_numpy_iterator(), strict=True))
    assert images.shape == (9, 16, 16, 3) and images.dtype == np.float32
    assert domains.tolist() == [0] * 5 + [1] * 3 + [2] and domains.dtype == np.int32
    assert len(np.unique(images.reshape(9, -1), axis=0)) == 9
    again = np.concatenate([x for x, _ in data.as_numpy_iterator()])
    np.testing.assert_array_equal(images, again)
    assert data.element_spec[0].shape[1:] == (16, 16, 3)


def test_evaluation_of_one_domain(uneven_dir: Path) -> None:
    data = eval_dataset(uneven_dir, "val", img_size=16, batch_size=2, domain="mid")
    assert [y.tolist() for _, y in data.as_numpy_iterator()] == [[1, 1], [1]]
    with pytest.raises(UserError, match="Found no domain 'cow' .*expected one of big, mid, tiny"):
        eval_dataset(uneven_dir, "val", img_size=16, batch_size=2, domain="cow")
    with pytest.raises(UserError, match="Found no shards of split test"):
        eval_dataset(uneven_dir, "test", img_size=16, batch_size=2)


def test_throughput_counts_examples_per_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 102.0])
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    data = tf.data.Dataset.range(60).batch(5)
    assert throughput.measure_throughput(data, batches=8, warmup=2) == 20.0  # 8 * 5 in 2 s


def test_throughput_of_a_data_set_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0])
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    data = tf.data.Dataset.range(13).batch(5)
    assert throughput.measure_throughput(data, batches=8, warmup=1) == 8.0


def test_throughput_of_training_batches(uneven_dir: Path) -> None:
    assert throughput.measure_throughput(dataset(uneven_dir), batches=3, warmup=1) > 1
