"""The loop around the training step: when to log, sample, measure and save."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_log import RunLog
from stargan_tf.training.signals import StopRequest
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep

# Given the averaged networks and the step, draws images: uint8 [H, W, 3] by name.
Sampler = Callable[[Networks, int], dict[str, np.ndarray]]
# Given the averaged networks, measures them: numbers by log key.
Evaluator = Callable[[Networks], dict[str, float]]
# Given the signal that this process got, returns the one that all workers stop for.
Agreement = Callable[[signal.Signals | None], signal.Signals | None]

_COMPILING = "Compiling the first iteration, which takes from seconds to minutes ..."
_COMPILING_BY_XLA = (
    "Compiling the first iteration by XLA, which takes from minutes to a quarter of an hour ..."
)


def train(
    state: TrainState,
    step: TrainStep,
    batches: Iterable,
    checkpoints: Checkpoints,
    log: RunLog,
    sample: Sampler,
    evaluate: Evaluator,
    request: StopRequest,
    agree_to_stop: Agreement = lambda own: own,
    around: Callable[[int], contextlib.AbstractContextManager] = contextlib.nullcontext,
) -> signal.Signals | None:
    """Trains until the settings' `total_iters`, or until Ctrl-C or SIGTERM.

    Either way the state is saved before returning. A run that is stopped or killed and then
    resumed leaves what an unbroken one leaves.

    Args:
      state: at the iteration to start from; changed in place.
      step: bound to `state`.
      batches: distributed batches, from the iteration to start from on.
      checkpoints: bound to `state`.
      log: takes the losses, numbers and images.
      sample: called every `sample_every` iterations, and at both ends.
      evaluate: called every `eval_every` iterations.
      request: listening; one that was made before the first iteration counts, too.
      agree_to_stop: called before every iteration and after the last.
      around: given how many iterations are done, makes a context for the next one.

    Returns:
      The signal that stopped the training, or None at its end.

    Raises:
      NotFiniteError: a loss or a weight became NaN or infinite; nothing is saved after that.
    """
    config = state.algorithm.settings
    done = int(state.step.numpy())
    start_step = saved = done
    iterator = iter(batches)
    networks = state.drawing_networks  # one object, for which those who watch compile once

    def due(every: int, *, at_end: bool = True) -> bool:
        return every > 0 and (done % every == 0 or (at_end and done == config.total_iters))

    def save() -> None:
        log.check_finite(done)
        state.check_finite()
        log.flush()
        checkpoints.save(log.window())

    if done == 0 and config.sample_every:
        log.write_images(done, sample(networks, done))
    while (stopped_by := agree_to_stop(request.signal)) is None and done < config.total_iters:
        if done == start_step:
            log.say(_COMPILING_BY_XLA if config.xla else _COMPILING)
        start = time.perf_counter()
        with around(done):
            batch = next(iterator)
            ready = time.perf_counter()
            losses = step(batch, done)
        done += 1
        if due(config.log_every):
            losses = tf.nest.map_structure(lambda x: x.numpy(), losses)  # waits for the device
        log.add(losses, time.perf_counter() - start, ready - start)
        if due(config.log_every):
            log.write(done)
        if due(config.sample_every):
            log.write_images(done, sample(networks, done))
        if due(config.eval_every, at_end=False):
            log.write_scalars(done, evaluate(networks))
        # Last, so that nothing of these iterations is missing where a resumed run goes on.
        if due(config.save_every):
            save()
            saved = done
    if done > saved or done == 0:
        save()
    return stopped_by
