"""A REST server as TensorFlow Serving's, before the fake model."""

import base64
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.serving.client.fakes import SIGNATURES, STATUS_OF, Refused


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
