import contextlib
import dataclasses
import threading

import pytest

from stargan_tf.benchmarking.served import server_works
from stargan_tf.config.benchmark import BenchmarkConfig, ExportedModelConfig, Variant
from stargan_tf.errors import UserError
from stargan_tf.serving.client import Client
from tests.algorithms import toy
from tests.devserver.running import running_server


def config(exported, server):
    return ExportedModelConfig(model=str(exported.base), server=server)


def connecting(settings, exported):
    with server_works(settings, exported.base / "1") as works:
        return works


def test_requests_are_timed_as_long_as_there_is_a_server(exported, tmp_path):
    with running_server(exported.base.parent) as server, contextlib.ExitStack() as stack:
        urls = f"grpc://127.0.0.1:{server.grpc_port}", f"http://127.0.0.1:{server.rest_port}"
        works = []
        for url in urls:
            works += stack.enter_context(server_works(config(exported, url), exported.base / "1"))
            # The server has no model of this name.
            with pytest.raises(UserError, match=tmp_path.name):
                connecting(ExportedModelConfig(model=str(tmp_path), server=url), exported)
        assert [(work.what, work.images) for work in works] == [("server translate_random", 1)] * 2
        assert all(work.run() > 0 for work in works)
        server.stop(patience=0)
        for work in works:
            with pytest.raises(UserError, match="Found no server at"):
                work.run()


def test_requests_at_once(exported, monkeypatch):
    together = threading.Barrier(3, timeout=60)
    translate = Client.translate

    def translate_together(client, *arguments):
        if threading.current_thread() is not threading.main_thread():
            together.wait()  # else none goes on
        return translate(client, *arguments)

    monkeypatch.setattr(Client, "translate", translate_together)
    with running_server(exported.base.parent) as server:
        settings = config(exported, f"grpc://127.0.0.1:{server.grpc_port}")
        settings = dataclasses.replace(settings, clients=3)
        with server_works(settings, exported.base / "1") as (work,):
            assert work.images == 3 and work.run() > 0


def test_a_server_that_is_not_there(exported):
    with pytest.raises(UserError, match="Found no server at"):
        connecting(config(exported, "http://127.0.0.1:9"), exported)


def test_an_algorithm_that_the_client_does_not_know(toy_export):
    settings = ExportedModelConfig(model=str(toy_export.base), server="grpc://127.0.0.1:9")
    with pytest.raises(UserError, match="expected one of translate_random, .*: leave --server out"):
        connecting(settings, toy_export)


def test_what_is_missing(exported):
    training = toy.Settings(algorithm="tests.algorithms.toy")
    for exports, words in (
        (ExportedModelConfig(), "no --model"),
        (ExportedModelConfig(model=str(exported.base)), "no --server"),
    ):
        with pytest.raises(UserError, match=words):
            Variant("", training, exports).validate(("server",))
    BenchmarkConfig(what=("server",)).validate()
