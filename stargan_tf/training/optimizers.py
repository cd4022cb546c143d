"""Adam as the paper's reference computes it."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.compat import keras


class Adam(keras.optimizers.Optimizer):
    """Adam with an L2 penalty in the gradient, one fused operation per variable.

    Source: Kingma and Ba 2015, algorithm 1. Two things differ from Keras's Adam:
    its weight decay is decoupled (AdamW), and its epsilon is added before the
    bias correction of the second moment, not after it.
    """

    def __init__(
        self,
        learning_rate: float,
        beta1: float,
        beta2: float,
        l2: float = 0.0,
        epsilon: float = 1e-8,
        name: str = "adam",
    ) -> None:
        """Makes the optimizer.

        Args:
          learning_rate: step size.
          beta1: decay rate of the first moment.
          beta2: decay rate of the second moment.
          l2: each gradient has l2 * weight added to it.
          epsilon: added to the root of the corrected second moment.
          name: of the optimizer.
        """
        # None: even a weight decay of 0 would cost the base class an operation per variable.
        super().__init__(name=name, weight_decay=None, jit_compile=False)
        self._learning_rate = self._build_learning_rate(learning_rate)
        self.beta1 = beta1
        self.beta2 = beta2
        self.l2 = l2
        self.epsilon = epsilon
        self._shared: _Shared | None = None

    def build(self, var_list: list[tf.Variable]) -> None:
        """Creates both moments of every variable."""
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._built = True
        with tf.variable_creator_scope(_same_name):
            self.first_moments = [
                self.add_variable_from_reference(variable, "first_moment") for variable in var_list
            ]
            self.second_moments = [
                self.add_variable_from_reference(variable, "second_moment") for variable in var_list
            ]

    def apply_gradients(self, *args, **kwargs) -> tf.Variable:
        """See Keras. All variables share what depends on the step alone."""
        try:
            return super().apply_gradients(*args, **kwargs)
        finally:
            self._shared = None

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        """Moves one variable by its gradient of the same shape."""
        if self._shared is None:
            self._shared = self._of_this_step()
        shared = self._shared
        index = self._index_dict[self._var_key(variable)]
        # In this order: the penalty would else be computed, and held, long before its gradient.
        with tf.control_dependencies([gradient]):
            gradient += shared.l2 * variable
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self.first_moments[index].handle,
            v=self.second_moments[index].handle,
            beta1_power=shared.beta1_power,
            beta2_power=shared.beta2_power,
            lr=shared.learning_rate,
            beta1=shared.beta1,
            beta2=shared.beta2,
            epsilon=shared.epsilon,
            grad=gradient,
        )

    def _of_this_step(self) -> "_Shared":
        step = tf.cast(self.iterations + 1, tf.float32)
        beta2_power = tf.pow(self.beta2, step)
        return _Shared(
            learning_rate=tf.identity(self.learning_rate),
            beta1=tf.constant(self.beta1),
            beta2=tf.constant(self.beta2),
            beta1_power=tf.pow(self.beta1, step),
            beta2_power=beta2_power,
            # The operation adds epsilon to the uncorrected root; scaled like the
            # root, it is as if added to the corrected one.
            epsilon=self.epsilon * tf.sqrt(1 - beta2_power),
            l2=tf.constant(self.l2),
        )

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            "learning_rate": float(self.learning_rate.numpy()),
            "beta1": self.beta1,
            "beta2": self.beta2,
            "l2": self.l2,
            "epsilon": self.epsilon,
            "name": self.name,
        }


def _same_name(next_creator: Callable[..., tf.Variable], **kwargs) -> tf.Variable:
    """TensorFlow compiles the creation of a variable, 2 ms, for each new pair of name and shape."""
    return next_creator(**{**kwargs, "name": "moment"})


@dataclasses.dataclass(frozen=True)
class _Shared:
    """Scalars of one step. No tuple: Keras would take an optimizer's tuples into checkpoints."""

    learning_rate: tf.Tensor
    beta1: tf.Tensor
    beta2: tf.Tensor
    beta1_power: tf.Tensor
    beta2_power: tf.Tensor
    epsilon: tf.Tensor
    l2: tf.Tensor


class Moments(NamedTuple):
    """The variables that `Adam` keeps of a weight."""

    first: tf.Variable
    second: tf.Variable


def plain_adam(optimizer: keras.optimizers.Optimizer) -> Adam:
    """An `Adam`, whether it is wrapped for the scaling of losses or not."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def moments(optimizer: keras.optimizers.Optimizer, network: keras.Model) -> dict[int, Moments]:
    """The moments of a network's weights, by the `id` of each; none of those that never move.

    Args:
      optimizer: the network's own.
      network: whose trainable weights it was built with.
    """
    adam = plain_adam(optimizer)
    kept = map(Moments, adam.first_moments, adam.second_moments)
    weights = network.trainable_variables
    return {id(weight): of_it for weight, of_it in zip(weights, kept, strict=True)}
