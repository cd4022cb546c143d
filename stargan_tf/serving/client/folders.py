"""Translates one image or a folder of images, several requests at a time."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .client import Client
from .errors import ImageError, InvalidRequestError, ServingError
from .files import distinct_names, files_of, translation_name, write_whole
from .images import format_of, load_image, reencode
from .parallel import in_parallel
from .rejects import Rejects, Warn

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg"}
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


# Reads an image file as a model takes it, and raises ImageError for a file that is rejected.
Load = Callable[[Path], bytes]


class Job(NamedTuple):
    """The settings of one job: images, styles, and where translations go."""

    src: str  # an image, or a folder of images
    target_domain: str
    out: str  # a .png or .jpg file for one image in one style, else a folder
    ref: str = ""  # a reference, or a folder of references; empty for random styles
    seed: int = 7  # that of the first random style; those after it have the seeds that follow
    psi: float = 1.0  # truncation of the random styles
    num_outputs: int = 1  # random styles
    concurrency: int = 4  # requests that are under way at once
    batch_size: int = 1  # images in a request


class Style(NamedTuple):
    """One style that every image is given: that of a seed, of a style code or of the label."""

    name: str  # tells it from the others, in file names
    seed: int | None = None
    style_code: list[float] | None = None  # where there is one, the seed does not count


# Of models whose labels decide alone: there are no random styles.
_LABEL = Style("label")


class Row(NamedTuple):
    """One translation that is to be made."""

    source: Path
    style: Style
    name: str  # of the source, distinct from the others


def reference_styles(client: Client, job: Job, warn: Warn, load: Load = load_image) -> list[Style]:
    """Takes the styles of the job's references; those of a folder may be rejected.

    Raises:
      ServingError: no reference can be used, or the server cannot be.
    """
    ref = Path(job.ref)
    paths = files_of(ref)
    names = dict(zip(paths, distinct_names(paths), strict=True))

    def ask(reference: bytes) -> list[float]:
        return client.encode_style(reference, job.target_domain)

    rejects = Rejects(ask if ref.is_dir() else None, warn)

    def encoded(path: Path) -> Style | None:
        try:
            style_code = ask(load(path))
        except InvalidRequestError as error:
            rejects.add(path, error)
            return None
        rejects.accept()
        return Style(f"ref_{names[path]}", style_code=style_code)

    found = [style for style in in_parallel(encoded, paths, job.concurrency) if style]
    if not found:
        raise ImageError(
            f"None of the {len(paths)} files in {ref} can be used as a reference, expected at "
            "least one: see the warnings."
        )
    return sorted(found)


def styles_without_references(client: Client, job: Job) -> list[Style]:
    """The random styles that the job asks for, or the one that its label decides.

    Raises:
      ServingError: random styles are asked of a model that has none, or the server cannot be
        used.
    """
    signatures = client.metadata().signatures
    if "translate_random" in signatures or "translate_label" not in signatures:
        return [Style(f"seed{job.seed}_{i}", job.seed + i) for i in range(job.num_outputs)]
    if job.num_outputs > 1 or job.psi != 1:
        raise InvalidRequestError(
            f"Found num_outputs {job.num_outputs} and psi {job.psi:g} for {client.model}, whose "
            "labels decide alone, expected 1 of both: leave them out."
        )
    return [_LABEL]


class FolderJob:
    """Does one job: translates its images in its styles and writes the results."""

    def __init__(self, client: Client, job: Job, warn: Warn, load: Load = load_image) -> None:
        """Lists the images, and asks the server for the styles of references.

        Args:
          client: of the server; for styles of references it is kept to the version that makes
            them, see `Connection.pin`.
          job: what is wanted.
          warn: told of files that are rejected.
          load: reads sources and references.

        Raises:
          ServingError: there are no images, all references are rejected, or the server cannot be
            used.
        """
        self._client = client
        self._job = job
        self._load = load
        self._out = Path(job.out)
        self._sources = files_of(Path(job.src))
        if job.ref:
            client.pin()  # a newer version would draw other styles by the same codes
            self._styles = reference_styles(client, job, warn, load)
        else:
            self._styles = styles_without_references(client, job)
        self._rejects = Rejects(self._ask if Path(job.src).is_dir() else None, warn)
        self.total = len(self._sources) * len(self._styles)

    def run(self) -> Iterator[tuple[int, int]]:
        """Translates and writes, file by file.

        Yields:
          After every request: how many of `total` it brought, and how many were rejected.

        Raises:
          ServingError: nothing could be translated, or the server cannot be used any longer;
            what was written stays.
          OSError: a file cannot be written.
        """
        rows = self._rows()
        batches = iter(lambda: list(islice(rows, self._job.batch_size)), [])
        written = 0
        for wanted, translations in in_parallel(self._work, batches, self._job.concurrency):
            for row, translation in translations:
                self._write(row, translation)
            written += len(translations)
            yield len(translations), wanted - len(translations)
        if not written:
            raise ServingError(
                f"None of the {len(self._sources)} files in {self._job.src} could be translated, "
                "expected at least one: see the warnings."
            )

    def _rows(self) -> Iterator[Row]:
        for source, name in zip(self._sources, distinct_names(self._sources), strict=True):
            for style in self._styles:
                yield Row(source, style, name)

    def _work(self, batch: list[Row]) -> tuple[int, list[tuple[Row, bytes]]]:
        return len(batch), self._translated(batch)

    def _translated(self, batch: list[Row]) -> list[tuple[Row, bytes]]:
        """Translates the rows; returns those that are not rejected, with their translations."""
        loaded = [(row, self._loaded(row.source)) for row in batch]
        rows = [row for row, image in loaded if image is not None]
        images = [image for _, image in loaded if image is not None]
        if not rows:
            return []
        try:
            translations = self._request([row.style for row in rows], images)
        except InvalidRequestError as error:
            if len(rows) == 1:
                self._rejects.add(rows[0].source, error)
                return []
            # One bad image fails its whole request: find it by asking for each alone.
            return [pair for row in rows for pair in self._translated([row])]
        self._rejects.accept()
        return list(zip(rows, translations, strict=True))

    def _loaded(self, path: Path) -> bytes | None:
        if path not in self._rejects:
            try:
                return self._load(path)
            except ImageError as error:
                self._rejects.add(path, error)
        return None

    def _request(self, styles: list[Style], images: list[bytes]) -> list[bytes]:
        style_codes = [style.style_code for style in styles if style.style_code is not None]
        if style_codes:
            return self._client.translate_style(images, style_codes)
        if styles[0] == _LABEL:
            return self._client.translate_label(images, self._job.target_domain)
        seeds = [style.seed for style in styles]
        return self._client.translate(
            images, self._job.target_domain, seed=seeds, psi=self._job.psi
        )

    def _ask(self, image: bytes) -> list[bytes]:
        return self._request(self._styles[:1], [image])

    def _write(self, row: Row, translation: bytes) -> None:
        wanted = FORMATS.get(self._out.suffix.lower())
        if wanted:
            write_whole(self._out, reencode(translation, wanted))
        else:
            domain = self._job.target_domain.replace("/", "_")
            suffix = SUFFIXES[format_of(translation)]
            name = translation_name(row.name, domain, row.style.name, suffix)
            write_whole(self._out / name, translation)
