"""Files of a folder that are rejected."""

import threading
from collections.abc import Callable
from pathlib import Path

from .errors import ImageError, InvalidRequestError
from .images import encode

Warn = Callable[[str], None]


class Rejects:
    """The files of a folder that are rejected, as long as it is they that are at fault."""

    def __init__(self, ask: Callable[[bytes], object] | None, warn: Warn) -> None:
        """Starts with none.

        Args:
          ask: sends an image with the settings that the folder's images are sent with; None
            where nothing may be rejected.
          warn: told of each file.
        """
        self._ask = ask
        self._warn = warn
        self._settings_are_fine = False
        self._paths: set[Path] = set()
        self._lock = threading.RLock()

    def __contains__(self, path: Path) -> bool:
        """Whether a file was rejected."""
        return path in self._paths

    def accept(self) -> None:
        """Notes that the server accepted a file, so the settings are fine."""
        self._settings_are_fine = True

    def add(self, path: Path, error: InvalidRequestError) -> None:
        """Rejects a file.

        Raises:
          InvalidRequestError: `error`, if rejecting is not allowed or would not help.
        """
        if self._ask is None:
            raise error
        with self._lock:
            if path in self._paths:
                return
            if not isinstance(error, ImageError) and not self._settings_are_fine:
                self._ask_about_settings(error)
            self._paths.add(path)
            named = str(error) if str(path) in str(error) else f"{path} ({error})"
            self._warn(f"warning: rejected: {named}")

    def _ask_about_settings(self, error: InvalidRequestError) -> None:
        """Sends an image that is surely fine: if it is rejected, too, no file is at fault."""
        import PIL.Image

        try:
            self._ask(encode(PIL.Image.new("RGB", (64, 64), "grey"), "PNG"))
        except InvalidRequestError:
            raise error from None
        self._settings_are_fine = True
