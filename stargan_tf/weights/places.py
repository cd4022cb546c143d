"""Where the tensors of PyTorch checkpoints live in networks of ours, and taking them in and out."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from stargan_tf.errors import UserError

# PyTorch keeps convolutions as [out, in, H, W] and dense kernels as [out, in].
_TO_PUBLISHED = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
_FROM_PUBLISHED = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}
_NAMED = 5  # in an error


class Place(NamedTuple):
    """Where a published tensor lives.

    Attributes:
      variable: that holds it.
      domain: whose row of the variable it is; None for all of it.
      shape: of the published tensor.
    """

    variable: tf.Variable
    domain: int | None
    shape: tuple[int, ...]

    def read(self) -> np.ndarray:
        """The tensor in the published layout."""
        return self.published(self.variable.numpy())

    def published(self, value: np.ndarray) -> np.ndarray:
        """The same of an array like the variable, such as its moments."""
        if self.domain is not None:
            value = value[self.domain]
        if value.ndim == len(self.shape):
            return np.transpose(value, _TO_PUBLISHED[value.ndim])
        return value.reshape(self.shape)  # heads that are published as a 1x1 convolution

    def write(self, tensor: np.ndarray) -> None:
        """Assigns a tensor in the published layout, of this shape."""
        self.variable.assign(self.with_published(self.variable.numpy(), tensor))

    def with_published(self, value: np.ndarray, tensor: np.ndarray) -> np.ndarray:
        """An array like the variable, with a published tensor in its place."""
        value = value.copy()
        target = value if self.domain is None else value[self.domain]
        if target.ndim == tensor.ndim:
            tensor = np.transpose(tensor, _FROM_PUBLISHED[tensor.ndim])
        target[...] = tensor.reshape(target.shape)
        return value


def whole(variable: tf.Variable) -> Place:
    """The place of a tensor that is a variable by itself."""
    shape = tuple(variable.shape)
    return Place(variable, None, tuple(shape[axis] for axis in _TO_PUBLISHED[len(shape)]))


# What a published name stands for: a place, or a constant that no variable holds.
Published = Place | np.ndarray


def fill(
    published: Mapping[str, Published],
    tensors: Mapping[str, np.ndarray],
    where: str,
    *,
    others: bool = False,
) -> None:
    """Gives a network the tensors of a checkpoint.

    Args:
      published: the network's places by name.
      tensors: by name; a prefix `module.` of all names is that of nn.DataParallel.
      where: they come from, for the error.
      others: whether there may be tensors that the network does not have.

    Raises:
      UserError: tensors are missing, left over, of another shape, or not finite. Nothing was
        changed.
    """
    if tensors and all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    places = {name: place for name, place in published.items() if isinstance(place, Place)}
    shared = places.keys() & tensors.keys()
    fitting = {name for name in shared if tensors[name].shape == places[name].shape}
    problems = {
        "missing": [name for name in places if name not in tensors],
        "left over": [] if others else [name for name in tensors if name not in published],
        "of another shape": [
            f"{name} {list(tensors[name].shape)} in place of {list(places[name].shape)}"
            for name in places
            if name in shared and name not in fitting
        ],
        "not finite": [
            name for name in places if name in fitting and not np.all(np.isfinite(tensors[name]))
        ],
    }
    found = [f"{what}: {_listed(names)}" for what, names in problems.items() if names]
    if found:
        raise UserError(
            f"The tensors of {where} do not fit the network, {'; '.join(found)}: give the file "
            "of this network, whole, of the published sizes."
        )
    for name, place in places.items():
        place.write(np.asarray(tensors[name], place.variable.dtype.as_numpy_dtype))


def take_out(published: Mapping[str, Published]) -> dict[str, np.ndarray]:
    """The tensors of a network by their published names, in their order."""
    return {
        name: place.read() if isinstance(place, Place) else place
        for name, place in published.items()
    }


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
