"""TensorFlow Serving over HTTP and JSON."""

import base64
import binascii
import json
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from .errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
    sentence,
)
from .proxies import is_here, proxy_of
from .results import ModelMetadata, Signature, TensorSpec, VersionStatus

# 413 is that of proxies, for requests larger than they let through.
ERRORS = {
    400: InvalidRequestError,
    413: InvalidRequestError,
    404: NotFoundError,
    503: UnavailableError,
    504: DeadlineError,
}
_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
_CHUNK = 2**16


class RestTransport:
    """Each request has a session, and so a kept connection, to itself."""

    def __init__(self, server: str, model: str, version: int | None, label: str | None) -> None:
        """Makes the URL of the model; nothing is sent yet.

        Args:
          server: http://HOST:PORT or https://HOST:PORT, with a path where a proxy needs one.
          model: name of the model.
          version: one version of it; by default the newest.
          label: a label of a version, instead of `version`.
        """
        self._server = server
        # Of all that the environment says, such as which certificates to trust, this alone.
        self._proxies = {"no_proxy": urlsplit(server).hostname or ""} if is_here(server) else None
        self._url = f"{server.rstrip('/')}/v1/models/{quote(model, safe='')}"
        if version is not None:
            self._url += f"/versions/{version}"
        elif label:
            self._url += f"/labels/{quote(label, safe='')}"
        # Sessions are not made for use by several threads at a time.
        self._idle: deque[requests.Session] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def predict(
        self, signature: str, columns: dict[str, list[Any]], output: str, timeout: float
    ) -> list[Any]:
        """Runs a signature.

        Args:
          signature: its name.
          columns: N values for each input.
          output: name of the output that is wanted.
          timeout: seconds.

        Returns:
          N bytes, or N lists of floats.
        """
        inputs = {name: [_to_json(v) for v in values] for name, values in columns.items()}
        body = json.dumps({"signature_name": signature, "inputs": inputs}).encode()
        outputs = self._ask("POST", ":predict", timeout, body).get("outputs")
        # The server omits the name where there is one output.
        rows = outputs.get(output) if isinstance(outputs, dict) else outputs
        if not isinstance(rows, list):
            raise ServingError(f"Found no {output} in the answer of {self._server}, expected it.")
        return [_from_json(row) for row in rows]

    def status(self, timeout: float) -> list[VersionStatus]:
        """Returns the states of the model's versions."""
        answer = self._ask("GET", "", timeout)
        try:
            return [_version(version) for version in answer["model_version_status"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._strange_answer() from error

    def metadata(self, timeout: float) -> ModelMetadata:
        """Returns the model's signatures."""
        answer = self._ask("GET", "/metadata", timeout)
        try:
            spec = answer["model_spec"]
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return ModelMetadata(
                spec["name"],
                int(spec["version"]),
                {name: _signature(value) for name, value in signatures.items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._strange_answer() from error

    def close(self) -> None:
        """Closes the connections that are idle; the others follow when they are."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()

    def _ask(
        self, method: str, path: str, timeout: float, body: bytes | None = None
    ) -> dict[str, Any]:
        """Sends one request and returns the JSON object of its answer."""
        with self._lock:
            session = self._idle.pop() if self._idle else requests.Session()
        try:
            status, content = self._exchange(session, method, self._url + path, timeout, body)
        except requests.exceptions.SSLError as error:
            raise ServingError(f"Found no secure way to {self._server} ({error}).") from error
        except requests.exceptions.ConnectTimeout as error:
            raise self._unavailable("no answer") from error
        except requests.exceptions.Timeout as error:
            raise self._late(timeout) from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            if "timed out" in str(error):  # while reading the answer
                raise self._late(timeout) from error
            raise self._unavailable(_reason(error)) from error
        except requests.exceptions.RequestException as error:
            raise ServingError(f"Found no way to ask {self._server} ({error}).") from error
        finally:
            with self._lock:
                session.close() if self._closed else self._idle.append(session)
        return self._parsed(status, content)

    def _exchange(
        self,
        session: requests.Session,
        method: str,
        url: str,
        timeout: float,
        body: bytes | None,
    ) -> tuple[int, bytes]:
        end = time.monotonic() + timeout
        with session.request(
            method,
            url,
            data=body,
            headers=_HEADERS,
            timeout=timeout,
            stream=True,
            allow_redirects=False,
            proxies=self._proxies,
        ) as response:
            content = bytearray()
            # `timeout` is for each read alone; all of them together must keep to it, too.
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if time.monotonic() > end:
                    raise self._late(timeout)
            if response.raw.length_remaining:  # of which requests itself does not complain
                raise self._unavailable("the answer broke off")
            return response.status_code, bytes(content)

    def _parsed(self, status: int, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):  # also for bytes that are no text
            answer = None
        if status == 200:
            if not isinstance(answer, dict):
                raise self._strange_answer()
            return answer
        reason = answer.get("error") if isinstance(answer, dict) else None
        text = sentence(reason) if isinstance(reason, str) and reason else ""
        default = f"The server at {self._server} answered with HTTP status {status}."
        raise ERRORS.get(status, ServingError)(text or default)

    def _unavailable(self, reason: str) -> UnavailableError:
        proxy = proxy_of(self._server)
        way = f" through the proxy {proxy} that the environment names" if proxy else ""
        return UnavailableError(
            f"Found no server at {self._server}{way} ({reason}), expected TensorFlow Serving's "
            f"REST port there: start it, or check the address{' and no_proxy' if proxy else ''}."
        )

    def _late(self, timeout: float) -> DeadlineError:
        return DeadlineError(
            f"The server at {self._server} gave no whole answer within {timeout:.3g} s: raise the "
            "timeout, or send fewer images at once."
        )

    def _strange_answer(self) -> ServingError:
        return ServingError(
            f"Found another answer at {self._server} than TensorFlow Serving's JSON, expected its "
            "REST port (8501) there: check the address."
        )


def _to_json(value: Any) -> Any:
    return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise ServingError("Found bytes that are not in base 64, expected them so.") from error


def _version(value: dict[str, Any]) -> VersionStatus:
    error = (value.get("status") or {}).get("error_message") or ""
    return VersionStatus(int(value["version"]), value["state"], sentence(error) if error else "")


def _signature(value: dict[str, Any]) -> Signature:
    inputs, outputs = (
        {name: _spec(info) for name, info in value.get(key, {}).items()}
        for key in ("inputs", "outputs")
    )
    return Signature(inputs, outputs)


def _spec(info: dict[str, Any]) -> TensorSpec:
    dtype = str(info["dtype"]).removeprefix("DT_").lower()
    shape = info["tensor_shape"]
    if shape.get("unknown_rank"):
        return TensorSpec(dtype, None)
    sizes = [int(dim["size"]) for dim in shape.get("dim", [])]
    return TensorSpec(dtype, tuple(None if size < 0 else size for size in sizes))


def _reason(error: Exception) -> str:
    """What the system said, out of the exceptions that the libraries put around it."""
    text = str(error)
    for known in ("Connection refused", "Connection reset", "Name or service not known"):
        if known in text:
            return known.lower()
    return "the connection broke off"
