"""Five hundred requests that make no sense: each is refused cleanly, and the server goes on."""

import base64
import json
import random

import grpc
import numpy as np
import requests
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from stargan_tf.serving.client import Client
from tests.contract.target import sources

EACH = 250
CLEAN = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.UNIMPLEMENTED,
}


def good_row():
    (source,) = sources(1)
    encoded = {"b64": base64.b64encode(source).decode()}
    return {"image_bytes": encoded, "target_domain": "0", "seed": 1, "psi": 0.5}


JUNK = [
    None, True, -1, 1e308, "", "x", [], {}, [[[]]], {"b64": 5}, {"b64": "###"}, {"b64": "YQ=="},
    {"b64": ""}, {"x": 1}, "\x00", "é" * 50, [1, "a"], [[1], [2, 3]], 2**70, {"b64": "a", "c": 1},
]  # fmt: skip


def malformed_body(rng):
    """The body of a REST request that no server can answer with a prediction."""
    kind = rng.randrange(9)
    row = good_row()
    name = rng.choice(sorted(row))
    if kind == 0:  # not JSON
        text = json.dumps({"instances": [row]})
        return rng.choice([text[: rng.randrange(len(text))], text[1:], "{" * 5000, "NaN", "'a'"])
    if kind == 1:
        return rng.randbytes(rng.randrange(200))
    if kind == 2:  # JSON of another form
        return json.dumps(rng.choice([*JUNK, {"instances": 5}, {"instances": {}}, {"inputs": []}]))
    if kind == 3:
        del row[name]
        return json.dumps({"instances": [row]})
    if kind == 4:
        return json.dumps({"instances": [{**row, "more": rng.choice(JUNK)}]})
    if kind == 5:
        # -1 is a seed like any other.
        wrong = rng.choice([junk for junk in JUNK if (name, junk) != ("seed", -1)])
        return json.dumps({"instances": [{**row, name: wrong}]})
    if kind == 6:
        rows = [row] * rng.randrange(1, 4)
        rows.insert(rng.randrange(len(rows) + 1), rng.choice(JUNK))
        return json.dumps({"instances": rows})
    if kind == 7:
        signature = rng.choice(["", "no_such", 5, None, [], "translate_style", "x" * 9999])
        body = {"signature_name": signature, "instances": [row]}
        return json.dumps(body if signature not in ("", None) else {**body, "instances": [{}]})
    columns = {key: [value] * rng.randrange(2, 5) for key, value in row.items()}
    columns[name] = columns[name][:1]
    return json.dumps({"inputs": columns})


def test_rest(target):
    rng = random.Random(0)
    url = f"{target.rest}/v1/models/{target.name}"
    paths = [":predict"] * 8 + ["/versions/1:predict", ":nothing", "/versions/x:predict"]
    for number in range(EACH):
        body = malformed_body(rng)
        answer = requests.post(url + rng.choice(paths), data=body, timeout=60)
        assert 400 <= answer.status_code < 500, (number, body, answer.text)
        error = answer.json()["error"]
        assert isinstance(error, str) and len(error) > 10, (number, body)
        assert "Traceback" not in error and len(error) < 2000, (number, body, error)
    still_answers(target, target.rest)


def malformed_request(rng, name):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    (source,) = sources(1)
    values = {
        "image_bytes": tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[source]),
        "target_domain": tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[b"0"]),
        "seed": tensor_pb2.TensorProto(dtype=types_pb2.DT_INT64, int64_val=[1]),
        "psi": tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[0.5]),
    }
    for key, value in values.items():
        value.tensor_shape.dim.add(size=1)
        request.inputs[key].CopyFrom(value)
    key = rng.choice(sorted(values))
    tensor = request.inputs[key]
    kind = rng.randrange(9)
    if kind == 0:
        del request.inputs[key]
    elif kind == 1:
        request.inputs["more"].CopyFrom(tensor)
    elif kind == 2:
        kinds = [types_pb2.DT_INVALID, types_pb2.DT_RESOURCE, types_pb2.DT_COMPLEX64, 9999]
        tensor.dtype = rng.choice(kinds)
    elif kind == 3:  # a shape that its contents do not have
        del tensor.tensor_shape.dim[:]
        for size in rng.choice([[2**40], [2**62, 2**62], [-5], [3, 0, 7], [1, 1], [7, 11]]):
            tensor.tensor_shape.dim.add(size=size)
    elif kind == 4:
        tensor.tensor_shape.unknown_rank = True
        tensor.ClearField("string_val")
        tensor.ClearField("float_val")
        tensor.ClearField("int64_val")
    elif kind == 5:
        tensor.tensor_content = rng.randbytes(rng.randrange(1, 40))
        tensor.tensor_shape.dim[0].size = 1000
    elif kind == 6:
        wrong = rng.choice(["no_such", "x" * 5000, "encode_style"])
        request.model_spec.signature_name = wrong
    elif kind == 7:
        request.model_spec.version.value = rng.choice([9999, 2**62, -1])
    else:
        request.inputs["image_bytes"].string_val[0] = rng.randbytes(rng.randrange(60))
    return request


def test_grpc(target):
    rng = random.Random(1)
    with grpc.insecure_channel(target.grpc.removeprefix("grpc://")) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for number in range(EACH):
            request = malformed_request(rng, target.name)
            try:
                stub.Predict(request, timeout=60)
            except grpc.RpcError as error:
                assert error.code() in CLEAN, (number, error, request)
                assert len(error.details()) > 10 and "Traceback" not in error.details()
            else:
                raise AssertionError(f"answered: {number} {request}")
    still_answers(target, target.grpc)


def still_answers(target, url):
    (source,) = sources(1)
    with Client(url, target.name) as client:
        assert np.size(client.encode_style(source, 0)) == target.info.style_dim
