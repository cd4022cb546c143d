"""The training iteration, whole and in parts."""

import functools
import os.path
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm, Losses, Objective
from stargan_tf.benchmarking.networks import network_works
from stargan_tf.benchmarking.work import Traced, Work
from stargan_tf.training.minimizer import Minimizer
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep, update_networks
from stargan_tf.types import Batch

# How many iterations are searched for different patterns of updates.
_ITERATIONS = 256


class Training:
    """A run that has not begun, and one batch for all its iterations."""

    def __init__(
        self,
        algorithm: Algorithm,
        strategy: tf.distribute.Strategy,
        batches: Sequence[Batch],
    ) -> None:
        """Makes the networks and optimizers.

        Args:
          algorithm: what is trained.
          strategy: over whose replicas.
          batches: one for each replica.
        """
        self.algorithm = algorithm
        self.strategy = strategy
        with strategy.scope():
            self.state = TrainState(algorithm)
        self._batch = strategy.experimental_distribute_values_from_function(
            lambda context: batches[context.replica_id_in_sync_group]
        )

    def iteration_works(self) -> Iterator[Work]:
        """The whole iteration; one work for each pattern of updates that the algorithm has."""
        step = TrainStep(self.state, self.strategy)
        patterns = _patterns(self.algorithm)
        for updates in patterns:
            suffix = f" ({' and '.join(updates)})" if len(patterns) > 1 else ""
            traced = Traced(step.compiled(updates), self._batch)
            yield self._work(f"iteration{suffix}", traced)

    def update_works(self) -> Iterator[Work]:
        """Each update of an iteration alone, with what it needs of the forward passes before.

        An update is a call of `minimize`. Its name is what the log keys of its losses begin with.
        """
        updates = max(_patterns(self.algorithm), key=len)
        number, count = 0, 1
        while number < count:
            taken: list[OneUpdate] = []
            traced = Traced(self._function_of(number, updates, taken), self._batch)
            one = taken[-1]
            yield self._work(f"update {_name(one.log_keys) or number + 1}", traced)
            number, count = number + 1, one.count

    def network_works(self) -> Iterator[Work]:
        """Each network of one replica forward, and backward to its weights and inputs."""
        rows = self.algorithm.settings.batch_size // self.strategy.num_replicas_in_sync
        specs = self.algorithm.network_inputs(rows)
        return network_works(self.state.training_networks, specs, self.algorithm.num_labels)

    def _work(self, what: str, traced: Traced) -> Work:
        return traced.work(what, self.algorithm.settings.batch_size)

    def _function_of(
        self, number: int, updates: tuple[str, ...], taken: list["OneUpdate"]
    ) -> tf.types.experimental.GenericFunction:
        """A function that takes one update's step; TensorFlow leaves out what it does not need.

        Args:
          number: of the update, from 0.
          updates: of the iteration.
          taken: one is added each time that the function is traced.
        """

        def on_replica(batch: Batch) -> Losses:
            one = OneUpdate(Minimizer(self.state, self.strategy.num_replicas_in_sync), number)
            losses = update_networks(self.state, batch, updates, one)
            one.log_keys = [*losses]
            taken.append(one)
            return losses

        def run(batch: Batch) -> Losses:
            losses = self.strategy.run(on_replica, (batch,))
            reduce = functools.partial(self.strategy.reduce, tf.distribute.ReduceOp.MEAN, axis=None)
            return {name: reduce(loss) for name, loss in losses.items()}

        return tf.function(run, autograph=False)


class OneUpdate:
    """A `Minimize` that takes one of an iteration's steps and passes over the others.

    Attributes:
      count: how many steps the last iteration asked for.
      log_keys: of the losses that the iteration returned.
    """

    def __init__(self, minimize: Minimizer, number: int) -> None:
        """Chooses a step.

        Args:
          minimize: takes it.
          number: which of the iteration's, from 0.
        """
        self.gradient_scale = minimize.gradient_scale
        self.count = 0
        self.log_keys: list[str] = []
        self._minimize = minimize
        self._number = number

    def __call__(
        self,
        objective: Callable[[], Objective],
        *networks: str,
        tape: tf.GradientTape | None = None,
    ) -> Losses:
        """See `Minimize`."""
        self.count += 1
        chosen = self.count - 1 == self._number
        return self._minimize(objective, *networks, tape=tape) if chosen else _NoLosses()


class _NoLosses(dict):
    """Those of a step that was not taken: none to log, 0 for a step that reads one."""

    def __missing__(self, name: str) -> tf.Tensor:
        return tf.constant(0.0)


def _name(log_keys: list[str]) -> str:
    """D/latent, of D/latent_real and D/latent_fake; empty where they share no word."""
    common = os.path.commonprefix(log_keys)
    return common[: max(common.rfind("/"), common.rfind("_"), 0)]


def _patterns(algorithm: Algorithm) -> list[tuple[str, ...]]:
    """The different updates that iterations have, in the order in which they come."""
    return list(dict.fromkeys(map(algorithm.updates_at, range(_ITERATIONS))))
