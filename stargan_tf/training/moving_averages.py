"""Exponential moving averages of the weights, which sampling uses."""

import tensorflow as tf


def average_decay(step: tf.Tensor, ema_decay: float, warmup: bool) -> tf.Tensor:
    """The decay to use at a step.

    Args:
      step: iterations done before this one, an integer scalar.
      ema_decay: the published constant, 0.999.
      warmup: whether to begin at min(ema_decay, (1 + t) / (10 + t)), so that the
        initial weights are forgotten within tens of steps instead of thousands.

    Returns:
      Float32 scalar.
    """
    if not warmup:
        return tf.constant(ema_decay)
    step = tf.cast(step, tf.float32)
    return tf.minimum(ema_decay, (1 + step) / (10 + step))


def update_averages(
    strategy: tf.distribute.Strategy,
    averages: list[tf.Variable],
    variables: list[tf.Variable],
    decay: tf.Tensor,
) -> None:
    """Sets each average to decay * average + (1 - decay) * variable.

    Call it outside of the replicas; every device updates its own copies.
    """
    rate = 1 - decay  # once, not for each

    def update(average: tf.Variable, variable: tf.Tensor) -> None:
        average.assign_sub(rate * (average - variable))

    for average, variable in zip(averages, variables, strict=True):
        strategy.extended.update(average, update, args=(variable,), group=False)
