"""Proxies in the environment."""

import pytest

from stargan_tf.serving.client import Client, UnavailableError
from stargan_tf.serving.client.proxies import is_here, proxy_of
from tests.serving.client import fakes

NAMES = ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
PROXY = "http://me:secret@127.0.0.1:9"  # where nothing listens


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in (*NAMES, "no_proxy"):
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    for name in NAMES:
        monkeypatch.setenv(name, PROXY)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_is_asked_for_a_server_on_this_machine(server, host):
    with Client(server.replace("127.0.0.1", host), "pets", timeout=10) as client:
        assert client.status()
        assert client.translate(fakes.make_image(), "cat")


def test_a_proxy_is_named_where_there_is_no_way(monkeypatch):
    with Client("http://models.example:8501", "pets", retries=0) as client:
        with pytest.raises(
            UnavailableError, match="the proxy 127.0.0.1:9 .* and no_proxy.$"
        ) as told:
            client.status()
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("server", "here"),
    [
        ("http://127.0.0.1:8501", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:8501", True),
        ("//[::1]:8500", True),
        ("http://LOCALHOST:8501", True),
        ("http://a.localhost", True),
        ("http://10.0.0.1:8501", False),
        ("http://localhost.example", False),
        ("//models:8500", False),
    ],
)
def test_which_servers_are_here(server, here):
    assert is_here(server) == here


def test_the_environment_decides_for_others(monkeypatch):
    assert proxy_of("https://models.example") == "127.0.0.1:9"
    monkeypatch.setenv("no_proxy", ".example")
    assert proxy_of("https://models.example") == ""
