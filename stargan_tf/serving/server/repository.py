"""Models in memory: versions appear, take over when they are ready, and leave when unused."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from stargan_tf.errors import UserError
from stargan_tf.serving.server.servable import SavedModelServable, Servable, release_memory
from stargan_tf.serving.server.status import ServingError, error_of, invalid, not_found, shown
from stargan_tf.serving.server.version import Version
from stargan_tf.serving.server.versions import ModelSettings, find_versions, fingerprint

# How many versions that were unloaded are still told of in a model's status.
MAX_ENDED = 16


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
        load: Callable[[str, int, Path], Servable] = SavedModelServable,
        report: Callable[[str], None] = print,
    ) -> None:
        """Starts without any model; `poll` loads them.

        Args:
          find_models: says which models there are, again at each poll; when it raises
            OSError or UserError, those from before stay.
          load: makes a servable of a model's name, a version and its folder.
          report: is told one line about each version that comes, goes or fails.
        """
        self._find_models = find_models
        self._load = load
        self._report = report
        self._lock = threading.Lock()
        self._polling = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._models: dict[str, dict[int, Version]] = {}
        self._settings: dict[str, ModelSettings] = {}
        self._complaints: dict[str, str] = {}

    def start(self, poll_seconds: float) -> None:
        """Polls now, and from then on in the background.

        Args:
          poll_seconds: time between two looks at the folders; 0 for this one only.
        """
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
        with self._polling:
            try:
                models = self._find_models()
                self._complain("", "")
            except (OSError, UserError) as error:
                self._complain("", f"{error} The models stay as they are.")
                models = list(self._settings.values())
            with self._lock:
                self._settings = {model.name: model for model in models}
            for model in models:
                if self._stopped:
                    return
                self._poll_model(model)
            self._retire_unlisted()
            self._reap()

    @contextlib.contextmanager
    def lease(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> Iterator[Servable]:
        """Lends a version of a model, the newest by default; it stays loaded until returned.

        Raises:
          ServingError: it is not there, or not (or no longer) available.
        """
        with self._lock:
            lent = self._choose(name, version, label)
            lent.leases += 1
            servable = lent.servable
        assert servable is not None
        try:
            yield servable
        finally:
            del servable
            with self._lock:
                lent.leases -= 1
                if lent.state == ModelVersionStatus.UNLOADING and not lent.leases:
                    self._wake.set()

    def status(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> list[tuple[int, int, ServingError | None]]:
        """Number, state and error of a model's versions, the newest first.

        Raises:
          ServingError: there is no such model or version.
        """
        with self._lock:
            versions = self._versions(name)
            if label is not None:
                version = self._resolve(name, label)
            if version is not None and version not in versions:
                raise not_found(
                    f"Found no version {version} of model {name}, expected one of "
                    f"{', '.join(map(str, sorted(versions)))}."
                )
            return [
                (number, versions[number].state, versions[number].error)
                for number in sorted(versions, reverse=True)
                if version in (None, number)
            ]

    def available(self) -> dict[str, list[int]]:
        """The available versions of each model."""
        with self._lock:
            return {
                name: [
                    v.number for v in versions.values() if v.state == ModelVersionStatus.AVAILABLE
                ]
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

    def _versions(self, name: str) -> dict[int, Version]:
        """The versions of a model; the lock is held."""
        if not self._models.get(name):
            known = ", ".join(sorted(self._models)) or "none"
            raise not_found(f"Found no model named {shown(name)}, expected one of: {known}.")
        return self._models[name]

    def _resolve(self, name: str, label: str) -> int:
        """The version that a label stands for; the lock is held."""
        labels = self._settings[name].labels if name in self._settings else {}
        if label not in labels:
            known = ", ".join(sorted(labels)) or "none"
            raise invalid(f"Model {name} has no label {shown(label)}, expected one of: {known}.")
        return labels[label]

    def _choose(self, name: str, version: int | None, label: str | None) -> Version:
        """The version that a request asks for; the lock is held."""
        versions = self._versions(name)
        if label is not None:
            version = self._resolve(name, label)
        available = {n: v for n, v in versions.items() if v.state == ModelVersionStatus.AVAILABLE}
        wanted = max(available, default=None) if version is None else version
        if wanted in available:
            return available[wanted]
        what = f"Model {name}" if version is None else f"Version {version} of model {name}"
        states = ", ".join(
            f"{n} is {ModelVersionStatus.State.Name(v.state)}" for n, v in sorted(versions.items())
        )
        raise not_found(f"{what} is not available, expected one that is: {states}.")

    def _poll_model(self, model: ModelSettings) -> None:
        try:
            found = find_versions(model.base_path)
        except OSError as error:
            text = f"Model {model.name}: {model.base_path} cannot be read ({error.strerror})."
            self._complain(model.name, text)
            return
        self._complain(model.name, "" if found else f"Model {model.name} has no versions.")
        aspired = model.policy.choose(set(found))
        with self._lock:
            versions = self._models.setdefault(model.name, {})
            for number in aspired & versions.keys():
                if versions[number].state == ModelVersionStatus.UNLOADING:
                    # Wanted again before it was gone, as when its successor vanished.
                    versions[number].state = ModelVersionStatus.AVAILABLE
            known = dict(versions)
        fresh = [n for n in sorted(aspired) if n not in known or known[n].is_to_be_loaded(found[n])]
        with self._lock:
            for number in fresh:
                versions[number] = Version(number, found[number])
        for number in fresh:
            if self._stopped:
                return
            self._load_version(model.name, versions[number])
        with self._lock:
            ready = all(versions[n].state == ModelVersionStatus.AVAILABLE for n in aspired)
            for version in versions.values():
                unwanted = version.number not in aspired and ready
                if version.state == ModelVersionStatus.AVAILABLE and (
                    unwanted or version.number not in found
                ):
                    version.state = ModelVersionStatus.UNLOADING
            over = [n for n, v in versions.items() if v.state == ModelVersionStatus.END]
            for number in sorted(set(over) - aspired)[:-MAX_ENDED]:
                del versions[number]

    def _load_version(self, name: str, version: Version) -> None:
        """Loads a version; until it is ready, those before it serve."""
        with self._lock:
            version.state = ModelVersionStatus.LOADING
        before = fingerprint(version.path)
        start = time.monotonic()
        try:
            servable = self._load(name, version.number, version.path)
        except Exception as error:  # one version must not keep the others from being served
            with self._lock:
                version.state = ModelVersionStatus.END
                version.error = error_of(error)
                version.tried = before
            self._report(f"warning: {name} version {version.number} failed: {version.error}")
            return
        with self._lock:
            version.servable = servable
            version.state = ModelVersionStatus.AVAILABLE
        count = len(servable.signature_defs.keys() - {"__saved_model_init_op"})
        self._report(
            f"{name} version {version.number}: {count} signatures, loaded and warmed up in "
            f"{time.monotonic() - start:.1f} s."
        )

    def _retire_unlisted(self) -> None:
        """Unloads the models that are listed no more, and forgets them in the end."""
        with self._lock:
            for name in self._models.keys() - self._settings.keys():
                versions = self._models[name].values()
                for version in versions:
                    if version.state == ModelVersionStatus.AVAILABLE:
                        version.state = ModelVersionStatus.UNLOADING
                if all(version.state == ModelVersionStatus.END for version in versions):
                    del self._models[name]
                    self._complaints.pop(name, None)

    def _reap(self) -> None:
        """Lets go of the versions that no request uses any more."""
        gone = []
        with self._lock:
            for name, versions in self._models.items():
                for version in versions.values():
                    if version.state == ModelVersionStatus.UNLOADING and not version.leases:
                        version.servable = None
                        version.state = ModelVersionStatus.END
                        gone.append(f"{name} version {version.number}")
        if gone:
            release_memory()
        for what in gone:
            self._report(f"{what} was unloaded.")

    def _complain(self, about: str, text: str) -> None:
        """Reports a problem once, not at every poll; no text when it is over."""
        if text and self._complaints.get(about) != text:
            self._report(f"warning: {text}")
        self._complaints[about] = text
