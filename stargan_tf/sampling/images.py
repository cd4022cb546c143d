"""Finds and reads the images that are translated or whose style is taken."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from tqdm import tqdm

from stargan_tf.config.settings import check
from stargan_tf.data.images import load_image
from stargan_tf.data.preprocessing import preprocess
from stargan_tf.errors import UserError
from stargan_tf.names import find_domain, is_system_name

Item = TypeVar("Item")
# What is done to an image before the networks see it, such as cropping its face: takes its path
# and [H, W, 3] uint8, returns the like, and raises UserError for an image that is rejected.
Prepare = Callable[[Path, np.ndarray], np.ndarray]


class ReferenceFile(NamedTuple):
    """A reference image that is still to be read."""

    path: Path
    domain: int  # index of the domain it belongs to


class LoadedImage(NamedTuple):
    """An image as the networks take it."""

    path: Path
    pixels: np.ndarray  # [R, R, 3] float32 in [-1, 1]


def find_sources(src: Path) -> list[Path]:
    """Lists what `--src` names: one file, or the files directly in a folder, sorted.

    Raises:
      UserError: there is no file in the folder.
    """
    if _is_single(src):
        return [src]
    files = _visible_files(src)
    subfolders = ", ".join(path.name for path in _visible_folders(src))
    check(
        bool(files),
        f"Found no files directly in {src}, expected images"
        + (f": pass one of the folders in it ({subfolders})." if subfolders else ": add some."),
    )
    return files


def find_references(
    ref: Path, domains: Sequence[str], target: int | None = None
) -> list[ReferenceFile]:
    """Lists what `--ref` names, with the domain of each reference.

    An image belongs to `target` or, without one, to the domain that its folder is
    named after. Folders within the folder `ref` are looked into when they have the
    name of a domain (of the target, if there is one); those of no domain's name are named
    on stderr.

    Args:
      ref: a file or a folder.
      domains: names of all domains.
      target: index of the only domain that is wanted; None for all.

    Raises:
      UserError: there is none, or the domain of one cannot be told.
    """
    own_domain = find_domain(_folder_name(ref), domains) if target is None else target
    files = [ref] if _is_single(ref) else _visible_files(ref)
    nested, unfit = ([], []) if _is_single(ref) else _in_domain_folders(ref, domains, target)
    names = ", ".join(domains)
    if unfit:
        tqdm.write(
            f"warning: rejected: {_list(unfit)} (expected folders with the name of a domain: "
            f"{names})",
            sys.stderr,
        )
    if own_domain is None and files:
        check(
            bool(nested),
            f"Found no domain for --ref={ref}, expected its folder to have the name of one "
            f"({names}): pass --target_domain.",
        )
        tqdm.write(f"warning: rejected: {_list(files)} (not in a folder of a domain)", sys.stderr)
        files = []
    found = [ReferenceFile(path, own_domain) for path in files if own_domain is not None] + nested
    wanted = names if target is None else domains[target]
    check(
        bool(found),
        f"Found no files in {ref}, expected references directly in it or in folders with the name "
        f"of a domain ({wanted}): check --ref.",
    )
    return found


def spread(items: Sequence[Item], limit: int) -> list[Item]:
    """Takes at most `limit` items at even distances, the first among them; 0 for all."""
    if limit == 0 or len(items) <= limit:
        return list(items)
    return [items[index * len(items) // limit] for index in range(limit)]


def spread_references(references: Sequence[ReferenceFile], limit: int) -> list[ReferenceFile]:
    """Takes at most `limit` references of each domain at even distances; 0 for all."""
    domains = sorted({reference.domain for reference in references})
    return [
        reference
        for domain in domains
        for reference in spread([r for r in references if r.domain == domain], limit)
    ]


def read_images(
    root: Path, paths: Sequence[Path], img_size: int, prepare: Prepare | None = None
) -> Iterator[LoadedImage]:
    """Reads images one by one; those of a folder that cannot be used are rejected.

    Args:
      root: the file or folder that `paths` were found in.
      paths: image files.
      img_size: R.
      prepare: is given each image first, if there is such a function.

    Raises:
      UserError: `root` is a file that cannot be used, or no file of the folder can.
    """
    num_read = 0
    for path in paths:
        try:
            image = load_image(path)
            image = prepare(path, image) if prepare else image
        except UserError as error:
            if _is_single(root):
                raise
            tqdm.write(f"warning: rejected: {error}", sys.stderr)
            continue
        num_read += 1
        yield LoadedImage(path, np.asarray(preprocess(image, img_size)))
    check(
        num_read > 0,
        f"None of the {len(paths)} files in {root} is an image that can be used, expected at least "
        "one: check the folder.",
    )


def _in_domain_folders(
    ref: Path, domains: Sequence[str], target: int | None
) -> tuple[list[ReferenceFile], list[Path]]:
    """The files in folders of domains, and the folders that are of none."""
    found, unfit = [], []
    for folder in _visible_folders(ref):
        domain = find_domain(folder.name, domains)
        if domain is None:
            unfit.append(folder)
        elif target in (None, domain):
            found += [ReferenceFile(path, domain) for path in _visible_files(folder)]
    return sorted(found, key=lambda reference: reference.domain), unfit


def _folder_name(path: Path) -> str:
    path = Path(os.path.abspath(path))  # the name that was given, also of a link
    return path.parent.name if _is_single(path) else path.name


def _is_single(path: Path) -> bool:
    """Whether this is one file, or a pipe or a device, which reading it says."""
    return path.exists() and not path.is_dir()


def _visible_files(folder: Path) -> list[Path]:
    # Links that lead nowhere are among them: whoever reads them says so.
    return sorted(p for p in folder.iterdir() if not p.is_dir() and not is_system_name(p.name))


def _visible_folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_system_name(p.name))


def _list(paths: Sequence[Path], most: int = 5) -> str:
    names = ", ".join(str(path) for path in paths[:most])
    return names + (f" and {len(paths) - most} more" if len(paths) > most else "")
