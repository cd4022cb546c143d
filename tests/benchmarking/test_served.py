import pytest

from stargan_tf.benchmarking.served import server_works
from stargan_tf.config.benchmark import BenchmarkConfig, ExportedModelConfig, Variant
from stargan_tf.errors import UserError
from tests.algorithms import toy
from tests.devserver.running import running_server


def config(exported, server):
    return ExportedModelConfig(model=str(exported.base), server=server)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_requests_are_timed(exported, protocol):
    with running_server(exported.base.parent) as server:
        port = server.grpc_port if protocol == "grpc" else server.rest_port
        url = f"{protocol}://127.0.0.1:{port}"
        with server_works(config(exported, url), exported.base / "1") as works:
            (work,) = works
            assert work.what == f"server translate_random at {url}" and work.images == 1
            assert work.run() > 0
            server.stop(patience=0)
            with pytest.raises(UserError, match=r"correct --server\.$"):
                work.run()


def test_a_server_that_is_not_there_or_has_another_model(exported, tmp_path):
    nobody = config(exported, "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"start python -m stargan_tf\.serve"):
        server_works(nobody, exported.base / "1").__enter__()
    with running_server(exported.base.parent) as server:
        other = ExportedModelConfig(
            model=str(tmp_path), server=f"grpc://127.0.0.1:{server.grpc_port}"
        )
        with pytest.raises(UserError, match=tmp_path.name):
            server_works(other, exported.base / "1").__enter__()


def test_an_algorithm_that_the_client_does_not_know(toy_export):
    settings = ExportedModelConfig(model=str(toy_export.base), server="grpc://127.0.0.1:9")
    with pytest.raises(UserError, match="expected one of translate_random, .*: leave --server out"):
        server_works(settings, toy_export.base / "1").__enter__()


def test_what_is_missing(exported):
    training = toy.Settings(algorithm="tests.algorithms.toy")
    for exports, words in (
        (ExportedModelConfig(), "no --model"),
        (ExportedModelConfig(model=str(exported.base)), "no --server"),
    ):
        with pytest.raises(UserError, match=words):
            Variant("", training, exports).validate(("server",))
    BenchmarkConfig(what=("server",)).validate()
