"""Small model servers over real sockets, with TensorFlow Serving's own messages."""

import base64
import contextlib
import io
import json
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import tensorflow as tf
from google.protobuf import any_pb2
from PIL import Image
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
)

DOMAINS = ("cat", "dog", "wild")
STYLE_DIM = 4
UNLIKED_WIDTH = 13  # the fake models refuse images of this width
STATUS_OF = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
SIGNATURES = {
    "translate_random": (
        {"image_bytes": ("string", [-1]), "seed": ("int64", [-1])},
        {"image_bytes": ("string", [-1])},
    ),
    "encode_style": (
        {"reference_bytes": ("string", [-1])},
        {"style_code": ("float", [-1, STYLE_DIM])},
    ),
}


def make_image(file_format="PNG", size=(20, 16), colour="teal", mode="RGB", **options):
    buffer = io.BytesIO()
    Image.new(mode, size, colour).save(buffer, file_format, **options)
    return buffer.getvalue()


def colour_of(content):
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").getpixel((0, 0))


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def refused(sentence):
    """As a model's assertion comes out of TensorFlow Serving."""
    text = sentence.replace('"', '\\"')
    node = "{{function_node __inference_wrapper_12}} "
    return Refused(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"{node}assertion failed: [{text}]\n\t [[{{{{node Assert/Assert}}}}]]",
    )


class Model:
    """What stands behind both servers: answers each row, and takes down the requests."""

    def __init__(self):
        self.name = "pets"
        self.requests = []  # (what of the model, signature, rows)
        self.versions = [(3, "AVAILABLE", "")]
        self.before = []  # for the next requests, each: an exception to raise, or seconds to wait
        self.delay = 0.0  # seconds for each request, or until the server is to end
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self.in_flight = self.most_in_flight = 0

    def check(self, name):
        with self._lock:
            do = self.before.pop(0) if self.before else None
        if isinstance(do, Exception):
            raise do
        if do:
            time.sleep(do)
        if name != self.name:
            raise Refused(
                grpc.StatusCode.NOT_FOUND, f"Servable not found for request: Latest({name})"
            )

    def predict(self, choice, signature, columns):
        """Returns the output's name and its N values."""
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=False)
        ]
        with self._lock:
            self.requests.append((choice, signature, rows))
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.check(choice["name"])
            self.ending.wait(self.delay)
            for index, row in enumerate(rows):
                self._check_row(index, row)
            if signature == "encode_style":
                return "style_code", [style_of(row["reference_bytes"]) for row in rows]
            if signature == "map_latent":
                return "style_code", [row["latent"][:1] * STYLE_DIM for row in rows]
            return "image_bytes", [translation_of(row) for row in rows]
        finally:
            with self._lock:
                self.in_flight -= 1

    def _check_row(self, index, row):
        domain = row.get("target_domain", "0")
        if domain not in (*DOMAINS, "0", "1", "2"):
            raise refused(f'Found target_domain "{domain}", expected one of {", ".join(DOMAINS)}.')
        for name in ("image_bytes", "reference_bytes"):
            if name in row:
                with Image.open(io.BytesIO(row[name])) as image:
                    if image.width == UNLIKED_WIDTH:
                        raise refused(f"Found an ugly image in row {index}: choose another.")


def translation_of(row):
    """An image whose colour tells the seed, or the style, and the source's red."""
    style = int(row["style_code"][0] * 100) if "style_code" in row else 0
    red = colour_of(row["image_bytes"])[0]
    return make_image(colour=(red, row.get("seed", 0) % 256, style % 256), size=(8, 8))


def style_of(reference):
    return [round(colour_of(reference)[0] / 255, 2)] + [0.5] * (STYLE_DIM - 1)


@contextlib.contextmanager
def rest_server(model, port=0):
    """Yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _rest_handler(model))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        model.ending.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _rest_handler(model):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def do_GET(self):
            self.answer()

        def do_POST(self):
            self.answer()

        def answer(self):
            model.peers = {*getattr(model, "peers", ()), self.client_address}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                status, content = 200, self.content(body)
            except Refused as error:
                status, content = STATUS_OF[error.code], {"error": str(error)}
            except ConnectionAbortedError:
                self.close_connection = True
                return
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with contextlib.suppress(OSError):  # the client may have given up
                self.wfile.write(data)

        def content(self, body):
            path, _, verb = self.path.removeprefix("/v1/models/").partition(":")
            path, *what = path.split("/metadata") if not verb else [path]
            name, *chosen = path.split("/")
            choice = {"name": name, **dict(zip(chosen[::2], chosen[1::2], strict=False))}
            if verb == "predict":
                request = json.loads(body)
                columns = {
                    key: [base64.b64decode(v["b64"]) if isinstance(v, dict) else v for v in values]
                    for key, values in request["inputs"].items()
                }
                output, values = model.predict(choice, request["signature_name"], columns)
                if output.endswith("_bytes"):
                    values = [{"b64": base64.b64encode(v).decode()} for v in values]
                return {"outputs": values}
            model.check(name)
            if what:
                return rest_metadata(name)
            return {
                "model_version_status": [
                    {
                        "version": str(version),
                        "state": state,
                        "status": {
                            "error_code": "UNKNOWN" if error else "OK",
                            "error_message": error,
                        },
                    }
                    for version, state, error in model.versions
                ]
            }

    return Handler


def rest_metadata(name):
    def specs(infos):
        return {
            key: {
                "dtype": f"DT_{dtype.upper()}",
                "tensor_shape": {
                    "dim": [{"size": str(size), "name": ""} for size in shape],
                    "unknown_rank": False,
                },
                "name": f"{key}:0",
            }
            for key, (dtype, shape) in infos.items()
        }

    signatures = {
        key: {"inputs": specs(inputs), "outputs": specs(outputs), "method_name": ""}
        for key, (inputs, outputs) in SIGNATURES.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": "3"},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


@contextlib.contextmanager
def rpc_server(model, port=0):
    """Yields the address."""
    executor = futures.ThreadPoolExecutor(32)
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(executor, options=[*unlimited, ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (
            _handlers(
                "PredictionService",
                Predict=(_predict, predict_pb2.PredictRequest, model),
                GetModelMetadata=(
                    _metadata,
                    get_model_metadata_pb2.GetModelMetadataRequest,
                    model,
                ),
            ),
            _handlers(
                "ModelService",
                GetModelStatus=(_status, get_model_status_pb2.GetModelStatusRequest, model),
            ),
        )
    )
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        model.ending.set()
        server.stop(0).wait()
        executor.shutdown()


def _handlers(service, **methods):
    def handler(function, request, model):
        def run(message, context):
            try:
                return function(model, message)
            except Refused as error:
                context.abort(error.code, str(error))
            except ConnectionAbortedError:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")

        return grpc.unary_unary_rpc_method_handler(
            run, request.FromString, lambda answer: answer.SerializeToString()
        )

    return grpc.method_handlers_generic_handler(
        f"tensorflow.serving.{service}", {name: handler(*m) for name, m in methods.items()}
    )


def _choice(spec):
    choice = {"name": spec.name}
    if spec.WhichOneof("version_choice") == "version":
        choice["versions"] = str(spec.version.value)
    elif spec.version_label:
        choice["labels"] = spec.version_label
    return choice


def _predict(model, request):
    columns = {}
    for name, tensor in request.inputs.items():
        array = tf.make_ndarray(tensor)
        values = array.tolist()
        if name == "target_domain":
            values = [value.decode() for value in values]
        columns[name] = values
        model.dtypes = {**getattr(model, "dtypes", {}), name: str(array.dtype)}
    spec = request.model_spec
    output, values = model.predict(_choice(spec), spec.signature_name, columns)
    answer = predict_pb2.PredictResponse()
    dtype = tf.string if output.endswith("_bytes") else tf.float32
    answer.outputs[output].CopyFrom(tf.make_tensor_proto(values, dtype))
    return answer


def _status(model, request):
    model.check(request.model_spec.name)
    answer = get_model_status_pb2.GetModelStatusResponse()
    for version, state, error in model.versions:
        status = answer.model_version_status.add(version=version)
        status.state = get_model_status_pb2.ModelVersionStatus.State.Value(state)
        status.status.error_message = error
    return answer


def _metadata(model, request):
    model.check(request.model_spec.name)
    assert list(request.metadata_field) == ["signature_def"]
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, infos in SIGNATURES.items():
        signature = signatures.signature_def[name]
        for side, specs in zip((signature.inputs, signature.outputs), infos, strict=True):
            for key, (dtype, shape) in specs.items():
                side[key].dtype = getattr(types_pb2, f"DT_{dtype.upper()}")
                for size in shape:
                    side[key].tensor_shape.dim.add(size=size)
    answer = get_model_metadata_pb2.GetModelMetadataResponse()
    answer.model_spec.name = request.model_spec.name
    answer.model_spec.version.value = 3
    packed = any_pb2.Any()
    packed.Pack(signatures)
    answer.metadata["signature_def"].CopyFrom(packed)
    return answer


SERVERS = {"rest": rest_server, "rpc": rpc_server}


def until(condition, seconds=10.0):
    """Waits for something that other threads or processes do."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
