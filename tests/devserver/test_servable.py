"""SavedModels in memory."""

import shutil
import threading
import types
from concurrent import futures

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from stargan_tf.devserver.errors import ServingError, error_of
from stargan_tf.devserver.servable import WARMUP_FILE, Servable
from tests.devserver.requests_of import echo_request, predict_request


@pytest.fixture
def copy(echo_models, tmp_path):
    return shutil.copytree(echo_models / "echo" / "1", tmp_path / "1")


def record(path, *requests):
    (path / WARMUP_FILE).parent.mkdir()
    with tf.io.TFRecordWriter(str(path / WARMUP_FILE)) as writer:
        writer.write(prediction_log_pb2.PredictionLog().SerializeToString())  # of another kind
        for request in requests:
            log = prediction_log_pb2.PredictLog(request=request)
            message = prediction_log_pb2.PredictionLog(predict_log=log)
            writer.write(message.SerializeToString())


def load(path):
    return Servable("echo", 1, path)


def texts(*values):
    return {
        "text_bytes": np.array(values, object),
        "number": np.arange(len(values), dtype=np.float32),
    }


def test_signatures_run(copy):
    servable = load(copy)
    specs = servable.inputs_of("pair")
    assert specs["vector"].shape.as_list() == [None, 3] and specs["seed"].dtype == tf.int64
    assert servable.inputs_of("total")["x"].shape.rank is None
    assert servable.inputs_of("") == servable.inputs_of("serving_default")
    outputs = servable.run("serving_default", texts(b"a", b"\xff"))
    assert outputs["text_bytes"].tolist() == [b"a:0.0:1", b"\xff:1.0:1"]


def test_no_number_of_rows_adds_to_the_graph(copy):
    servable = load(copy)
    before = len(servable._session.graph.as_graph_def().node)
    for count in range(1, 30):
        assert len(servable.run("serving_default", texts(*[b"a"] * count))["text_bytes"]) == count
    assert len(servable._session.graph.as_graph_def().node) == before


def test_a_request_whose_turn_does_not_come_in_time(copy, monkeypatch):
    monkeypatch.setattr("stargan_tf.devserver.servable._TURNS", threading.Semaphore(1))
    loaded, started, gate = load(copy), threading.Event(), threading.Event()
    real = loaded._session.run

    def run(*arguments):
        started.set()
        assert gate.wait(30)
        return real(*arguments)

    loaded._session = types.SimpleNamespace(run=run)
    with futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(loaded.run, "serving_default", texts(b"a"))
        assert started.wait(30)
        with pytest.raises(ServingError, match="deadline") as caught:
            loaded.run("serving_default", texts(b"b"), seconds=0.05)
        assert caught.value.http_status == 504
        gate.set()
        assert first.result(30)["text_bytes"].tolist() == [b"a:0.0:1"]
    assert loaded.run("serving_default", texts(b"c"), seconds=5)


def test_a_failed_request_gives_its_turn_to_the_next(copy, monkeypatch):
    monkeypatch.setattr("stargan_tf.devserver.servable._TURNS", threading.Semaphore(1))
    loaded = load(copy)
    for _ in range(3):
        with pytest.raises(tf.errors.InvalidArgumentError):
            loaded.run("serving_default", texts(b"bad"), seconds=5)


def test_outputs_are_arrays_of_any_rank(copy):
    outputs = load(copy).run("total", {"x": np.float32(3)})
    assert isinstance(outputs["total"], np.ndarray) and outputs["total"] == 3


def test_loading_says_nothing(copy, caplog, capfd):
    load(copy)
    assert not caplog.records and capfd.readouterr() == ("", "")


def test_what_a_graph_says_is_freed_of_what_tensorflow_adds(copy):
    servable = load(copy)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        servable.run("serving_default", texts(b"a", b"bad"))
    assert "{{node" in str(caught.value)
    error = error_of(caught.value)
    assert str(error) == "Found bad text in row 1" and error.http_status == 400


def test_a_sentence_with_bytes_that_are_no_text(copy):
    with pytest.raises(ServingError) as caught:
        load(copy).run("serving_default", texts(b"a", b"bad\xff"))
    assert str(caught.value) == "Found bad\ufffd text in row 1"
    assert caught.value.http_status == 400


def test_warm_up_requests_are_replayed(copy, monkeypatch):
    pair = predict_request("pair", vector=np.zeros((2, 3), np.float32), seed=np.array([1, 2]))
    record(copy, echo_request("a", "b"), pair)
    ran = []
    real = Servable.run

    def run(self, signature, inputs):
        ran.append((signature, len(next(iter(inputs.values())))))
        return real(self, signature, inputs)

    monkeypatch.setattr(Servable, "run", run)
    load(copy)
    assert ran == [("", 2), ("pair", 2)]


@pytest.mark.parametrize(
    "request_",
    [echo_request("bad"), echo_request("a", signature="x"), predict_request(number=[1.0])],
)
def test_a_version_that_fails_its_warm_up_is_not_served(copy, request_):
    record(copy, request_)
    with pytest.raises(ServingError, match="warm-up"):
        load(copy)


def test_a_warm_up_file_that_is_none(copy):
    (copy / WARMUP_FILE).parent.mkdir()
    (copy / WARMUP_FILE).write_bytes(b"no records" * 10)
    with pytest.raises(ServingError, match="warm-up"):
        load(copy)


def test_damaged_models(copy, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ServingError, match="saved_model.pb cannot be loaded"):
        load(tmp_path / "empty")
    model = copy / "saved_model.pb"
    whole = model.read_bytes()
    for damaged in (b"", b"no model", whole[: len(whole) // 2]):
        model.write_bytes(damaged)
        with pytest.raises(ServingError, match="saved_model.pb"):
            load(copy)
    model.write_bytes(whole)
    (variables,) = copy.glob("variables/*.index")
    variables.unlink()
    with pytest.raises(ServingError, match="cannot be loaded"):
        load(copy)
