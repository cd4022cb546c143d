"""A connection to one model of a server: its transport, retries, status and metadata."""

import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from .errors import (
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
)
from .results import AVAILABLE, COMING, ModelMetadata, VersionStatus
from .retries import with_retries
from .rows import INT64, Rows

Result = TypeVar("Result")
Self = TypeVar("Self", bound="Connection")

POLL_SECONDS = 0.2
GRPC_PORT = 8500


class Transport(Protocol):
    """One way to a server; each method does one try within some seconds."""

    def predict(
        self, signature: str, columns: dict[str, list[Any]], output: str, timeout: float
    ) -> list[Any]:
        """Runs a signature on equally long columns; returns one output's rows."""

    def status(self, timeout: float) -> list[VersionStatus]:
        """Returns the states of the model's versions."""

    def metadata(self, timeout: float) -> ModelMetadata:
        """Returns the model's signatures."""

    def close(self) -> None:
        """Lets go of the connections."""


class Connection:
    """What every request needs; `Client` adds the requests."""

    def __init__(
        self,
        server: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
    ) -> None:
        """Prepares connections; nothing is sent yet.

        Args:
          server: http://HOST:8501 for REST, grpc://HOST:8500 for gRPC; with https and grpcs
            over TLS.
          model: name of the model.
          version: one version of it; by default the newest.
          label: a label of a version, as in the server's configuration, instead of `version`.
          timeout: seconds that a call may take, its retries included.
          retries: most tries after the first; only an unavailable server is tried again.

        Raises:
          InvalidRequestError: an argument cannot be right.
        """
        _check(bool(model), "Found no name of a model, expected that of one on the server.")
        _check("/" not in model and ":" not in model, f"Found {model!r}, expected a model's name.")
        _check(not (label and version is not None), "Found a version and a label, expected one.")
        _check(version is None or 0 <= version < INT64, f"Found version {version}, expected >= 0.")
        _check(0 < timeout < float("inf"), f"Found timeout {timeout}, expected over 0 seconds.")
        _check(retries >= 0, f"Found {retries} retries, expected 0 or more.")
        self.server = server
        self.model = model
        self._timeout = timeout
        self._retries = retries
        self._closed = False
        self._transport = _connect(server, model, version, label)

    def __enter__(self: Self) -> Self:
        """Returns the client, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the client."""
        self.close()

    def close(self) -> None:
        """Lets go of all connections; calls after it raise ServingError."""
        self._closed = True
        self._transport.close()

    def status(self) -> list[VersionStatus]:
        """Returns the states of the model's versions (of the chosen one), newest first."""
        versions = self._call(self._transport.status)
        return sorted(versions, key=lambda version: -version.version)

    def metadata(self) -> ModelMetadata:
        """Returns the loaded version and its signatures with their inputs and outputs."""
        return self._call(self._transport.metadata)

    def pin(self) -> int:
        """Stays with the version that answers now, whatever is loaded later.

        A style code means something to the version that made it alone.

        Returns:
          The version.

        Raises:
          ServingError: no version is available, or the server cannot be asked.
        """
        versions = self.status()
        available = [version.version for version in versions if version.state == AVAILABLE]
        if not available:
            states = ", ".join(f"{v.version} is {v.state}" for v in versions) or "there is none"
            raise NotFoundError(
                f"Found no available version of {self.model} at {self.server} ({states}), "
                "expected one: wait until it is loaded, or see the server's log."
            )
        self._transport.close()
        self._transport = _connect(self.server, self.model, available[0], None)
        return available[0]

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Waits for a server that starts, or for a version that it is about to load.

        Args:
          timeout: seconds to wait.

        Raises:
          NotFoundError, UnavailableError: so it still was at the end.
          DeadlineError: the model was still loading at the end.
          ServingError: the model cannot be loaded, or the server cannot be asked.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                left = min(max(end - time.monotonic(), 1.0), self._timeout)
                versions = self._call(self._transport.status, timeout=left, retries=0)
                if any(version.state == AVAILABLE for version in versions):
                    return
                failed = [version for version in versions if version.error]
                if failed and not any(version.state in COMING for version in versions):
                    newest = max(failed)
                    raise ServingError(
                        f"Version {newest.version} of {self.model} cannot be loaded: "
                        f"{newest.error}"
                    )
                states = ", ".join(f"{v.version} is {v.state}" for v in versions) or "there is none"
                problem: ServingError = DeadlineError(
                    f"Found no available version of {self.model} at {self.server} within "
                    f"{timeout:g} s ({states}): wait longer, or see the server's log."
                )
            except (NotFoundError, UnavailableError, DeadlineError) as error:
                problem = error
            if time.monotonic() + POLL_SECONDS >= end:
                raise problem
            time.sleep(POLL_SECONDS)

    def _predict(self, signature: str, rows: Rows, output: str) -> Any:
        def call(timeout: float) -> list[Any]:
            return self._transport.predict(signature, rows.columns, output, timeout)

        values = self._call(call)
        if len(values) != rows.count:
            raise ServingError(
                f"Found {len(values)} results from {self.server}, expected {rows.count}, one for "
                "each row."
            )
        kind = bytes if output.endswith("_bytes") else list
        if not all(isinstance(value, kind) for value in values):
            raise ServingError(
                f"Found a wrong type for {output} from {self.server}, expected {kind.__name__}: is "
                "it a model of this project?"
            )
        return rows.result(values)

    def _call(
        self,
        call: Callable[[float], Result],
        *,
        timeout: float | None = None,
        retries: int | None = None,
    ) -> Result:
        if self._closed:
            raise ServingError("The client is closed: make another one.")
        timeout = self._timeout if timeout is None else timeout
        return with_retries(call, timeout, self._retries if retries is None else retries)


def _connect(server: str, model: str, version: int | None, label: str | None) -> Transport:
    """Chooses the transport; only its own packages are imported."""
    try:
        url = urlsplit(server)
        known = url.scheme in ("http", "https", "grpc", "grpcs") and bool(url.hostname)
        known = known and (url.port is None or url.port > 0)  # .port raises for no number
    except ValueError:
        known = False
    _check(
        known,
        f"Found {server!r}, expected the address of a server: write http://HOST:8501, or "
        "grpc://HOST:8500.",
    )
    if url.scheme in ("http", "https"):
        from .rest import RestTransport

        return RestTransport(server, model, version, label)
    from .rpc import RpcTransport

    address = url.netloc if url.port else f"{url.netloc}:{GRPC_PORT}"
    return RpcTransport(address, model, version, label, secure=url.scheme == "grpcs")


def _check(condition: bool, sentence: str) -> None:
    if not condition:
        raise InvalidRequestError(sentence)
