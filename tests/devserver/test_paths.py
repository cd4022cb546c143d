"""The paths of requests, as strangers send them."""

import http.client

import pytest


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/models/..", 404),
        ("/v1/models/.", 404),
        ("/v1/models/%2e%2e", 404),
        ("/v1/models/..\\echo", 404),
        ("/v1/models/../echo", 400),
        ("/v1/models/%2e%2e%2fecho", 400),
        ("/v1/models/echo/../../etc/metadata", 400),
        ("/v1/models//etc/passwd", 400),
        ("/v1/models/echo/versions/..", 400),
        ("/v1/models/echo/labels/..", 400),
        ("/../../etc/passwd", 404),
    ],
)
def test_a_path_names_models_and_no_folders(client, path, status):
    """As it is sent: other clients would resolve it first."""
    connection = http.client.HTTPConnection("127.0.0.1", client.server.rest_port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.status == status
    assert b"error" in response.read()
    connection.close()
