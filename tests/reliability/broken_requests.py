"""Requests that a server must reject: each kind, over REST, gRPC or a bare socket."""

import base64
import gzip
import json
import random
import socket
import struct
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import grpc
import numpy as np
import requests
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

# What a client's own mistake may be called; anything else is the server's.
_GRPC_CODES = ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED")
Body = dict[str, list]


def rest_cases(body: Body) -> dict[str, tuple[bytes, dict[str, str]]]:
    """Bodies and headers, made of a good request for one row."""
    whole = json.dumps({"signature_name": "translate_random", "inputs": body}).encode()

    def changed(**changes: object) -> bytes:
        inputs = {**body, **changes}
        inputs = {name: value for name, value in inputs.items() if value is not None}
        return json.dumps({"signature_name": "translate_random", "inputs": inputs}).encode()

    gzipped = {"Content-Encoding": "gzip"}
    return {
        "a cut body": (whole[: len(whole) // 2], {}),
        "no JSON": (b"\xff" * 1000, {}),
        "no image": (changed(image_bytes=[_b64(b"hello")]), {}),
        "an image as text": (changed(image_bytes=[body["image_bytes"][0]["b64"]]), {}),
        "a damaged image": (changed(image_bytes=[_b64(_damaged(body))]), {}),
        "a decompression bomb": (changed(image_bytes=[_b64(_bomb())]), {}),
        "an unknown domain": (changed(target_domain=["nobody"]), {}),
        "no domain": (changed(target_domain=None), {}),
        "rows that do not match": (changed(seed=[1, 2]), {}),
        "an unknown signature": (json.dumps({"signature_name": "x", "inputs": body}).encode(), {}),
        "cut gzip data": (gzip.compress(whole, mtime=0)[:-9], gzipped),
        "a gzip bomb": (gzip.compress(bytes(300 * 2**20), 1, mtime=0), gzipped),
    }


def check_rest(session: requests.Session, url: str, case: tuple[bytes, dict[str, str]]) -> None:
    """Sends one and checks that the answer is a sentence about it."""
    body, headers = case
    answer = session.post(url, data=body, headers=headers, timeout=60)
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    sentence = answer.json()["error"]
    assert sentence and "\n" not in sentence and "Traceback" not in sentence, sentence


def grpc_cases(request: predict_pb2.PredictRequest) -> dict[str, bytes]:
    """Serialized requests, made of a good one for one row."""

    def changed(**inputs: object) -> bytes:
        other = predict_pb2.PredictRequest()
        other.CopyFrom(request)
        for name, value in inputs.items():
            other.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        return other.SerializeToString()

    other = predict_pb2.PredictRequest()
    other.CopyFrom(request)
    other.model_spec.name = "nobody"
    return {
        "an unknown model": other.SerializeToString(),
        "no image": changed(image_bytes=np.array([b"hello"], object)),
        "a decompression bomb": changed(image_bytes=np.array([_bomb()], object)),
        "an unknown domain": changed(target_domain=np.array(["nobody"], object)),
        "another type": changed(seed=np.array([1.0], np.float32)),
        "rows that do not match": changed(seed=np.array([1, 2], np.int64)),
    }


def check_grpc(call: Callable, case: bytes) -> None:
    """Sends one and checks that the error is a sentence about it."""
    try:
        call(case, timeout=60)
    except grpc.RpcError as error:
        assert error.code().name in _GRPC_CODES, (error.code(), error.details())
        assert error.details()
    else:
        raise AssertionError("a broken request was answered")


def hang_up(address: str, chance: random.Random) -> None:
    """Leaves in the middle of a request, politely or not."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port), timeout=60) as client:
        head = b"POST /v1/models/x:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
        client.sendall((head + bytes(50_000))[: chance.randrange(1, 50_000)])
        if chance.random() < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _b64(content: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(content).decode()}


def _damaged(body: Body) -> bytes:
    content = bytearray(base64.b64decode(body["image_bytes"][0]["b64"]))
    content[len(content) // 3 :] = bytes(len(content) - len(content) // 3)
    return bytes(content)


def _bomb() -> bytes:
    """A PNG file of some bytes that says that it is 40,000 pixels wide and high."""
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
