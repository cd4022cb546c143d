"""The static page that translates in the browser: the files of one folder, and no others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from werkzeug.utils import send_file
from werkzeug.wrappers import Response

# Systems differ in what they know; browsers run no script and no WebAssembly of another type.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
}
_UNKNOWN = "application/octet-stream"
# The page may load and ask for what lies beside it, and nothing else; no other page may frame it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self'; connect-src 'self'; img-src 'self' blob:; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
INDEX = "index.html"


class Page:
    """A page that was built, or is not yet: the folder is looked at for each request."""

    def __init__(self, folder: Path) -> None:
        """Serves the files in `folder`."""
        self.folder = folder

    @property
    def is_built(self) -> bool:
        """Whether there is anything to serve."""
        return (self.folder / INDEX).is_file()

    def answer(self, path: str, environ: Mapping[str, Any]) -> Response | None:
        """The file that is at a path, with what browsers have to know about it.

        Args:
          path: of the request, decoded; / is index.html.
          environ: of the request, as WSGI has it: for ranges, and for what a browser has already.

        Returns:
          None where there is no such file.
        """
        file = self._find(path)
        if file is None:
            return None
        kind = _TYPES.get(file.suffix.lower(), _UNKNOWN)
        # max_age: a browser asks each time whether the page was built anew.
        response = send_file(file, environ, mimetype=kind, conditional=True, max_age=0)
        response.headers.update(_HEADERS)
        return response

    def _find(self, path: str) -> Path | None:
        """The file that a path names, unless it is hidden or a link that leads out of it all."""
        names = path.removeprefix("/").split("/") if path != "/" else [INDEX]
        if any(not n or n.startswith(".") or "\\" in n or "\0" in n for n in names):
            return None
        try:
            file = self.folder.joinpath(*names).resolve(strict=True)
            inside = file.is_relative_to(self.folder.resolve())
            return file if inside and file.is_file() else None
        except OSError:  # there is none, or its name is too long
            return None
