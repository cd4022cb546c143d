"""Gradients that layers write out themselves, faster than those that TensorFlow would make."""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator

import tensorflow as tf

_WANTED = contextvars.ContextVar("own gradients are wanted", default=True)


def own_gradient(function: Callable) -> Callable:
    """As `tf.custom_gradient`, except for graphs that are traced within `without_gradients`.

    Args:
      function: takes tensors, returns a result and the function that maps its gradient to
        those of the tensors.

    Returns:
      What takes the same tensors and returns the result.
    """
    with_gradient = tf.custom_gradient(function)

    @functools.wraps(function)
    def call(*tensors: tf.Tensor) -> tf.Tensor:
        return with_gradient(*tensors) if _WANTED.get() else function(*tensors)[0]

    return call


@contextlib.contextmanager
def without_gradients() -> Iterator[None]:
    """Traces plain operations, for graphs that nobody trains.

    Saving a graph would else trace every gradient, and what optimises graphs would not see
    through the operations that carry one.
    """
    token = _WANTED.set(False)
    try:
        yield
    finally:
        _WANTED.reset(token)
