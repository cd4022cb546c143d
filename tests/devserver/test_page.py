"""The files of the page that translates in the browser: those of its folder, and no others."""

import http.client

import pytest
import requests
from werkzeug.test import create_environ

from stargan_tf.devserver.page import Page
from tests.devserver.running import running_server

FILES = {
    "index.html": ("<!doctype html>", "text/html; charset=utf-8"),
    "page.js": ("start();", "text/javascript; charset=utf-8"),
    "litert/runtime.wasm": ("\0asm", "application/wasm"),
    "models/größe 1/float16.tflite": ("TFL3", "application/octet-stream"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("page")
    built = root / "page"
    for name, (text, _) in FILES.items():
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).write_text(text)
    (built / ".hidden").write_text("secret")
    (root / "secret.txt").write_text("secret")
    (built / "link.txt").symlink_to(root / "secret.txt")
    (built / "inside.js").symlink_to(built / "page.js")
    return built


@pytest.fixture(scope="module")
def server(echo_models, folder):
    with running_server(echo_models, page_dir=str(folder)) as server:
        yield f"http://127.0.0.1:{server.rest_port}"


def test_files_have_their_types_and_a_policy(server):
    for name, (text, kind) in {"": FILES["index.html"], **FILES}.items():
        response = requests.get(f"{server}/{name}", timeout=30)
        assert (response.status_code, response.content) == (200, text.encode())
        assert response.headers["Content-Type"] == kind
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';") and "http" not in policy
        assert response.headers["Cache-Control"].startswith("no-cache")
    head = requests.head(f"{server}/", timeout=30)
    assert head.status_code == 200 and head.text == ""
    assert requests.get(f"{server}/inside.js", timeout=30).text == "start();"


def test_what_a_browser_has_is_not_sent_again(server):
    etag = requests.get(f"{server}/page.js", timeout=30).headers["ETag"]
    again = requests.get(f"{server}/page.js", headers={"If-None-Match": etag}, timeout=30)
    assert (again.status_code, again.text) == (304, "")


@pytest.mark.parametrize(
    "path",
    [
        "/.hidden",
        "/link.txt",
        "/litert",
        "/litert/",
        "/./index.html",
        "/../secret.txt",
        "/litert/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "/index.html%00.txt",
        "/index.html/",
        pytest.param("/" + "a" * 5000, id="long"),
    ],
)
def test_nothing_else_is_there(server, path):
    """As it is sent: other clients would resolve it first."""
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status == 404
    assert b"expected a path in /v1/models/" in response.read()
    connection.close()


def test_tensorflow_servings_paths_stay(server, folder):
    for name in ("v1/models/echo", "monitoring/prometheus/metrics"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("from the page")
        response = requests.get(f"{server}/{name}", timeout=30)
        assert response.ok and "from the page" not in response.text
    assert requests.post(f"{server}/index.html", timeout=30).status_code == 404


def test_a_page_that_is_not_built_says_how(echo_models, tmp_path):
    with running_server(echo_models, page_dir=str(tmp_path / "missing")) as server:
        response = requests.get(f"http://127.0.0.1:{server.rest_port}/", timeout=30)
    assert response.status_code == 404
    assert response.json()["error"].startswith("The page is not built: build it with make page")


def test_a_page_is_seen_once_it_is_built(tmp_path):
    page = Page(tmp_path)
    assert not page.is_built and page.answer("/", {}) is None
    (tmp_path / "index.html").touch()
    assert page.is_built and page.answer("/", create_environ()).status_code == 200
