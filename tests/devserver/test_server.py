"""The whole server: versions change under load, errors stay apart, nothing grows."""

import concurrent.futures
import ctypes
import gc
import json
import random
import shutil
import threading
import time

import grpc
import pytest

from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.discovery import ModelSettings, find_models
from stargan_tf.devserver.grpc_service import THREADS
from stargan_tf.devserver.repository import Target
from stargan_tf.devserver.server import Server
from stargan_tf.errors import UserError
from tests.devserver.conftest import Client
from tests.devserver.requests_of import echo_request, echoes
from tests.devserver.running import running_server
from tests.waiting import until

# What a server answers when it was at fault itself.
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


@pytest.fixture
def served(echo_models, tmp_path):
    """A folder of models with version 1, and a client of a server of its own."""
    models = tmp_path / "models"
    shutil.copytree(echo_models / "echo" / "1", models / "echo" / "1")
    with running_server(models) as server:
        client = Client(server)
        yield models, client
        client.close()


def rest_body(*texts):
    return {"inputs": {"text_bytes": texts, "number": list(range(len(texts)))}}


def ask_rest(client, *texts):
    """The answer as text, or the error."""
    response = client.post("/v1/models/echo:predict", json=rest_body(*texts))
    return response.status_code, response.text


def test_versions_change_under_load_without_an_error(echo_models, served):
    models, client = served
    stop, problems, versions = threading.Event(), [], {"grpc": set(), "rest": set()}

    def load(kind, number):
        i = 0
        while not stop.is_set():
            i += 1
            texts = [f"{kind}{number}-{i}-{j}" for j in range(i % 3 + 1)]
            try:
                if kind == "grpc":
                    response = client.prediction.Predict(echo_request(*texts), timeout=30)
                    version = response.model_spec.version.value
                    answers = list(response.outputs["text_bytes"].string_val)
                    assert answers == echoes(version, *texts), answers
                else:
                    status, text = ask_rest(client, *texts)
                    assert status == 200, text
                    version = None
                versions[kind].add(version)
            except Exception as error:
                problems.append(error)
                return

    kinds = [(kind, number) for kind in ("grpc", "rest") for number in range(4)]
    threads = [threading.Thread(target=load, args=kind) for kind in kinds]
    for thread in threads:
        thread.start()
    until(lambda: versions["grpc"] or problems)
    # Copied where it is not seen, then renamed: a version is there all at once.
    partial = models / "echo" / ".2.partial"
    shutil.copytree(echo_models / "echo" / "2", partial)
    partial.rename(models / "echo" / "2")
    until(lambda: 2 in versions["grpc"] or problems)
    (models / "echo" / "2").rename(partial)  # back to the old one
    until(lambda: client.get("/v1/models/echo").json()["model_version_status"][0]["state"] == "END")
    stop.set()
    for thread in threads:
        thread.join()
    assert not problems, problems
    assert versions["grpc"] == {1, 2}


def test_bad_requests_spoil_no_others(served):
    _, client = served

    def ask(i):
        texts = [f"{i}-{j}" for j in range(i % 4 + 1)]
        is_bad = i % 3 == 0
        if is_bad:
            texts[-1] = "bad"
        try:
            response = client.prediction.Predict(echo_request(*texts), timeout=30)
        except grpc.RpcError as error:
            assert is_bad and error.details() == f"Found bad text in row {len(texts) - 1}"
        else:
            assert not is_bad
            assert list(response.outputs["text_bytes"].string_val) == echoes(1, *texts)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(300)))


def mutated(data, rng):
    """Bytes that resemble a request."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        position = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[position] = rng.randrange(256)
            case 1:
                del data[position : position + rng.randint(1, 10)]
            case 2:
                data[position:position] = data[: rng.randint(1, 20)]
            case 3:
                data[position:position] = rng.choice([b"[", b"{", b'"', b"-1e999", b"null", b"\0"])
        if not data:
            return b""
    return bytes(data)


def test_hundreds_of_malformed_requests(served):
    _, client = served
    rng = random.Random(7)
    predict = client.channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    message = echo_request("a", "b").SerializeToString()
    body = json.dumps(rest_body("a", "b")).encode()
    slowest = 0.0
    for i in range(300):
        start = time.monotonic()
        response = client.post("/v1/models/echo:predict", data=mutated(body, rng))
        assert response.status_code in (200, 400, 404), response.text
        assert response.ok or response.json()["error"]
        try:
            predict(mutated(message, rng), timeout=30)
        except grpc.RpcError as error:
            assert error.code() not in FAULTS, error.details()
            assert error.details()
        slowest = max(slowest, time.monotonic() - start)
        if i % 50 == 0:
            assert ask_rest(client, "a")[0] == 200
    assert slowest < 2
    assert client.prediction.Predict(echo_request("a"), timeout=30).outputs


def resident_mib():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what other tests have left behind is not the server's
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20


def threads_by_kind():
    """The number of gRPC's threads, which begin when needed, and the names of all others."""
    names = [thread.name for thread in threading.enumerate()]
    others = sorted(name for name in names if not name.startswith("grpc_"))
    return len(names) - len(others), others


@pytest.mark.slow
def test_memory_and_threads_stay_as_they_are(served):
    _, client = served
    rng = random.Random(5)
    image = "x" * 30_000

    def ask(_):
        # Another number of rows and another length each time, and a bad one now and then.
        texts = [image[: rng.randrange(30_000)] for _ in range(rng.randint(1, 6))]
        if rng.random() < 0.2:
            texts.append("bad")
        if rng.random() < 0.5:
            ask_rest(client, *texts)
        else:
            try:
                client.prediction.Predict(echo_request(*texts), timeout=30)
            except grpc.RpcError as error:
                assert "bad text" in error.details()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(300)))
        memory, (pooled, others) = resident_mib(), threads_by_kind()
        list(pool.map(ask, range(600)))
        assert resident_mib() - memory < 20
        pooled_now, others_now = threads_by_kind()
        assert others_now == others
        assert pooled_now - pooled <= THREADS


def state_of_version_1(server):
    (entry,) = server.repository.status(Target("echo", 1)).model_version_status
    return entry.State.Name(entry.state)


def test_a_request_in_flight_keeps_its_version(echo_models, tmp_path):
    shutil.copytree(echo_models / "echo" / "1", tmp_path / "echo" / "1")
    with running_server(tmp_path) as server:
        with server.repository.lease(Target("echo")) as servable:
            shutil.copytree(echo_models / "echo" / "2", tmp_path / "echo" / ".2")
            (tmp_path / "echo" / ".2").rename(tmp_path / "echo" / "2")
            until(lambda: 2 in server.repository.available()["echo"])
            outputs = servable.run("total", {"x": 3.0})
            assert outputs["total"] == 3
        until(
            lambda: server.repository.status(Target("echo", 1)).model_version_status[0].state == 50
        )


def test_labels_and_versions_by_configuration(echo_models):
    model = ModelSettings("echo", echo_models / "echo", latest=2, labels={"stable": 1})
    with running_server(echo_models, models_finder=lambda: [model]) as server:
        client = Client(server)
        for which, version in (("", 2), ("/labels/stable", 1), ("/versions/1", 1)):
            path = f"/v1/models/echo{which}"
            assert client.get(f"{path}/metadata").json()["model_spec"]["version"] == str(version)
            response = client.post(f"{path}:predict", json={**rest_body("a")})
            assert response.ok
        for options, version in (({}, 2), ({"label": "stable"}, 1), ({"version": 1}, 1)):
            response = client.prediction.Predict(echo_request("a", **options), timeout=30)
            assert response.model_spec.version.value == version
            assert list(response.outputs["text_bytes"].string_val) == echoes(version, "a")
        client.close()


def test_no_thread_outlives_its_server(echo_models):
    def ours():
        return [
            thread.name
            for thread in threading.enumerate()
            if thread.name.startswith(("waitress", "rest", "repository", "grpc_"))
        ]

    before = len(ours())
    with running_server(echo_models) as server:
        client = Client(server)
        assert ask_rest(client, "a")[0] == 200
        assert client.prediction.Predict(echo_request("a"), timeout=30).outputs
        assert len(ours()) > before
        client.close()
    until(lambda: len(ours()) == before)


def test_nothing_to_serve(tmp_path):
    (tmp_path / "m" / "1").mkdir(parents=True)
    with pytest.raises(UserError, match=r"None of the models could be loaded \(m\)"):
        with running_server(tmp_path):
            pass


def test_a_port_that_is_taken_meanwhile(echo_models):
    with running_server(echo_models) as first:
        free = {"port": 0, "rest_api_port": 0}
        for ports in ({"port": first.grpc_port}, {"rest_api_port": first.rest_port}):
            config = ServeConfig(**{**free, **ports})
            second = Server(config, lambda: find_models(echo_models), report=lambda line: None)
            with pytest.raises(UserError, match="taken"):
                second.start()
            second.stop()


def test_a_server_that_stops_finishes_its_requests(echo_models, monkeypatch):
    from stargan_tf.devserver.servable import Servable

    gate, real = threading.Event(), Servable.run
    running = []

    def run(self, signature, *inputs):
        running.append(signature)
        assert gate.wait(30)
        return real(self, signature, *inputs)

    monkeypatch.setattr(Servable, "run", run)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        with running_server(echo_models) as server:
            client = Client(server)
            by_rest = pool.submit(ask_rest, client, "a")
            by_grpc = pool.submit(client.prediction.Predict, echo_request("a"), timeout=30)
            until(lambda: len(running) == 2)
            stopping = pool.submit(server.stop)
            until(lambda: server._rest.stopping)
            assert not stopping.done()
            gate.set()
            assert by_rest.result(30)[0] == 200
            assert by_grpc.result(30).outputs
            stopping.result(30)
            client.close()
