"""The files of a published checkpoint: what each is, and whether they belong together."""

import re
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_torch_file

Tensors = Mapping[str, np.ndarray]  # of a network, by their published names
# What a file may be. NETS: networks as they are trained, by name. NETS_EMA: the moving averages of
# those that draw. OPTIMS: the optimizers. WING: the landmark network. MEAN: mean landmarks.
# G and D: one network alone, the one that draws and the one that judges.
NETS, NETS_EMA, OPTIMS, WING, MEAN, G, D = KINDS = (
    *("nets", "nets_ema", "optims", "wing", "lm_mean"),
    *("G", "D"),
)
_OF_AN_ITERATION = (NETS, NETS_EMA, OPTIMS, G, D)
_MEAN_KEY, _MEAN_SHAPE = "mean", (98, 2)
_MEAN_BYTES = 2**20  # at most: 98 points take less than 2 kB


class ReleaseFile(NamedTuple):
    """One file.

    Attributes:
      path: of it.
      content: of NETS and NETS_EMA the tensors by network; of OPTIMS the state_dicts by network;
        of WING, G and D the tensors; of MEAN nothing.
    """

    path: Path
    content: Any


class Release(NamedTuple):
    """The files of a checkpoint, by their kinds, and its iteration."""

    files: dict[str, ReleaseFile]
    iteration: int


def read_release(
    paths: Sequence[str],
    kinds: Sequence[str],
    iteration: int,
    judges: Collection[str],
    kind_of_network: Callable[[Tensors], str],
) -> Release:
    """Reads the files of a checkpoint.

    Args:
      paths: of them.
      kinds: of them, in the same order; empty to tell them by their contents.
      iteration: that they were written at; 0 to read it off their names.
      judges: the networks that NETS has and NETS_EMA has not.
      kind_of_network: tells G from D by the tensors of a network; empty for others.

    Raises:
      UserError: a file cannot be read or is none of these, or they do not belong together.
    """
    files: dict[str, ReleaseFile] = {}
    for path, kind in zip(paths, kinds or [""] * len(paths), strict=True):
        kind, file = _read(Path(path), kind, judges, kind_of_network)
        if kind in files:
            raise UserError(
                f"Found {files[kind].path} and {path}, which are both {kind}, expected one file of "
                "a kind: leave one out, or say by --kind what each is."
            )
        files[kind] = file
    if not files.keys() & {NETS, NETS_EMA, G}:
        lacking = G if D in files else f"{NETS} or {NETS_EMA}"
        raise UserError(
            f"Found only {' and '.join(files)}, expected the networks too: pass the file of "
            f"{lacking} as another --checkpoint."
        )
    if OPTIMS in files and NETS not in files:
        raise UserError(
            f"Found the optimizers {files[OPTIMS].path} without the networks that they train, "
            "expected both: pass the file of nets as another --checkpoint, or leave them out."
        )
    return Release(files, iteration or _iteration_of(files))


def _read(
    path: Path, kind: str, judges: Collection[str], kind_of_network: Callable[[Tensors], str]
) -> tuple[str, ReleaseFile]:
    if kind == MEAN or (not kind and _is_numpy_archive(path)):
        _check_mean_landmarks(path)
        return MEAN, ReleaseFile(path, None)
    content = read_torch_file(path)
    found = _kind_of(content, judges, kind_of_network)
    # The networks as they are trained may stand in for their averages.
    if not found or (kind and kind != found and (kind, found) != (NETS_EMA, NETS)):
        raise UserError(
            f"{path} is {found or 'none of the files of a published checkpoint'}, expected "
            f"{kind or ', '.join(KINDS)}: pass another file, or leave out --kind."
        )
    kind = kind or found
    if kind == WING:
        content = _plain_names(content["state_dict"])
    if kind in (G, D):
        content = _plain_names(content)
    if kind in (NETS, NETS_EMA):
        content = {network: _plain_names(tensors) for network, tensors in content.items()}
    return kind, ReleaseFile(path, content)


def _kind_of(
    content: Any, judges: Collection[str], kind_of_network: Callable[[Tensors], str]
) -> str:
    """What a file is by its contents; empty if it is none of these."""
    if not isinstance(content, dict) or not content:
        return ""
    if not all(isinstance(name, str) for name in content):
        return ""
    if _is_tensors(content.get("state_dict")):
        return WING
    if _is_tensors(content):
        return kind_of_network(_plain_names(content))
    if all(_is_tensors(value) for value in content.values()):
        return NETS if any(name in content for name in judges) else NETS_EMA
    if all(isinstance(v, dict) and v.keys() == {"state", "param_groups"} for v in content.values()):
        return OPTIMS
    return ""


def _is_tensors(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(k, str) and isinstance(v, np.ndarray) for k, v in value.items())
    )


def _plain_names(tensors: Tensors) -> Tensors:
    """The names without the prefix that nn.DataParallel gives to all of them."""
    if not all(name.startswith("module.") for name in tensors):
        return tensors
    return {name.removeprefix("module."): value for name, value in tensors.items()}


def _is_numpy_archive(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return all(name.endswith(".npy") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _check_mean_landmarks(path: Path) -> None:
    """Checks the landmarks of a mean face, 98 points of a 256 px image.

    Raises:
      UserError: the file holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MEAN_BYTES:
                raise ValueError("it is far larger than 98 points")
        with np.load(path, allow_pickle=False) as arrays:
            points = arrays[_MEAN_KEY]
        if points.shape != _MEAN_SHAPE or not np.all(np.isfinite(points)):
            raise ValueError(f"{_MEAN_KEY} is {points.dtype} {list(points.shape)}")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path} holds no mean landmarks ({error}), expected the published "
            f"celeba_lm_mean.npz, with {list(_MEAN_SHAPE)} numbers under the key {_MEAN_KEY}: "
            "pass that file."
        ) from error


def _iteration_of(files: Mapping[str, ReleaseFile]) -> int:
    """The iteration in the names of the files, such as 100000_nets.ckpt or 200000-G.ckpt.

    Raises:
      UserError: they have none, or several.
    """
    paths = [file.path for kind, file in files.items() if kind in _OF_AN_ITERATION]
    names = [(path, re.match(r"0*(\d+)[_-]", path.name)) for path in paths]
    found = {int(name[1]): path for path, name in names if name}
    if not found:
        raise UserError(
            f"Found no iteration in the name {paths[0].name}, expected one such as "
            "100000_nets_ema.ckpt or 200000-G.ckpt: pass --iteration."
        )
    if len(found) > 1:
        raise UserError(
            f"Found files of other iterations, {' and '.join(map(str, found.values()))}, expected "
            "those of one: pass files that belong together, or say by --iteration which counts."
        )
    return found.popitem()[0]
