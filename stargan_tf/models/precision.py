"""Mixed precision: the type in which the layers made in a block compute."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

_POLICIES = {"none": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


@contextlib.contextmanager
def mixed_precision(name: str) -> Iterator[None]:
    """Makes layers created inside use a Keras dtype policy.

    Args:
      name: none, bfloat16 or float16.
    """
    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy(_POLICIES[name])
    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(before)
