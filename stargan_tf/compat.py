"""Which Keras is meant: the one whose layers `tf.train.Checkpoint` saves whole.

Up to TensorFlow 2.15 that is `tf.keras`. From 2.16 on `tf.keras` is Keras 3, whose lists of
layers a checkpoint leaves out without a word; there, the same Keras 2 goes by the name tf_keras.
"""

import tensorflow as tf

_FIRST_WITH_KERAS_3 = (2, 16)

if tuple(map(int, tf.__version__.split(".")[:2])) < _FIRST_WITH_KERAS_3:
    keras = tf.keras
else:
    try:
        import tf_keras as keras
    except ImportError as error:
        raise ImportError(
            f"Found TensorFlow {tf.__version__} without tf_keras, expected both: install "
            f"tf-keras {'.'.join(tf.__version__.split('.')[:2])}."
        ) from error

__all__ = ["keras"]
