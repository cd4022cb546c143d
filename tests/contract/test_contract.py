"""What clients of any server of our models rely on; see conftest.py for the server."""

import base64
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

from stargan_tf.serving.client import Client, InvalidRequestError, NotFoundError
from tests.contract.target import decoded, sources

# Servers merge requests, and sums of other lengths round otherwise.
LEVELS = 1


def near(given, expected):
    assert np.abs(np.asarray(given) - expected).max() <= LEVELS


@pytest.fixture(scope="module")
def latents(target):
    rng = np.random.default_rng(0)
    return rng.standard_normal([3, target.info.latent_dim]).astype(np.float32).tolist()


def test_translate(client, target):
    domains = [target.info.domains[n % len(target.info.domains)] for n in range(3)]
    given = client.translate(sources(3), domains, seed=[1, 2, 3], psi=0.7)
    inputs = {"target_domain": domains, "seed": [1, 2, 3], "psi": [0.7] * 3}
    near(decoded(given), target.expected("translate_random", image_bytes=sources(3), **inputs))


def test_translate_latent(client, target, latents):
    given = client.translate_latent(sources(3), "0", latents, psi=[0.0, 0.5, 1.0])
    inputs = {"target_domain": ["0"] * 3, "latent": latents, "psi": [0.0, 0.5, 1.0]}
    near(decoded(given), target.expected("translate_latent", image_bytes=sources(3), **inputs))


def test_translate_reference(client, target):
    given = client.translate_reference(sources(2), sources(2, start=5), 1)
    inputs = {"reference_bytes": sources(2, start=5), "target_domain": ["1"] * 2}
    near(decoded(given), target.expected("translate_reference", image_bytes=sources(2), **inputs))


def test_encode_and_translate_style(client, target):
    styles = client.encode_style(sources(2, start=5), [0, 1])
    inputs = {"reference_bytes": sources(2, start=5), "target_domain": ["0", "1"]}
    np.testing.assert_allclose(styles, target.expected("encode_style", **inputs), atol=1e-4)
    given = client.translate_style(sources(2), styles)
    inputs = {"image_bytes": sources(2), "style_code": styles}
    near(decoded(given), target.expected("translate_style", **inputs))


def test_map_latent(client, target, latents):
    styles = client.map_latent(latents, [0, 1, 0], psi=[0.0, 0.5, 1.0])
    inputs = {"latent": latents, "target_domain": ["0", "1", "0"], "psi": [0.0, 0.5, 1.0]}
    np.testing.assert_allclose(styles, target.expected("map_latent", **inputs), atol=1e-4)


def test_one_image_without_a_list(client, target):
    (source,) = sources(1)
    domain = target.info.domains[0]
    given = client.translate(source, domain, seed=5)
    near(decoded([given]), decoded([client.translate([source], [domain], seed=[5])[0]]))


def test_status_and_metadata(client, target):
    assert (target.version, "AVAILABLE") in [(s.version, s.state) for s in client.status()]
    metadata = client.metadata()
    assert metadata.version == target.version
    signature = metadata.signatures["translate_latent"]
    assert set(signature.inputs) == {"image_bytes", "target_domain", "latent", "psi"}
    assert len(metadata.signatures) == 13 + ("__saved_model_init_op" in metadata.signatures)


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_versions(target, protocol):
    url = getattr(target, protocol)
    (source,) = sources(1)
    with Client(url, target.name, version=target.version) as client:
        near(
            decoded([client.translate(source, 0)]),
            target.expected(
                "serving_default", image_bytes=[source], target_domain=["0"], seed=[7], psi=[1.0]
            ),
        )
    for name, version in ((target.name, 9999), ("no_such_model", None)):
        with Client(url, name, version=version, retries=0) as client:
            with pytest.raises(NotFoundError):
                client.translate(source, 0)


WRONG = {
    "no image": (lambda c: c.translate(b"hello", 0), "no JPEG or PNG image in row 0"),
    "damaged": (lambda c: c.translate(sources(1)[0][:200], 0), "PNG"),
    "one bad of two": (lambda c: c.translate([sources(1)[0], b"x"], 0), "in row 1 of image_bytes"),
    "domain": (lambda c: c.translate(sources(1)[0], "cow"), "cow in row 0, expected one of"),
    "index": (lambda c: c.translate(sources(1)[0], 99), "99 in row 0, expected one of"),
    "psi": (lambda c: c.translate(sources(1)[0], 0, psi=2.0), "psi 2 in row 0, expected 0 to 1"),
    "latent": (lambda c: c.translate_latent(sources(1)[0], 0, [1.0]), "latent of length 1, expect"),
    "style": (lambda c: c.translate_style(sources(1)[0], [1.0] * 3), "style_code of length 3"),
    "reference": (lambda c: c.translate_reference(sources(1)[0], b"x", 0), "reference_bytes"),
}


@pytest.mark.parametrize(("send", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_requests_get_a_sentence(client, send, sentence):
    with pytest.raises(InvalidRequestError) as error:
        send(client)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value) and "node" not in str(error.value)
    assert client.translate(sources(1)[0], 0)


def test_sixteen_at_once_get_their_own_answers(client, target):
    contents = sources(24)
    seeds = list(range(24))
    names = {"target_domain": ["1"] * 24, "seed": seeds, "psi": [1.0] * 24}
    expected = target.expected("translate_random", image_bytes=contents, **names)
    with ThreadPoolExecutor(16) as threads:
        given = list(threads.map(lambda n: client.translate(contents[n], 1, seed=n), seeds))
    near(decoded(given), expected)


def b64(content):
    return {"b64": base64.b64encode(content).decode()}


def post(target, body, path=":predict"):
    return requests.post(f"{target.rest}/v1/models/{target.name}{path}", json=body, timeout=60)


def test_rest_rows(target):
    rows = [
        {"image_bytes": b64(source), "target_domain": "0", "seed": 1, "psi": 0.5}
        for source in sources(2)
    ]
    answer = post(target, {"instances": rows}).json()
    given = decoded([base64.b64decode(row["b64"]) for row in answer["predictions"]])
    inputs = {"target_domain": ["0"] * 2, "seed": [1, 1], "psi": [0.5, 0.5]}
    near(given, target.expected("serving_default", image_bytes=sources(2), **inputs))


def test_rest_columns(target):
    inputs = {
        "reference_bytes": [b64(source) for source in sources(2)],
        "target_domain": ["0", "1"],
    }
    body = {"signature_name": "encode_style", "inputs": inputs}
    answer = post(target, body, f"/versions/{target.version}:predict").json()
    expected = target.expected("encode_style", reference_bytes=sources(2), target_domain=["0", "1"])
    np.testing.assert_allclose(answer["outputs"], expected, atol=1e-4)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"instances": [{"image_bytes": "no b64"}]}, 400),
        ({"instances": []}, 400),
        ({"signature_name": "no_such", "instances": [{"image_bytes": b64(b"x")}]}, 400),
        ({}, 400),
    ],
)
def test_rest_errors(target, body, status):
    answer = post(target, body)
    assert answer.status_code == status
    assert len(answer.json()["error"]) > 10


def test_rest_status(target):
    answer = requests.get(f"{target.rest}/v1/models/{target.name}", timeout=60).json()
    (status,) = (s for s in answer["model_version_status"] if s["version"] == str(target.version))
    assert status["state"] == "AVAILABLE"
    assert requests.get(f"{target.rest}/v1/models/no_such", timeout=60).status_code == 404
