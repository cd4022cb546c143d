import dataclasses
import signal

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import TemporaryError, UserError
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.workers import Workers, lost_workers_explained
from tests.training.tiny import CONFIG


class Fake(Workers):
    """One of three, where the others give what they are told to."""

    def __init__(self, *others):
        super().__init__(tf.distribute.get_strategy())
        self._alone = False
        self._others = others
        self.exchanges = 0

    def _gather(self, numbers):
        self.exchanges += 1
        return np.array([numbers, *self._others], np.int64)


def error(message):
    return tf.errors.UnavailableError(None, None, message)


@pytest.mark.parametrize("own", [None, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_process_agrees_with_itself(two_replicas, own):
    workers = Workers(two_replicas)
    assert workers.chief
    assert workers.agree_to_stop(own) is own
    workers.check_same_settings(CONFIG)
    workers.check_same_iteration(3)
    workers.wait()


@pytest.mark.parametrize(
    ("own", "others", "agreed"),
    [
        (None, ([0, 0, 0, 9], [0, 0, 0, 9]), None),
        (signal.SIGINT, ([0, 0, 0, 9], [0, 0, 0, 9]), signal.SIGINT),
        (None, ([0, 0, 0, 9], [1, 0, 0, 9]), signal.SIGTERM),
        (None, ([0, 0, 0, 9], [0, 0, 1, 9]), signal.SIGHUP),
        (signal.SIGINT, ([1, 0, 0, 9], [0, 0, 1, 9]), signal.SIGTERM),
    ],
)
def test_a_signal_to_any_worker_counts_for_all(own, others, agreed):
    assert Fake(*others).agree_to_stop(own) is agreed


def test_signals_are_exchanged_about_once_a_second_of_the_slowest():
    workers = Fake([0, 0, 0, 50_000], [0, 0, 0, 9])  # 0.05 s an iteration, 20 iterations a second
    assert workers.agree_to_stop(None) is None
    for _ in range(19):
        assert workers.agree_to_stop(signal.SIGINT) is None
    assert workers.exchanges == 1
    assert workers.agree_to_stop(signal.SIGINT) is signal.SIGINT
    assert workers.exchanges == 2


def test_slow_iterations_exchange_signals_each_time():
    workers = Fake([0, 0, 0, 700_000])
    for calls in range(3):
        assert workers.exchanges == calls
        workers.agree_to_stop(None)


def test_a_signal_waits_for_a_hundred_iterations_at_most():
    workers = Fake([0, 0, 0, 1])
    workers._exchanged_at += 1e9  # this one waited for nothing
    workers.agree_to_stop(None)
    for _ in range(99):
        assert workers.agree_to_stop(signal.SIGTERM) is None
    assert workers.agree_to_stop(signal.SIGTERM) is signal.SIGTERM


def test_other_settings_are_noticed():
    seen = []

    class Recorder(Fake):
        def _gather(self, numbers):
            seen.append(list(numbers))
            return np.array(seen)

    workers = Recorder()
    workers.check_same_settings(CONFIG, "data")
    workers.check_same_settings(dataclasses.replace(CONFIG), "data")
    with pytest.raises(UserError, match="Found workers of different settings or data sets"):
        workers.check_same_settings(dataclasses.replace(CONFIG, seed=1), "data")


def test_other_checkpoints_are_noticed():
    Fake([7], [7]).check_same_iteration(7)
    with pytest.raises(TemporaryError, match="of the iterations 0, 7 on different workers"):
        Fake([0], [7]).check_same_iteration(7)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Socket closed", "Socket closed"),
        (
            "{{function_node X}} Collective ops is aborted by: Error reported from "
            "/job:worker/task:1: Task "
            "/job:worker/replica:0/task:1 heartbeat timeout. This indicates that it failed.",
            "Error reported from /job:worker/task:1: Task /job:worker/replica:0/task:1 heartbeat "
            "timeout",
        ),
        (
            "Graph execution error:\n\nDetected at node X\n\nCollective ops is aborted by: "
            "Connection reset by peer.\nAdditional GRPC error information",
            "Connection reset by peer",
        ),
    ],
)
def test_a_lost_worker_is_explained(tmp_path, message, reason):
    with pytest.raises(TemporaryError) as raised:
        with lost_workers_explained(RunDir(tmp_path), multi_worker=True):
            raise error(message)
    assert raised.value.exit_status == 138
    assert str(raised.value) == (
        f"Lost another worker ({reason}), and no worker can train alone: start all of them again "
        "with the same commands, and the run goes on from the start, for nothing was saved yet."
    )


@pytest.mark.parametrize(
    "raised",
    [
        tf.errors.UnknownError(
            None,
            None,
            "OSError: [Errno 116] Stale file handle\nTraceback (most recent call last):\n"
            "  File ..., line 1\n\t [[{{node PyFunc}}]] [[IteratorGetNext]] "
            "/job:worker/replica:0/task:1/device:CPU:0",
        ),
        tf.errors.UnknownError(
            None, None, "ConnectionError: disk gone\nTraceback (most recent call last):\n ..."
        ),
        tf.errors.InternalError(None, None, "cuDNN launch failure : input shape ([8,64,64,3])"),
        tf.errors.InternalError(None, None, "Failed copying input tensor from CPU:0 to GPU:0"),
        tf.errors.FailedPreconditionError(None, None, "data/train-cat; Is a directory"),
    ],
)
def test_a_workers_own_fault_does_not_blame_the_others(tmp_path, raised):
    """It would start all workers again, for ever."""
    with pytest.raises(type(raised)), lost_workers_explained(RunDir(tmp_path), multi_worker=True):
        raise raised


def test_the_fault_of_another_worker_is_its_loss(tmp_path):
    message = (
        "Collective ops is aborted by: Error reported from /job:worker/task:1: OSError: stale "
        "handle Traceback (most recent call last). More"
    )
    with pytest.raises(TemporaryError), lost_workers_explained(RunDir(tmp_path), multi_worker=True):
        raise tf.errors.UnknownError(None, None, message)


def test_other_errors_pass(tmp_path):
    run = RunDir(tmp_path)
    with pytest.raises(tf.errors.UnavailableError), lost_workers_explained(run, multi_worker=False):
        raise error("Socket closed")
    with pytest.raises(tf.errors.DataLossError), lost_workers_explained(run, multi_worker=True):
        raise tf.errors.DataLossError(None, None, "a file")
