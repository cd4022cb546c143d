"""Models in memory: versions appear, take over when they are ready, and leave when unused."""

import contextlib
import dataclasses
import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus

from stargan_tf.devserver.discovery import ModelSettings, find_versions
from stargan_tf.devserver.errors import ServingError, error_of, invalid, not_found, shown
from stargan_tf.devserver.servable import Servable
from stargan_tf.errors import UserError

_LOADING, _AVAILABLE = ModelVersionStatus.LOADING, ModelVersionStatus.AVAILABLE
_UNLOADING, _END = ModelVersionStatus.UNLOADING, ModelVersionStatus.END


class Target(NamedTuple):
    """Which version of a model a request asks for: at most one of the two ways to say."""

    name: str
    version: int | None = None
    label: str | None = None


@dataclasses.dataclass(eq=False)
class _Version:
    """A version that is, will be or was served."""

    state: int = ModelVersionStatus.START
    error: ServingError | None = None  # why it could not be loaded
    servable: Servable | None = None  # in memory while AVAILABLE or UNLOADING
    leases: int = 0  # how many requests use it now
    stamp: tuple[int, int] = (0, 0)  # of its files, as they were when it was loaded


class Repository:
    """Follows folders of models and lends their versions to requests.

    A new version takes over after it is loaded and warmed up; the one before is unloaded when its
    last request has ended. One that cannot be loaded is reported, and those before it serve on.
    """

    def __init__(
        self,
        find_models: Callable[[], list[ModelSettings]],
        report: Callable[[str], None],
        load: Callable[[str, int, Path], Servable] = Servable,
    ) -> None:
        """Starts without any model; `poll` loads those that `find_models` says there are.

        When that raises OSError or UserError, the models from before stay. `report` is told one
        line about each version that comes, goes or fails.
        """
        self._find_models, self._load, self._report = find_models, load, report
        self._lock = threading.Lock()  # dictionaries change in the thread that polls only
        self._models: dict[str, dict[int, _Version]] = {}
        self._settings: dict[str, ModelSettings] = {}
        self._warnings: list[str] = []  # of the last poll
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, poll_seconds: float) -> None:
        """Polls now, and every some seconds in the background; 0 for now only."""
        self.poll()
        if poll_seconds > 0:
            self._thread = threading.Thread(
                target=self._follow, args=(poll_seconds,), name="repository", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Ends the polling; loaded versions stay."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def poll(self) -> None:
        """Looks at the folders once: loads what is new, unloads what has had its time."""
        before, self._warnings = self._warnings, []
        try:
            self._settings = {model.name: model for model in self._find_models()}
        except (OSError, UserError) as error:
            self._warnings.append(f"warning: {error} The models stay as they are.")
        for name in {**self._settings, **self._models}:
            self._poll_model(name, self._settings.get(name))
        for warning in self._warnings:
            if warning not in before:  # or it would be said at every poll
                self._report(warning)

    @contextlib.contextmanager
    def lease(self, target: Target) -> Iterator[Servable]:
        """Lends a version of a model, the newest by default; it stays loaded until returned.

        Raises ServingError if it is not there, or not (or no longer) available.
        """
        with self._lock:
            version = self._available_version(target)
            version.leases += 1
        try:
            yield version.servable
        finally:
            with self._lock:
                version.leases -= 1

    def status(self, target: Target) -> GetModelStatusResponse:
        """States of a model's versions, the newest first; raises ServingError if there are none."""
        response = GetModelStatusResponse()
        with self._lock:
            wanted, versions = self._find(target)
            if wanted is not None and wanted not in versions:
                what = f"no version {wanted} of model {target.name}"
                raise not_found(f"Found {what}, expected one of: {sorted(versions)}.")
            for number in sorted(versions, reverse=True) if wanted is None else [wanted]:
                version = versions[number]
                entry = response.model_version_status.add(version=number, state=version.state)
                entry.status.error_code = version.error.code.value[0] if version.error else 0
                entry.status.error_message = str(version.error or "")
        return response

    def available(self) -> dict[str, list[int]]:
        """The available versions of each model."""
        with self._lock:
            models = self._models.items()
            return {k: [n for n, v in vs.items() if v.state == _AVAILABLE] for k, vs in models}

    def _follow(self, poll_seconds: float) -> None:
        while not self._stopped.wait(poll_seconds):
            self.poll()

    def _find(self, target: Target) -> tuple[int | None, dict[int, _Version]]:
        """The number that was asked for, and a model's versions; the lock is held."""
        name, number, label = target
        if not self._models.get(name):
            there = sorted(known for known, versions in self._models.items() if versions)
            expected = f"expected one of: {', '.join(there) or 'none'}"
            raise not_found(f"Found no model named {shown(name)}, {expected}.")
        if label is not None:
            labels = self._settings[name].labels if name in self._settings else {}
            if label not in labels:
                what, known = f"no label {shown(label)}", ", ".join(sorted(labels)) or "none"
                raise invalid(f"Model {name} has {what}, expected one of: {known}.")
            number = labels[label]
        return number, self._models[name]

    def _available_version(self, target: Target) -> _Version:
        """The version that a request asks for; the lock is held."""
        number, versions = self._find(target)
        available = {n: v for n, v in versions.items() if v.state == _AVAILABLE}
        wanted = max(available, default=None) if number is None else number
        if wanted in available:
            return available[wanted]
        what = ("Version" if number is None else f"Version {number}") + f" of model {target.name}"
        name = ModelVersionStatus.State.Name
        states = ", ".join(f"{n} is {name(v.state)}" for n, v in sorted(versions.items()))
        raise not_found(f"{what} is not available, expected one that is: {states}.")

    def _poll_model(self, name: str, model: ModelSettings | None) -> None:
        """Loads and unloads versions of a model; None for one that is listed no more."""
        try:
            found = find_versions(model.base_path) if model else {}
        except OSError as error:
            self._warnings.append(f"warning: Model {name}: its folder cannot be read: {error}")
            return
        if model and not found:
            self._warnings.append(f"warning: Model {name} has no versions.")
        aspired = model.choose(found) if model else set()
        with self._lock:
            versions = self._models.setdefault(name, {})
            for number in aspired & versions.keys():
                version = versions[number]
                if version.state == _UNLOADING:  # wanted again before it was gone
                    version.state = _AVAILABLE
                if version.error and version.stamp != _stamp(found[number]):
                    version.error = None  # it was looked at while it was being copied
            old = {n for n, v in versions.items() if v.state != _END or v.error}
            fresh = {number: _Version() for number in sorted(aspired - old)}
            versions.update(fresh)
        for number, version in fresh.items():
            if not self._stopped.is_set():
                self._load_version(name, number, found[number], version)
        with self._lock:
            ready = all(versions[number].state == _AVAILABLE for number in aspired)
            for number, version in versions.items():
                if version.state == _AVAILABLE and number not in (aspired if ready else found):
                    version.state = _UNLOADING
                if number not in found:
                    version.error = None  # it is tried again when it comes back
            gone = [n for n, v in versions.items() if v.state == _UNLOADING and not v.leases]
            for number in gone:
                versions[number].servable, versions[number].state = None, _END
            if not model and all(version.state == _END for version in versions.values()):
                del self._models[name]
        if gone:
            gc.collect()  # graphs refer to themselves
        for number in gone:
            self._report(f"{name} version {number} was unloaded.")

    def _load_version(self, name: str, number: int, path: Path, version: _Version) -> None:
        """Loads a version; until it is ready, those before it serve."""
        with self._lock:
            version.state, version.stamp = _LOADING, _stamp(path)
        start = time.monotonic()
        try:
            servable = self._load(name, number, path)
        except Exception as error:  # one version must not keep the others from being served
            with self._lock:
                version.state, version.error = _END, error_of(error)
            self._report(f"warning: {name} version {number} failed: {version.error}")
            return
        with self._lock:
            version.servable, version.state = servable, _AVAILABLE
        count = len(servable.signature_defs.keys() - {"__saved_model_init_op"})
        what, seconds = f"{name} version {number}: {count} signatures", time.monotonic() - start
        self._report(f"{what}, loaded and warmed up in {seconds:.1f} s.")


def _stamp(folder: Path) -> tuple[int, int]:
    """What changes while files come to a folder: their sizes in all, and the newest change."""
    sizes, times = [0], [0]
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(OSError):  # gone meanwhile
            status = path.stat()
            sizes.append(status.st_size)
            times.append(status.st_mtime_ns)
    return sum(sizes), max(times)
