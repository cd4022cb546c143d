"""The REST API, over real sockets."""

import base64
import gzip
import re
import zlib

import pytest

ECHO = "/v1/models/echo"
END = ("bucket", "count", "sum")


def decoded(values):
    return [base64.b64decode(value["b64"]).decode() for value in values]


def refusal(response):
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json()) == ["error"]
    return response.status_code, response.json()["error"]


def test_rows(client):
    rows = [{"text_bytes": "a", "number": 1}, {"text_bytes": {"b64": "Yg=="}, "number": 2.5}]
    response = client.post(f"{ECHO}:predict", json={"instances": rows})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert decoded(response.json()["predictions"]) == ["a:1.0:2", "b:2.5:2"]


def test_columns(client):
    columns = {"vector": [[0.1, 0.2, 3]], "seed": [2**62]}
    body = {"signature_name": "pair", "inputs": columns}
    answer = client.post(f"{ECHO}:predict", json=body).json()
    assert answer == {
        "outputs": {"double": [[0.2, 0.4, 6.0]], "label": [str(2**62)], "seed": [2**62]}
    }


def test_a_signature_without_a_batch(client):
    body = {"signature_name": "total", "inputs": [[1, 2], [3, 4]]}
    assert client.post(f"{ECHO}:predict", json=body).json() == {"outputs": 10.0}


@pytest.mark.parametrize("where", ["", "/versions/2", "/Versions/002"])
def test_where_a_version_is_named(client, where):
    body = {"inputs": {"text_bytes": ["a"], "number": [0]}}
    response = client.post(f"{ECHO}{where}:predict", json=body)
    assert decoded(response.json()["outputs"]) == ["a:0.0:2"]
    assert client.get(ECHO + where).status_code == 200
    assert client.get(f"{ECHO}{where}/metadata").json()["model_spec"]["version"] == "2"


def test_status(client):
    assert client.get(ECHO).json() == {
        "model_version_status": [
            {
                "version": "2",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }


def test_metadata(client):
    answer = client.get(f"{ECHO}/metadata").json()
    assert answer["model_spec"] == {"name": "echo", "signature_name": "", "version": "2"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "pair", "total"} <= set(signatures)
    assert signatures["pair"]["inputs"]["vector"] == {
        "dtype": "DT_FLOAT",
        "name": "pair_vector:0",
        "tensor_shape": {
            "dim": [{"name": "", "size": "-1"}, {"name": "", "size": "3"}],
            "unknown_rank": False,
        },
    }
    assert signatures["pair"]["method_name"] == "tensorflow/serving/predict"
    total = signatures["total"]
    assert total["inputs"]["x"]["tensor_shape"] == {"dim": [], "unknown_rank": True}
    assert total["outputs"]["total"]["tensor_shape"] == {"dim": [], "unknown_rank": False}


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/v1/models/nobody", 404, "expected one of: echo"),
        ("GET", "/v1/models/nobody/metadata", 404, "expected one of: echo"),
        ("GET", f"{ECHO}/versions/9", 404, "no version 9"),
        ("GET", f"{ECHO}/versions/9/metadata", 404, "Version 9"),
        ("GET", f"{ECHO}/labels/stable", 400, "no label 'stable'"),
        ("GET", f"{ECHO}/versions/{'9' * 19}", 404, "no version 9"),
        ("GET", f"{ECHO}/versions/{'9' * 5000}", 400, "Malformed request"),
        ("GET", f"{ECHO}/versions/x", 400, "Malformed request"),
        ("GET", f"{ECHO}:predict", 400, "Malformed request"),
        ("GET", "/v1/models", 400, "Malformed request"),
        ("PUT", ECHO, 400, "Malformed request"),
        ("DELETE", ECHO, 400, "Malformed request"),
        ("POST", ECHO, 400, "Malformed request"),
        ("POST", f"{ECHO}:guess", 400, "Malformed request"),
        ("POST", f"{ECHO}:classify", 400, "Malformed request"),
        ("POST", "/v1/models/nobody:predict", 404, "expected one of: echo"),
        ("POST", f"{ECHO}/versions/9:predict", 404, "Version 9"),
        ("POST", f"{ECHO}/labels/stable:predict", 400, "no label"),
        ("GET", "/models", 404, "/v1/models/"),
        ("GET", "/favicon.ico", 404, "/v1/models/"),
        ("POST", "/%ff%fe", 404, "/v1/models/"),
        ("WHAT", "/", 404, "/v1/models/"),
    ],
)
def test_refusals(client, method, path, status, words):
    response = client.session.request(method, client.address + path, data=b"{}", timeout=30)
    found, sentence = refusal(response)
    assert found == status and words in sentence


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "utf-8"),
        (b"{]", "not valid JSON"),
        (b'{"inputs": {"text_bytes": ["a"]}}', "lacks number"),
        (b'{"inputs": {"text_bytes": ["a"], "number": ["x"]}}', "expected numbers (DT_FLOAT)"),
        (b'{"inputs": {"text_bytes": ["a", "bad"], "number": [1, 2]}}', "bad text in row 1"),
        (b'{"inputs": {"text_bytes": ["a", "b"], "number": [1]}}', "do not match"),
        (b'{"signature_name": "x", "inputs": [1]}', "expected one of: pair, serving_default"),
        (b'{"signature_name": "total", "instances": [1, 2]}', 'use "inputs"'),
    ],
)
def test_bad_bodies(client, body, words):
    status, sentence = refusal(client.post(f"{ECHO}:predict", data=body))
    assert status == 400
    assert words in sentence and "{{node" not in sentence and "\n" not in sentence


PAIR = b'{"inputs": {"text_bytes": ["a", "b"], "number": [1, 2]}}'


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(PAIR, mtime=0),
        gzip.compress(PAIR[:9], mtime=0) + gzip.compress(PAIR[9:], mtime=0),
    ],
)
def test_compressed_bodies(client, encoding, body):
    headers = {"Content-Encoding": encoding}
    response = client.post(f"{ECHO}:predict", data=body, headers=headers)
    assert response.json() == client.post(f"{ECHO}:predict", data=PAIR).json()
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"\x1f\x8b", "gzip", "ends in the middle"),
        (gzip.compress(PAIR, mtime=0)[:-3], "gzip", "ends in the middle"),
        (PAIR, "gzip", "is not the gzip data"),
        (gzip.compress(PAIR, mtime=0) + b"xyz", "gzip", "is not the gzip data"),
        (gzip.compress(PAIR, mtime=0), "", "Content-Encoding"),
        (zlib.compress(PAIR), "deflate", "'deflate', expected gzip"),
        (PAIR, "br, gzip", "'br, gzip', expected gzip"),
    ],
)
def test_bodies_that_are_not_compressed_as_they_say(client, body, encoding, words):
    headers = {"Content-Encoding": encoding} if encoding else {}
    response = client.post(f"{ECHO}:predict", data=body, headers=headers)
    status, sentence = refusal(response)
    assert status == 400 and words in sentence


def test_text_where_bytes_are_wanted_gets_a_hint(client):
    def error_of(text):
        body = {"inputs": {"text_bytes": ["a", text], "number": [1, 2]}}
        status, sentence = refusal(client.post(f"{ECHO}:predict", json=body))
        assert status == 400
        return sentence

    hint = 'Found text for \'text_bytes\': encoded images are {"b64": "BASE64"}.'
    assert error_of("bad").endswith(hint)
    data_url = error_of({"b64": "data:image/png;base64,aGk="})
    assert data_url.endswith("Leave its beginning out, up to the comma.")
    body = {"inputs": {"text_bytes": [{"b64": "YmFk"}], "number": [1]}}
    assert hint not in refusal(client.post(f"{ECHO}:predict", json=body))[1]


@pytest.mark.parametrize("path", ["/monitoring/prometheus/metrics", ECHO, "/nothing"])
def test_head_has_no_body(client, path):
    for _ in range(2):  # a body would be taken for the next answer of the connection
        response = client.session.head(client.address + path, timeout=30)
        assert int(response.headers["Content-Length"]) > 10 and not response.content
    assert client.get(ECHO).status_code == 200


def test_metrics(client):
    def numbers():
        """Each sample's value, by its name and labels."""
        text = client.get("/monitoring/prometheus/metrics").text
        samples = re.findall(r"^(\S+?){(.*)} (\S+)$", text, re.MULTILINE)
        return {(name, *sorted(labels.split(","))): float(n) for name, labels, n in samples}

    before = numbers()
    good = {"inputs": {"text_bytes": ["a"], "number": [0]}}
    for body in (good, good, {"inputs": 5}):
        client.post(f"{ECHO}:predict", json=body)
    client.post("/v1/models/nobody:predict", json=good)
    after = numbers()

    def grown(name, **labels):
        key = (name, *sorted(f'{label}="{value}"' for label, value in labels.items()))
        return after[key] - before.get(key, 0)

    count = ":tensorflow:serving:request_count"
    assert grown(count, model_name="echo", status="OK") == 2
    assert grown(count, model_name="echo", status="INVALID_ARGUMENT") == 1
    labels = {"model_name": "echo", "API": "Predict", "entrypoint": "REST"}
    name = ":tensorflow:serving:request_latency"
    assert grown(f"{name}_count", **labels) == 2
    assert grown(f"{name}_bucket", **labels, le="+Inf") == 2
    assert grown(f"{name}_sum", **labels) > 0
    assert {key[0] for key in after} == {count, *(f"{name}_{end}" for end in END)}
    assert not [key for key in after if "nobody" in str(key)]
    bounds = {
        float(re.search('le="(.*?)"', str(key))[1]): value
        for key, value in after.items()
        if key[0] == f"{name}_bucket" and 'entrypoint="REST"' in key
    }
    assert len(bounds) == 34
    assert [bounds[bound] for bound in sorted(bounds)] == sorted(bounds.values())


def test_the_metrics_are_of_the_types_that_tensorflow_serving_names(client):
    lines = client.get("/monitoring/prometheus/metrics").text.splitlines()
    assert "# TYPE :tensorflow:serving:request_count counter" in lines
    assert "# TYPE :tensorflow:serving:request_latency histogram" in lines
