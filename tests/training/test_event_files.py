import struct

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stargan_tf.checksums import masked_crc32c
from stargan_tf.training.event_files import drop_events_after, event_files, whole_up_to


def write(folder, values):
    """A sitting that writes a scalar at each step."""
    writer = tf.summary.create_file_writer(str(folder))
    for step, value in values.items():
        with writer.as_default(step):
            tf.summary.scalar("loss", value)
    writer.close()


def tfrecord(records):
    """A file of records, with their checksums."""
    parts = [part for record in records for part in (struct.pack("<Q", len(record)), record)]
    return b"".join(part + struct.pack("<I", masked_crc32c(part)) for part in parts)


def shown(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return [(e.step, float(tf.make_ndarray(e.tensor_proto))) for e in events.Tensors("loss")]


def test_curves_show_no_iteration_twice(tmp_path):
    write(tmp_path, {1: 1.0, 2: 2.0, 3: 3.0})
    drop_events_after(tmp_path, 1)
    write(tmp_path, {2: 20.0, 3: 30.0})
    assert shown(tmp_path) == [(1, 1.0), (2, 20.0), (3, 30.0)]


def test_a_run_that_starts_anew_shows_nothing_of_the_last_start(tmp_path):
    write(tmp_path, {0: 1.0, 1: 2.0})
    drop_events_after(tmp_path, -1)
    assert event_files(tmp_path) == set()


def test_files_that_hold_nothing_later_stay_as_they_are(tmp_path):
    write(tmp_path, {1: 1.0, 2: 2.0})
    (path,) = event_files(tmp_path)
    before = path.stat()
    drop_events_after(tmp_path, 2)
    assert path.stat() == before
    assert event_files(tmp_path) == {path}


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_an_event_cut_short_is_dropped(tmp_path, cut):
    write(tmp_path, {1: 1.0, 2: 2.0})
    (path,) = event_files(tmp_path)
    content = path.read_bytes()
    assert whole_up_to(path) == len(content)
    path.write_bytes(content[:-cut])
    whole = whole_up_to(path)
    assert whole < len(content) - cut
    drop_events_after(tmp_path, 2)
    assert path.stat().st_size == whole
    assert shown(tmp_path) == [(1, 1.0)]


@pytest.mark.parametrize("checksums", ["wrong", "right"])
@pytest.mark.parametrize("damage", [b"\xff" * 8, b"\0" * 8])
def test_a_damaged_event_is_dropped_alone(tmp_path, damage, checksums):
    """Where its length is whole: TensorBoard would show nothing of what follows."""
    write(tmp_path, {1: 1.0, 2: 2.0, 3: 3.0})
    (path,) = event_files(tmp_path)
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    bad = damage + records[2][8:]
    if checksums == "right":
        path.write_bytes(tfrecord([*records[:2], bad, *records[3:]]))
    else:
        path.write_bytes(path.read_bytes().replace(records[2], bad))
    drop_events_after(tmp_path, 3)
    assert shown(tmp_path) == [(1, 1.0), (3, 3.0)]


@pytest.mark.parametrize("hole", [b"\0" * 64, b"\xff" * 64])
def test_what_follows_a_hole_is_no_record(tmp_path, hole):
    write(tmp_path, {1: 1.0, 2: 2.0})
    (path,) = event_files(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content + hole + content)
    assert whole_up_to(path) == len(content)
    assert whole_up_to(path, len(content)) == len(content)


def test_folders_below_are_left_alone(tmp_path):
    write(tmp_path / "evaluation", {5: 1.0})
    drop_events_after(tmp_path, 2)
    assert shown(tmp_path / "evaluation") == [(5, 1.0)]
