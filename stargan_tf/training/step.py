"""The compiled training step: an algorithm's updates, the averages and the schedule."""

import functools
from collections.abc import Callable

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Minimize
from stargan_tf.models.own_gradients import recomputing
from stargan_tf.training.minimizer import Minimizer
from stargan_tf.training.moving_averages import average_decay, update_averages
from stargan_tf.training.state import TrainState
from stargan_tf.types import Batch


class TrainStep:
    """One iteration over all replicas of a strategy."""

    def __init__(
        self, state: TrainState, strategy: tf.distribute.Strategy, *, xla: bool = True
    ) -> None:
        """Binds the step to the state that it changes.

        Args:
          state: made within the strategy's scope.
          strategy: over whose replicas each batch is split.
          xla: whether it is compiled by XLA if the settings say so.
        """
        self._xla = xla and state.algorithm.settings.xla
        self._state = state
        self._algorithm = state.algorithm
        self._strategy = strategy
        self._compiled: dict[tuple[str, ...], tf.types.experimental.GenericFunction] = {}

    def __call__(self, batch: Batch, iteration: int) -> Losses:
        """Runs one iteration.

        Args:
          batch: of each replica, as a distributed data set yields it.
          iteration: how many are done. It chooses the updates in Python: a branch in the
            graph cannot hold an optimizer's step over several replicas.

        Returns:
          Every loss of every update, by log key, averaged over the replicas, and the
          values of the schedule that were used.
        """
        return self.compiled(self._algorithm.updates_at(iteration))(batch)

    def compiled(self, updates: tuple[str, ...]) -> tf.types.experimental.GenericFunction:
        """The function that runs these updates; compiled at its first call."""
        if updates not in self._compiled:
            on_replica = functools.partial(self._update_networks, updates)
            # Nothing in them branches on tensors; without AutoGraph, tracing is faster.
            if self._xla:
                # All of it and nothing around it: that is what strategies of GPUs know how to run.
                on_replica = tf.function(on_replica, autograph=False, jit_compile=True)
            function = functools.partial(self._run, on_replica)
            self._compiled[updates] = tf.function(function, autograph=False)
        return self._compiled[updates]

    def _run(self, update_networks: Callable[[Batch], Losses], batch: Batch) -> Losses:
        state, settings = self._state, self._algorithm.settings
        losses = {
            name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, loss, axis=None)
            for name, loss in self._strategy.run(update_networks, (batch,)).items()
        }
        losses |= {name: tf.identity(value) for name, value in state.schedule.items()}

        decay = average_decay(state.step, settings.ema_decay, settings.ema_warmup)
        for name, average in state.averages.items():
            variables = state.networks[name].variables
            update_averages(self._strategy, average.variables, variables, decay)
        state.advance()
        return losses

    def _update_networks(self, updates: tuple[str, ...], batch: Batch) -> Losses:
        minimize = Minimizer(self._state, self._strategy.num_replicas_in_sync)
        return update_networks(self._state, batch, updates, minimize)


def update_networks(
    state: TrainState, batch: Batch, updates: tuple[str, ...], minimize: Minimize
) -> Losses:
    """The algorithm's updates, on one replica's share of the batch; see `Algorithm.step`."""
    algorithm = state.algorithm
    with recomputing(algorithm.settings.recompute):
        return algorithm.step(state.training_networks, batch, state.schedule, updates, minimize)
