"""The curated schema takes what prepare_data writes, and nothing else."""

from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2

from pipeline.create_pipeline import schema_file_of
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.schema import encode_example
from tests.data import makers

OF_ATTRIBUTES = PrepareDataConfig(attributes=("Male", "Young"))


def anomalies(
    records: list[bytes], folder: Path, data: PrepareDataConfig | None = None
) -> anomalies_pb2.Anomalies:
    file = str(folder / "train-cat-00000-of-00001.tfrecord")
    with tf.io.TFRecordWriter(file) as writer:
        for record in records:
            writer.write(record)
    schema = tfdv.load_schema_text(str(schema_file_of(data or PrepareDataConfig())))
    options = tfdv.StatsOptions(schema=schema)
    statistics = tfdv.generate_statistics_from_tfrecord(file, stats_options=options)
    return tfdv.validate_statistics(statistics, schema)


def good(number: int, label: int | tuple[int, ...] = 1) -> bytes:
    return encode_example(makers.encoded(makers.pixels(number)), label, f"cat/{number}.png")


def without_image() -> bytes:
    example = tf.train.Example.FromString(good(0))
    del example.features.feature["image"]
    return example.SerializeToString()


def with_more() -> bytes:
    example = tf.train.Example.FromString(good(0))
    example.features.feature["age"].int64_list.value.append(7)
    return example.SerializeToString()


def test_prepared_records_fit(tmp_path: Path) -> None:
    assert not anomalies([good(number) for number in range(8)], tmp_path).anomaly_info


@pytest.mark.parametrize(
    ("strange", "feature"),
    [(good(0, label=-1), "label"), (without_image(), "image"), (with_more(), "age")],
    ids=["wrong label", "no image", "one feature more"],
)
def test_strange_records_do_not(tmp_path: Path, strange: bytes, feature: str) -> None:
    found = anomalies([*(good(number) for number in range(8)), strange], tmp_path)
    assert list(found.anomaly_info) == [feature]


@pytest.mark.parametrize("labels", [[(0, 1), (1, 1), (1, 0)], [(1,), (0,)], [(0, 1) * 20] * 3])
def test_records_with_attributes_fit(tmp_path: Path, labels: list[tuple[int, ...]]) -> None:
    records = [good(number, label) for number, label in enumerate(labels)]
    assert not anomalies(records, tmp_path, OF_ATTRIBUTES).anomaly_info


@pytest.mark.parametrize(
    ("strange", "feature"),
    [(good(0, (2, 0)), "label"), (good(0, ()), "label"), (without_image(), "image")],
    ids=["wrong label", "no label", "no image"],
)
def test_strange_records_with_attributes_do_not(
    tmp_path: Path, strange: bytes, feature: str
) -> None:
    records = [*(good(number, (0, 1)) for number in range(8)), strange]
    assert list(anomalies(records, tmp_path, OF_ATTRIBUTES).anomaly_info) == [feature]


def test_attributes_are_no_domains(tmp_path: Path) -> None:
    assert list(anomalies([good(0, (0, 1))], tmp_path).anomaly_info) == ["label"]
