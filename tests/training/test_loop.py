import contextlib
import functools
import math
import signal

import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from tests.training.fakes import Training
from tests.training.tiny import LOSSES


@pytest.fixture
def training(tmp_path):
    return lambda **settings: Training(tmp_path / "run", **settings)


def test_everything_is_done_when_it_is_due(training):
    run = training(sample_every=4, eval_every=3, save_every=2, log_every=3, total_iters=8)
    assert run() is None
    assert run.sampled == [0, 4, 8]
    assert run.evaluated == [3, 6]
    assert run.saved() == [4, 6, 8]
    steps = [(record["step"], record.get("D/latent_real")) for record in run.records()]
    # Means since the last record, and a last one of what remained; the rest is validation.
    assert steps == [(3, 2.0), (3, None), (6, 5.0), (6, None), (8, 7.5)]


def test_last_image_and_checkpoint_come_at_the_end_whenever_that_is(training):
    run = training(sample_every=4, save_every=4, total_iters=6)
    run()
    assert run.sampled == [0, 4, 6]
    assert run.saved() == [4, 6]


def test_what_takes_long_at_first_is_said_once_in_each_sitting(training, capfd):
    for sitting in range(2):
        run = training(sample_every=0)
        run.state.step.assign(3 * sitting)
        run()
        assert capfd.readouterr().out.count("Compiling the first iteration") == 1


def test_zero_means_never(training):
    run = training(sample_every=0, eval_every=0)
    run()
    assert (run.sampled, run.evaluated) == ([], [])


def test_training_goes_on_from_where_the_state_stands(training):
    run = training(sample_every=100)
    run.state.step.assign(4)
    run()
    assert [record["step"] for record in run.records()] == [5, 6]
    assert run.sampled == [6]
    assert float(run.state.weight) == 5


def test_no_iterations_leave_a_checkpoint_of_the_start(training):
    run = training(total_iters=0)
    assert run() is None
    assert run.saved() == [0]


def test_keep_checkpoints(training):
    run = training(save_every=1, keep_checkpoints=2)
    run()
    assert run.saved() == [5, 6]


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["D/latent_reg", "G/ref_cyc"])
def test_a_loss_that_is_no_number_stops_the_run(training, name, value):
    run = training(save_every=2)
    run.step.losses[5] = {name: tf.constant(value)}
    with pytest.raises(UserError, match=f"The loss {name} became {value} by iteration 5") as error:
        run()
    assert str(run.run.checkpoints) in str(error.value)
    assert run.saved() == [2, 4]
    assert [record["step"] for record in run.records()] == [1, 2, 3, 4]


def test_the_last_good_checkpoint_can_be_restored(training):
    run = training(save_every=2)
    run.step.losses[5] = {"G/latent_adv": tf.constant(math.nan)}
    with pytest.raises(UserError):
        run()
    again = training(save_every=2)
    assert again.checkpoints.restore()
    assert int(again.state.step.numpy()) == 4
    assert float(again.state.weight) == 3


def test_nothing_is_saved_with_a_loss_that_is_no_number(training):
    """Neither when it comes at the very iteration, nor when it waits to be logged."""
    run = training(save_every=4, log_every=100)
    run.step.losses[3] = {"G/latent_adv": tf.constant(math.nan)}
    with pytest.raises(UserError, match="G/latent_adv"):
        run()
    assert run.saved() == []


def test_nothing_is_saved_at_the_end_either(training):
    run = training(log_every=100)
    run.step.losses[6] = {"G/latent_adv": tf.constant(math.nan)}
    with pytest.raises(UserError, match="G/latent_adv"):
        run()
    assert run.saved() == []


def test_nothing_is_saved_with_weights_that_are_no_numbers(training):
    """The losses tell only an iteration later."""
    run = training(save_every=2)
    run.step.events[4] = lambda: run.state.weight.assign(math.nan)
    with pytest.raises(UserError, match="Weights of the fake"):
        run()
    assert run.saved() == [2]


def test_a_signal_while_the_first_images_are_drawn_saves_and_stops(training):
    run = training(sample_every=2)
    draw = run.sample

    def interrupted(networks, step):
        signal.raise_signal(signal.SIGINT)
        return draw(networks, step)

    run.sample = interrupted
    assert run() == signal.SIGINT
    assert run.saved() == [0]


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_and_stops(training, kind, request):
    # Where tests run under nohup, SIGHUP is ignored, as by training.
    request.addfinalizer(functools.partial(signal.signal, kind, signal.getsignal(kind)))
    before = signal.SIG_DFL if kind == signal.SIGHUP else signal.getsignal(kind)
    signal.signal(kind, before)
    run = training(sample_every=2, total_iters=100, log_every=2)
    run.step.events[3] = lambda: signal.raise_signal(kind)
    assert run() == kind
    assert run.saved() == [3]
    assert run.sampled == [0, 2]
    assert [record["step"] for record in run.records()] == [2]
    assert signal.getsignal(kind) is before


def test_a_stopped_run_goes_on(training):
    run = training()
    run.step.events[3] = lambda: signal.raise_signal(signal.SIGINT)
    run()
    again = training()
    assert again.checkpoints.restore()
    assert again() is None
    assert [record["step"] for record in again.records()] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("stop", [signal.SIGINT, None])
def test_the_open_window_goes_on(training, stop):
    """Whether the run was stopped, or killed after a checkpoint between two log points."""

    class Killed(BaseException):
        pass

    def end():
        if stop is None:
            raise Killed
        signal.raise_signal(stop)

    run = training(log_every=4, save_every=2, total_iters=10)
    run.step.events[7] = end
    with contextlib.suppress(Killed):
        run()
    again = training(log_every=4, save_every=2, total_iters=10)
    assert again.checkpoints.restore()
    assert again() is None
    # The loss is the iteration's number: means over 1-4, 5-8, and what remains.
    found = [(record["step"], record["D/latent_real"]) for record in again.records()]
    assert found == [(4, 2.5), (8, 6.5), (10, 9.5)]


def test_what_is_drawn_at_the_end_comes_before_the_last_checkpoint(training):
    """A finished run is left alone: what came after would be lost by a kill in between."""
    run = training(sample_every=4, save_every=3, log_every=4, total_iters=6)
    draw = run.sample
    seen = {}

    def sample(networks, step):
        seen[step] = (run.saved(), [record["step"] for record in run.records()])
        return draw(networks, step)

    run.sample = sample
    run.run.metrics_file.touch()
    run()
    assert seen[6] == ([3], [4, 6])
    assert run.saved() == [3, 6]


def test_a_signal_at_a_saved_iteration_saves_once(training):
    run = training(save_every=3)
    run.step.events[3] = lambda: signal.raise_signal(signal.SIGINT)
    run()
    assert run.saved() == [3]


def test_a_second_ctrl_c_stops_at_once(training):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    run = training()
    run.step.events[3] = twice
    with pytest.raises(KeyboardInterrupt):
        run()
    assert run.saved() == []
    assert signal.getsignal(signal.SIGINT) is before


def test_records_hold_every_loss(training):
    run = training(total_iters=3)
    run()
    for record in run.records():
        assert LOSSES <= set(record)
    assert {"speed/images_per_second", "speed/input_wait_share"} <= set(run.records()[-1])
