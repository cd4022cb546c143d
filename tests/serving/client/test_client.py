"""Every method, over REST and gRPC alike."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from stargan_tf.serving.client import (
    Client,
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    TensorSpec,
    UnavailableError,
    VersionStatus,
    retries,
)
from tests.serving.client import fakes
from tests.serving.client.fakes import (
    UNLIKED_WIDTH,
    Refused,
    colour_of,
    make_image,
    translation_of,
)
from tests.serving.client.servers import SERVERS

RED, BLUE = make_image(colour="red"), make_image(colour="blue")
LATENT = [0.5, -0.25, 1.0]


def unavailable():
    return Refused(grpc.StatusCode.UNAVAILABLE, "The batch queue is full.")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_PAUSE", 0.01)


def test_one_image_in_a_random_style(client, model):
    result = client.translate(RED, "cat", seed=2**62, psi=0.5)
    row = {"image_bytes": RED, "target_domain": "cat", "seed": 2**62, "psi": 0.5}
    assert model.requests == [({"name": "pets"}, "translate_random", [row])]
    assert result == translation_of(row)


def test_defaults_and_a_domain_by_index(client, model):
    client.translate(RED, 1)
    row = {"image_bytes": RED, "target_domain": "1", "seed": 7, "psi": 1.0}
    assert model.requests[0][2] == [row]


def test_a_list_is_one_batch_in_its_order(client, model):
    results = client.translate([RED, BLUE, RED], ["cat", "dog", 2], seed=[1, 2, 3])
    assert [colour_of(image)[:2] for image in results] == [(255, 1), (0, 2), (255, 3)]
    (request,) = model.requests
    assert [row["target_domain"] for row in request[2]] == ["cat", "dog", "2"]
    assert client.translate([RED], "cat") == [client.translate(RED, "cat")]


def test_the_other_signatures(client, model):
    client.translate_latent(RED, "cat", LATENT, psi=0.5)
    client.translate_latent([RED, BLUE], "cat", [LATENT, LATENT])
    client.translate_reference(RED, BLUE, "dog")
    client.translate_reference([RED, RED], [BLUE, RED], ["dog", "cat"])
    assert client.encode_style(RED, "dog") == [1.0, 0.5, 0.5, 0.5]
    codes = client.encode_style([RED, BLUE], "dog")
    assert codes == [[1.0, 0.5, 0.5, 0.5], [0.0, 0.5, 0.5, 0.5]]
    assert [colour_of(i)[2] for i in client.translate_style([RED, RED], codes)] == [100, 0]
    assert colour_of(client.translate_style(RED, codes[0]))[2] == 100
    assert client.map_latent(LATENT, "cat", psi=0.5) == [0.5] * 4
    assert client.map_latent([LATENT, LATENT[::-1]], ["cat", 1]) == [[0.5] * 4, [1.0] * 4]
    row = {"latent": LATENT, "target_domain": "cat", "psi": 0.5}
    assert model.requests[-2][1:] == ("map_latent", [row])
    rows = {"image_bytes": RED, "target_domain": "cat", "latent": LATENT}
    assert [(signature, r) for _, signature, r in model.requests[:4]] == [
        ("translate_latent", [{**rows, "psi": 0.5}]),
        ("translate_latent", [{**rows, "psi": 1.0}, {**rows, "psi": 1.0, "image_bytes": BLUE}]),
        (
            "translate_reference",
            [{"image_bytes": RED, "reference_bytes": BLUE, "target_domain": "dog"}],
        ),
        (
            "translate_reference",
            [
                {"image_bytes": RED, "reference_bytes": BLUE, "target_domain": "dog"},
                {"image_bytes": RED, "reference_bytes": RED, "target_domain": "cat"},
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, {"name": "pets"}),
        ({"version": 12}, {"name": "pets", "versions": "12"}),
        ({"version": 0}, {"name": "pets", "versions": "0"}),
        ({"label": "stable"}, {"name": "pets", "labels": "stable"}),
    ],
)
def test_a_version_or_label(server, model, options, choice):
    with Client(server, "pets", **options) as client:
        client.translate(RED, "cat")
        client.status()
        client.metadata()
    assert model.requests[0][0] == choice


def test_large_images_pass_both_ways(client, monkeypatch):
    large = RED + bytes(6_000_000)  # gRPC's own limit is 4 MiB
    monkeypatch.setattr(fakes, "translation_of", lambda row: row["image_bytes"])
    assert client.translate([large] * 2, "cat") == [large] * 2


def test_a_refusal_is_the_models_sentence(client):
    with pytest.raises(InvalidRequestError) as caught:
        client.translate(RED, 'fö"x')
    assert str(caught.value) == 'Found target_domain "fö"x", expected one of cat, dog, wild.'
    ugly = make_image(size=(UNLIKED_WIDTH, 5))
    with pytest.raises(InvalidRequestError, match=r"^Found an ugly image in row 1: choose an"):
        client.translate([RED, ugly], "cat")


def test_an_unknown_model(server):
    with Client(server, "pests") as client:
        for call in (client.status, client.metadata, lambda: client.translate(RED, "cat")):
            with pytest.raises(NotFoundError, match=r"^Servable not found .*pests"):
                call()


def test_an_unavailable_server_is_asked_again(client, model):
    model.before = [unavailable(), unavailable()]
    client.translate(RED, "cat")
    assert len(model.requests) == 3


def test_a_broken_connection_is_made_again(client, model):
    client.status()
    model.before = [ConnectionAbortedError()]
    client.translate(RED, "cat")
    assert len(model.requests) == 2


def test_tries_end(server, model):
    model.before = [unavailable() for _ in range(9)]
    with Client(server, "pets", retries=2) as client:
        with pytest.raises(UnavailableError, match=r"The batch queue is full"):
            client.translate(RED, "cat")
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, InvalidRequestError),
        (grpc.StatusCode.NOT_FOUND, NotFoundError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineError),
        (grpc.StatusCode.INTERNAL, ServingError),
    ],
)
def test_other_errors_are_final(client, model, code, kind):
    model.before = [Refused(code, "No.")]
    with pytest.raises(ServingError) as caught:
        client.translate(RED, "cat")
    assert type(caught.value) is kind
    assert len(model.requests) == 1


def test_the_deadline(server, model):
    model.delay = 10.0
    start = time.monotonic()
    with Client(server, "pets", timeout=0.3) as client:
        with pytest.raises(DeadlineError, match=r"within 0\.3 s: raise the timeout"):
            client.translate(RED, "cat")
        assert time.monotonic() - start < 5
    assert len(model.requests) == 1


def test_the_deadline_holds_for_the_tries_together(server, model):
    model.before = [unavailable() for _ in range(1000)]
    start = time.monotonic()
    with Client(server, "pets", timeout=0.4, retries=1000) as client:
        with pytest.raises(UnavailableError):
            client.translate(RED, "cat")
    assert time.monotonic() - start < 3
    assert len(model.requests) > 1


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_no_server_at_all(scheme):
    with Client(f"{scheme}://127.0.0.1:9", "pets", retries=1) as client:
        with pytest.raises(UnavailableError, match=r"no server at .*127\.0\.0\.1:9 .*refused"):
            client.translate(RED, "cat")


def test_sixteen_threads(server, model):
    model.delay = 0.02
    images = [make_image(colour=(number, 0, 0)) for number in range(16)]
    with Client(server, "pets") as client, ThreadPoolExecutor(16) as pool:

        def work(number):
            red, green, _ = colour_of(client.translate(images[number % 16], "cat", seed=number))
            return red, green

        assert list(pool.map(work, range(96))) == [(n % 16, n) for n in range(96)]
    assert model.most_in_flight > 4
    assert len(getattr(model, "peers", [])) <= 16  # connections are kept


def test_connections_are_kept(client, model):
    for _ in range(3):
        client.translate(RED, "cat")
        client.status()
    assert len(getattr(model, "peers", [0])) == 1  # taken down for REST


def test_a_closed_client_says_so(client):
    client.status()
    client.close()
    client.close()
    with pytest.raises(ServingError, match="closed"):
        client.translate(RED, "cat")


def test_status(client, model):
    model.versions = [(2, "END", ""), (4, "LOADING", ""), (3, "AVAILABLE", "")]
    assert client.status() == [
        VersionStatus(4, "LOADING", ""),
        VersionStatus(3, "AVAILABLE", ""),
        VersionStatus(2, "END", ""),
    ]


def test_metadata(client):
    metadata = client.metadata()
    assert (metadata.name, metadata.version) == ("pets", 3)
    assert set(metadata.signatures) == {"translate_random", "encode_style"}
    encode = metadata.signatures["encode_style"]
    assert encode.inputs == {"reference_bytes": TensorSpec("string", (None,))}
    assert encode.outputs == {"style_code": TensorSpec("float", (None, 4))}


def test_waiting_for_a_model_that_loads(client, model):
    model.versions = [(3, "LOADING", "")]
    model.before = [unavailable(), Refused(grpc.StatusCode.NOT_FOUND, "No versions of pets.")]
    threading.Timer(0.7, lambda: setattr(model, "versions", [(3, "AVAILABLE", "")])).start()
    start = time.monotonic()
    client.wait_until_ready(10)
    assert 0.6 < time.monotonic() - start < 5


@pytest.mark.parametrize("kind", sorted(SERVERS))
def test_waiting_for_a_server_that_starts(model, kind):
    with SERVERS[kind](model) as address:
        pass
    with Client(address, "pets") as client:
        with pytest.raises(UnavailableError):
            client.wait_until_ready(0.3)
        port = int(address.rpartition(":")[2])
        with SERVERS[kind](model, port):
            client.wait_until_ready(10)


def test_waiting_ends(client, model, server):
    model.versions = [(3, "LOADING", "")]
    with pytest.raises(DeadlineError, match="no available version of pets .*3 is LOADING"):
        client.wait_until_ready(0.3)
    with Client(server, "pests") as other, pytest.raises(NotFoundError):
        other.wait_until_ready(0.3)


def test_waiting_for_what_cannot_be_loaded_ends_at_once(client, model):
    model.versions = [(3, "END", "No saved_model.pb."), (2, "END", "")]
    start = time.monotonic()
    with pytest.raises(ServingError, match=r"Version 3 of pets cannot be loaded: No saved_model"):
        client.wait_until_ready(30)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"server": "localhost:8501"}, "expected the address"),
        ({"server": "ftp://localhost"}, "expected the address"),
        ({"server": "http://"}, "expected the address"),
        ({"server": "grpc://localhost:port"}, "expected the address"),
        ({"server": "http://localhost:0"}, "expected the address"),
        ({"model": ""}, "no name"),
        ({"model": "saved_models/pets"}, "model's name"),
        ({"model": "pets:predict"}, "model's name"),
        ({"version": 1, "label": "stable"}, "a version and a label"),
        ({"version": -1}, "version -1"),
        ({"timeout": 0}, "timeout 0"),
        ({"timeout": float("inf")}, "timeout inf"),
        ({"timeout": float("nan")}, "timeout nan"),
        ({"retries": -1}, "-1 retries"),
    ],
)
def test_arguments_that_cannot_be_right(arguments, sentence):
    arguments = {"server": "http://localhost:8501", "model": "pets", **arguments}
    with pytest.raises(InvalidRequestError, match=sentence):
        Client(**arguments)
