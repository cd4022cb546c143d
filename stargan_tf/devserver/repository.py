"""Models in memory: versions appear, take over when they are ready, and leave when unused."""

import contextlib
import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse, ModelVersionStatus

from stargan_tf.devserver.discovery import ModelSettings, find_versions, fingerprint
from stargan_tf.devserver.errors import error_of, invalid, not_found, shown
from stargan_tf.devserver.loaded_version import LoadedVersion
from stargan_tf.devserver.servable import Servable
from stargan_tf.errors import UserError

# How many versions that were unloaded are still told of in a model's status.
MAX_ENDED = 16
_LOADING, _AVAILABLE = ModelVersionStatus.LOADING, ModelVersionStatus.AVAILABLE
_UNLOADING, _END = ModelVersionStatus.UNLOADING, ModelVersionStatus.END


class Target(NamedTuple):
    """Which version of a model a request asks for: at most one of the two ways to say."""

    name: str
    version: int | None = None
    label: str | None = None


class Repository:
    """Follows folders of models and lends their versions to requests.

    A new version takes over after it is loaded and warmed up; the one before is
    unloaded when the last request that uses it has ended. A version that cannot be
    loaded is reported, the versions before it keep serving, and it is tried again
    when its folder changes.
    """

    def __init__(
        self,
        find_models: Callable[[], list[ModelSettings]],
        report: Callable[[str], None],
        load: Callable[[str, int, Path], Servable] = Servable,
    ) -> None:
        """Starts without any model; `poll` loads them.

        Args:
          find_models: says which models there are, again at each poll; when it raises
            OSError or UserError, those from before stay.
          report: is told one line about each version that comes, goes or fails.
          load: makes a servable of a model's name, a version and its folder.
        """
        self._find_models, self._load, self._report = find_models, load, report
        self._lock = threading.Lock()  # dictionaries change in the thread that polls only
        self._models: dict[str, dict[int, LoadedVersion]] = {}
        self._settings: dict[str, ModelSettings] = {}
        self._complaints: dict[str, str] = {}
        self._wake = threading.Event()
        self._stopped = False
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
        self._stopped = True
        self._wake.set()
        if self._thread:
            self._thread.join()

    def poll(self) -> None:
        """Looks at the folders once: loads what is new, unloads what has had its time."""
        try:
            listed = {model.name: model for model in self._find_models()}
            self._complain("", "")
        except (OSError, UserError) as error:
            self._complain("", f"{error} The models stay as they are.")
            listed = self._settings
        with self._lock:
            self._settings = listed
        for name in [*listed, *(self._models.keys() - listed.keys())]:
            if not self._stopped:
                self._poll_model(name, listed.get(name))
        self._reap()

    @contextlib.contextmanager
    def lease(self, target: Target) -> Iterator[Servable]:
        """Lends a version of a model, the newest by default; it stays loaded until returned.

        Raises ServingError if it is not there, or not (or no longer) available.
        """
        with self._lock:
            lent = self._available_version(target)
            lent.leases += 1
            servable = lent.servable
        assert servable is not None
        try:
            yield servable
        finally:
            del servable
            with self._lock:
                lent.leases -= 1
                if lent.state == _UNLOADING and not lent.leases:
                    self._wake.set()

    def status(self, target: Target) -> GetModelStatusResponse:
        """States of a model's versions, the newest first; raises ServingError if there are none."""
        response = GetModelStatusResponse()
        with self._lock:
            wanted, versions = self._find(target)
            numbers = sorted(versions, reverse=True) if wanted is None else [wanted]
            if wanted is not None and wanted not in versions:
                what, known = f"version {wanted} of model {target.name}", sorted(versions)
                raise not_found(f"Found no {what}, expected one of {str(known)[1:-1]}.")
            for number in numbers:
                version = versions[number]
                entry = response.model_version_status.add(version=number, state=version.state)
                entry.status.error_code = version.error.code.value[0] if version.error else 0
                entry.status.error_message = str(version.error or "")
        return response

    def available(self) -> dict[str, list[int]]:
        """The available versions of each model."""
        with self._lock:
            return {
                name: [number for number, v in versions.items() if v.state == _AVAILABLE]
                for name, versions in self._models.items()
            }

    def _follow(self, poll_seconds: float) -> None:
        while not self._stopped:
            self._wake.wait(poll_seconds)
            self._wake.clear()
            try:
                self.poll()
            except Exception as error:  # the next poll may go well, and must take place
                self._complain("", f"Looking for new versions failed: {error_of(error)}")

    def _find(self, target: Target) -> tuple[int | None, dict[int, LoadedVersion]]:
        """The number that was asked for, and a model's versions; the lock is held."""
        name, number, label = target
        if not self._models.get(name):
            known = ", ".join(sorted(self._models)) or "none"
            raise not_found(f"Found no model named {shown(name)}, expected one of: {known}.")
        if label is not None:
            labels = self._settings[name].labels if name in self._settings else {}
            if label not in labels:
                what, known = f"no label {shown(label)}", ", ".join(sorted(labels)) or "none"
                raise invalid(f"Model {name} has {what}, expected one of: {known}.")
            number = labels[label]
        return number, self._models[name]

    def _available_version(self, target: Target) -> LoadedVersion:
        """The version that a request asks for; the lock is held."""
        number, versions = self._find(target)
        available = {n: v for n, v in versions.items() if v.state == _AVAILABLE}
        wanted = max(available, default=None) if number is None else number
        if wanted in available:
            return available[wanted]
        name, model = ModelVersionStatus.State.Name, f"model {target.name}"
        what = f"M{model[1:]}" if number is None else f"Version {number} of {model}"
        states = ", ".join(f"{n} is {name(v.state)}" for n, v in sorted(versions.items()))
        raise not_found(f"{what} is not available, expected one that is: {states}.")

    def _poll_model(self, name: str, model: ModelSettings | None) -> None:
        """Loads and unloads versions of a model; None for one that is listed no more."""
        try:
            found = find_versions(model.base_path) if model else {}
        except OSError as error:
            self._complain(name, f"Model {name}: {error.filename} cannot be read: {error.strerror}")
            return
        self._complain(name, "" if found or not model else f"Model {name} has no versions.")
        aspired = model.choose(found) if model else set()
        with self._lock:
            versions = self._models.setdefault(name, {})
            for number in aspired & versions.keys():
                if versions[number].state == _UNLOADING:
                    # Wanted again before it was gone, as when its successor vanished.
                    versions[number].state = _AVAILABLE
        fresh = {
            number: LoadedVersion(found[number])
            for number in sorted(aspired)
            if number not in versions or versions[number].is_to_be_loaded(found[number])
        }
        with self._lock:
            versions.update(fresh)
        for number, version in fresh.items():
            if not self._stopped:
                self._load_version(f"{name} version {number}", name, number, version)
        with self._lock:
            ready = all(versions[number].state == _AVAILABLE for number in aspired)
            for number, version in versions.items():
                if version.state == _AVAILABLE and number not in (aspired if ready else found):
                    version.state = _UNLOADING
            ended = sorted({n for n, v in versions.items() if v.state == _END} - aspired)
            for number in ended[:-MAX_ENDED]:
                del versions[number]
            if model is None and len(ended) == len(versions):
                del self._models[name], self._complaints[name]

    def _load_version(self, what: str, name: str, number: int, version: LoadedVersion) -> None:
        """Loads a version; until it is ready, those before it serve."""
        with self._lock:
            version.state = _LOADING
        contents, start = None, time.monotonic()
        try:
            contents = fingerprint(version.path)
            servable = self._load(name, number, version.path)
        except Exception as error:  # one version must not keep the others from being served
            with self._lock:
                version.state, version.error, version.tried = _END, error_of(error), contents
            self._report(f"warning: {what} failed: {version.error}")
            return
        with self._lock:
            version.servable, version.state = servable, _AVAILABLE
        count = len(servable.signature_defs.keys() - {"__saved_model_init_op"})
        seconds = time.monotonic() - start
        self._report(f"{what}: {count} signatures, loaded and warmed up in {seconds:.1f} s.")

    def _reap(self) -> None:
        """Lets go of the versions that no request uses any more."""
        gone = []
        with self._lock:
            for name, versions in self._models.items():
                for number, version in versions.items():
                    if version.state == _UNLOADING and not version.leases:
                        version.servable, version.state = None, _END
                        gone.append(f"{name} version {number} was unloaded.")
        if gone:
            gc.collect()  # graphs refer to themselves
        for line in gone:
            self._report(line)

    def _complain(self, about: str, text: str) -> None:
        """Reports a problem once, not at every poll; no text when it is over."""
        if text and self._complaints.get(about) != text:
            self._report(f"warning: {text}")
        self._complaints[about] = text
