"""The processes that train together: what they must agree on, and what if one is lost."""

import contextlib
import hashlib
import re
import signal
import time
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.errors import TemporaryError, UserError
from stargan_tf.training.checkpoints import newest_checkpoint
from stargan_tf.training.run_dir import RunDir

# What collective operations, of TensorFlow and of NCCL, fail with when a process is gone.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnknownError,
)
# The same types come from this worker's own faults, such as an error in its input or in cuDNN:
# the text tells. What another worker reports may quote that worker's fault.
_REPORTED = re.compile(r"aborted by|reported from", re.IGNORECASE)
_OWN_FAULT = re.compile(
    r"Traceback \(most recent|PyFunc|IteratorGetNext|cudnn|cublas", re.IGNORECASE
)
_OF_OTHERS = re.compile(
    r"collective|coordination|heartbeat|barrier|socket|connection|broken pipe|\brpc|grpc|nccl|"
    r"\bpeer\b|deadline exceeded",
    re.IGNORECASE,
)
# SIGTERM wins over Ctrl-C where workers got different ones.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# How long a signal may wait for the workers to exchange what they got. Each exchange has the host
# wait for the devices, which would else be given the next iteration meanwhile.
_SECONDS_BETWEEN_EXCHANGES = 1.0
_MOST_CALLS_BETWEEN_EXCHANGES = 100


class Workers:
    """The processes of a strategy, one or several; each makes the same calls in the same order.

    Attributes:
      chief: whether this process is the one that writes logs, samples and checkpoints.
    """

    def __init__(self, strategy: tf.distribute.Strategy) -> None:
        """Takes the strategy; nothing is exchanged yet."""
        self._strategy = strategy
        self._alone = not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        self.chief = self._alone or _is_chief(strategy.cluster_resolver)
        self._exchanged_at = time.monotonic()
        self._calls_to_exchange = self._calls_since_exchange = 1

    def agree_to_stop(self, own: signal.Signals | None) -> signal.Signals | None:
        """The signal that any worker got, the same for all of them.

        One that stopped by itself would leave the others waiting for its gradients. They exchange
        their signals at some of the calls only, about once a second, the same for all of them.

        Args:
          own: the one that this process got; it must be told again at later calls.
        """
        if self._alone:
            return own
        if self._calls_since_exchange < self._calls_to_exchange:
            self._calls_since_exchange += 1
            return None
        microseconds = int(1e6 * (time.monotonic() - self._exchanged_at))
        found = self._gather([*(own == kind for kind in _SIGNALS), microseconds])
        self._exchanged_at = time.monotonic()
        # The slowest worker's, so that all count alike.
        seconds_per_call = found[:, -1].max() / 1e6 / self._calls_since_exchange
        calls = int(_SECONDS_BETWEEN_EXCHANGES / max(seconds_per_call, 1e-6))
        self._calls_to_exchange = min(max(calls, 1), _MOST_CALLS_BETWEEN_EXCHANGES)
        self._calls_since_exchange = 1
        votes = found[:, :-1].any(axis=0)
        return next((kind for kind, vote in zip(_SIGNALS, votes, strict=True) if vote), None)

    def check_same_settings(self, *settings: object) -> None:
        """Checks that every worker was started alike.

        Args:
          *settings: whatever must be equal; compared by what `repr` shows.

        Raises:
          UserError: on every worker, that some differ.
        """
        if self._alone:
            return
        digest = hashlib.sha256(repr(settings).encode()).digest()
        digests = self._gather([int.from_bytes(digest[:7], "big")])[:, 0]
        check(
            len(set(digests)) == 1,
            "Found workers of different settings or data sets, expected the same on all: start "
            "each with the same flags, version of stargan_tf and data.",
        )

    def check_same_iteration(self, step: int) -> None:
        """Checks that every worker restored the same checkpoint.

        Raises:
          TemporaryError: on every worker, that they did not. A disk that is shared over
            a network may show an older state for a while.
        """
        if self._alone:
            return
        steps = sorted(set(self._gather([step])[:, 0].tolist()))
        if len(steps) > 1:
            raise TemporaryError(
                f"Found checkpoints of the iterations {', '.join(map(str, steps))} on different "
                "workers, expected one: --run_dir must be the same folder for all of them, on a "
                "disk that they share."
            )

    def wait(self) -> None:
        """Waits until all workers have come this far."""
        if not self._alone:
            self._gather([0])

    def _gather(self, numbers: Sequence[int]) -> np.ndarray:
        """The numbers of all replicas: [replicas, len(numbers)] int64."""
        return self._exchange(tf.constant(numbers, tf.int64)).numpy()

    @tf.function(autograph=False)
    def _exchange(self, numbers: tf.Tensor) -> tf.Tensor:
        replicas = self._strategy.num_replicas_in_sync

        def sum_of_rows() -> tf.Tensor:
            # Each replica fills a row of its own, so the sum holds what each has.
            context = tf.distribute.get_replica_context()
            row = tf.one_hot(context.replica_id_in_sync_group, replicas, dtype=tf.int64)
            return context.all_reduce(tf.distribute.ReduceOp.SUM, row[:, None] * numbers)

        return self._strategy.experimental_local_results(self._strategy.run(sum_of_rows))[0]


def _is_chief(resolver: tf.distribute.cluster_resolver.ClusterResolver) -> bool:
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return resolver.task_type == first and resolver.task_id == 0


@contextlib.contextmanager
def lost_workers_explained(run: RunDir, multi_worker: bool) -> Iterator[None]:
    """Turns what TensorFlow raises when another worker is gone into a sentence.

    TensorFlow notices within about ten seconds, by missing heartbeats.

    Args:
      run: whose checkpoints stay.
      multi_worker: whether there are other workers; if not, all errors pass, as those do
        that are this worker's own fault.

    Raises:
      TemporaryError: another worker is gone.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if multi_worker and _is_of_others(error):
            raise _lost(run, error) from error
        raise


def _is_of_others(error: tf.errors.OpError) -> bool:
    """Whether an error is one that a lost worker causes, not a fault of this one."""
    if not isinstance(error, _LOST):
        return False
    if _REPORTED.search(error.message):
        return True
    return bool(_OF_OTHERS.search(error.message)) and not _OWN_FAULT.search(error.message)


def _lost(run: RunDir, error: tf.errors.OpError) -> UserError:
    lines = error.message.splitlines()
    reason = next((line for line in lines if "aborted" in line or "task:" in line), lines[0])
    reason = re.sub(r"^.*aborted by: ", "", reason).split(". ")[0].rstrip(" .:")
    newest = newest_checkpoint(run)
    saved = f"from {newest}" if newest else "from the start, for nothing was saved yet"
    return TemporaryError(
        f"Lost another worker ({reason}), and no worker can train alone: start all of them again "
        f"with the same commands, and the run goes on {saved}."
    )
