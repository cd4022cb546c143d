"""How Keras saves networks and layers, and makes them again.

Each keeps the arguments of its constructor as attributes of the same names. From these
come `get_config`, `from_config`, `model.save("x.keras")` and `keras.models.load_model`.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from stargan_tf.compat import keras

Kept = TypeVar("Kept", bound="KeepsArguments")

# Lets Keras find a class by its name, when the module that defines it has been imported.
serializable = keras.utils.register_keras_serializable(package="stargan_tf")


class KeepsArguments:
    """A layer or network that can be made again from its arguments.

    Goes before the class of Keras: `class Trunk(KeepsArguments, keras.layers.Layer)`.
    """

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments by name, with Keras's own name, trainable and dtype."""
        own = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        return own | _attributes(self, type(self).__init__)

    @classmethod
    def from_config(cls: type[Kept], config: dict[str, Any]) -> Kept:
        """Makes a new one, without its weights, of what `get_config` returned."""
        arguments = dict(config)
        trainable = arguments.pop("trainable")
        # Not as an argument: the layers inside have to be made under the same policy.
        with dtype_policy(arguments.pop("dtype")):
            made = cls(**arguments)
        if not trainable:  # True would also thaw what the constructor has frozen
            made.trainable = False
        return made


class SavedNetwork(KeepsArguments):
    """A network that Keras can save and load with its weights.

    A folded network is saved as what it was folded from.
    """

    def make_weights(self, **widths: int) -> None:
        """Creates the weights, by a first call.

        Args:
          **widths: of the inputs that no argument tells. Subclasses name them, and have
            them as attributes once the weights exist.
        """
        raise NotImplementedError

    def get_build_config(self) -> dict[str, Any] | None:
        """Returns the arguments of `make_weights`, None before the first call."""
        # Not the widths alone: Keras takes an empty dictionary for no configuration.
        return {"widths": _attributes(self, self.make_weights)} if self.built else None

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Creates the weights that a saved network had, for Keras to fill."""
        self.make_weights(**config["widths"])


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Makes layers created inside use a Keras dtype policy, such as mixed_bfloat16."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def _attributes(owner: object, function: Callable) -> dict[str, Any]:
    """Returns the attributes that have the names of a function's parameters."""
    parameters = inspect.signature(function).parameters.values()
    names = [
        p.name
        for p in parameters
        if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return {name: getattr(owner, name) for name in names}
