"""Loss scaling, which keeps small float16 gradients from becoming 0.

In other precisions every function here leaves its input as it is.
"""

from collections.abc import Sequence

import tensorflow as tf

from stargan_tf.compat import keras

Optimizer = keras.optimizers.Optimizer

# A constant, not the dynamic loss scale: that one is raised until gradients overflow,
# and an overflow inside R1 would log a NaN penalty and stop the run.
_GRADIENT_SCALE = 2.0**10


def loss_scale(optimizer: Optimizer) -> tf.Tensor | float:
    """What the loss is to be multiplied by before its gradient is taken."""
    return optimizer.loss_scale if _scales(optimizer) else 1.0


def gradient_scale(optimizer: Optimizer) -> float:
    """What gradients within an objective, such as that of R1, are to be multiplied by."""
    return _GRADIENT_SCALE if _scales(optimizer) else 1.0


def unscale(
    gradients: list[list[tf.Tensor]], optimizers: Sequence[Optimizer]
) -> list[list[tf.Tensor]]:
    """Divides gradients by the loss scale, or makes all NaN if any of them overflowed.

    Networks that are updated together share one loss scale. When one overflows it
    must fall, and all must skip the update; optimizers skip gradients of NaN.

    Args:
      gradients: of each network's weights.
      optimizers: of each network; the first one's loss scale was used.

    Returns:
      Tensors of the same shapes.
    """
    if not _scales(optimizers[0]):
        return gradients
    for optimizer in optimizers:
        # Keras warns that scaling was forgotten unless it saw these two calls.
        optimizer.get_scaled_loss(tf.constant(0.0))
        optimizer.get_unscaled_gradients([])
    finite = [tf.reduce_all(tf.math.is_finite(gradient)) for gradient in sum(gradients, [])]
    factor = tf.where(tf.reduce_all(finite), 1 / optimizers[0].loss_scale, float("nan"))
    return [[gradient * factor for gradient in own] for own in gradients]


def _scales(optimizer: Optimizer) -> bool:
    return isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer)
