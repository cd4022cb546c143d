"""Golden numbers are float32, and hold with everything that TensorFlow does to graphs."""

from collections.abc import Iterator

import pytest
import tensorflow as tf


@pytest.fixture(autouse=True, scope="package")
def _as_in_commands() -> Iterator[None]:
    """With the passes over graphs that other tests leave out."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(autouse=True)
def _exact_float32() -> Iterator[None]:
    """On GPUs from Ampere on, TF32 would miss them."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    yield
    tf.config.experimental.enable_tensor_float_32_execution(before)
