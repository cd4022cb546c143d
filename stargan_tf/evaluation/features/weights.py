"""The weights of one network by name, whatever file they come from."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_state_dict


class Weights(Mapping[str, np.ndarray]):
    """Arrays by the names of PyTorch, that miss none without a clear sentence."""

    def __init__(self, tensors: Mapping[str, np.ndarray], source: str, expected: str) -> None:
        """Wraps tensors.

        Args:
          tensors: by name.
          source: where they come from, for people.
          expected: the network and the file that they should be of, for people.
        """
        self._tensors = tensors
        self._source = source
        self._expected = expected

    def __getitem__(self, name: str) -> np.ndarray:
        """The tensor of a name.

        Raises:
          UserError: there is none.
        """
        if name not in self._tensors:
            raise UserError(
                f"{self._source} has no tensor {name}, expected the weights of {self._expected}."
            )
        return self._tensors[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is a tensor of a name."""
        return name in self._tensors

    def __iter__(self) -> Iterator[str]:
        """The names."""
        return iter(self._tensors)

    def __len__(self) -> int:
        """How many tensors there are."""
        return len(self._tensors)

    def check_shape(self, name: str, *shape: int) -> None:
        """Checks the shape of a tensor, which tells networks with equal names apart.

        Raises:
          UserError: the tensor is missing or has another shape.
        """
        found = self[name].shape
        if found != shape:
            raise UserError(
                f"In {self._source} {name} has the shape {list(found)}, not {list(shape)}: "
                f"expected the weights of {self._expected}."
            )

    def starting_with(self, prefix: str) -> "Weights":
        """Those whose names start alike."""
        tensors = {name: t for name, t in self._tensors.items() if name.startswith(prefix)}
        return Weights(tensors, self._source, self._expected)


def read_weights(path: str | Path, expected: str) -> Weights:
    """Reads a weights file of PyTorch.

    Args:
      path: the file.
      expected: the network and the file that it should be, for people.

    Raises:
      UserError: the file is missing or not usable.
    """
    return Weights(read_state_dict(path), str(path), expected)


def fingerprint(weights: Mapping[str, np.ndarray], protocol: str = "") -> str:
    """A digest of named arrays: 16 hexadecimal digits, equal only for equal contents.

    Args:
      weights: the arrays.
      protocol: what else a result depends on.
    """
    digest = hashlib.sha256(protocol.encode())
    for name in sorted(weights):
        array = weights[name]
        digest.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]
