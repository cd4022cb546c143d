"""Training without networks: a state that counts, and a step that does as it is told."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.errors import NotFiniteError
from stargan_tf.training import loop
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.profiling import Profiler
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from stargan_tf.training.signals import StopRequest
from tests.training import tiny
from tests.training.tiny import CONFIG, LOSSES


class FakeState(tf.Module):
    """Enough of a `TrainState` for the loop and the checkpoints."""

    def __init__(self, settings=CONFIG):
        super().__init__()
        self.algorithm = make_algorithm(settings, 3)
        self.step = tf.Variable(0, dtype=tf.int64)
        self.weight = tf.Variable(0.0)
        self.averages = tf.Module()

    @property
    def drawing_networks(self):
        return self.averages

    def check_finite(self):
        if not tf.math.is_finite(self.weight):
            raise NotFiniteError("Weights of the fake became NaN", "all is kept", "train anew")


class FakeStep:
    """Counts, remembers the batch as the weight, and reports the iteration as every loss."""

    def __init__(self, state: FakeState, events: dict[int, Callable[[], None]] | None = None):
        self.state = state
        self.losses = {}
        self.events = events or {}

    def __call__(self, batch: float, iteration: int) -> dict[str, tf.Tensor]:
        assert iteration == int(self.state.step.numpy())
        done = int(self.state.step.assign_add(1))
        self.state.weight.assign(batch)
        self.events.get(done, lambda: None)()
        losses = {name: tf.constant(float(done)) for name in LOSSES}
        return losses | self.losses.get(done, {})


class Training:
    """One call of the loop, with a record of what it called."""

    def __init__(self, folder, **settings):
        every = {"log_every": 1, "sample_every": 0, "eval_every": 0, "save_every": 100}
        self.config = dataclasses.replace(tiny.CONFIG, **{**every, "total_iters": 6, **settings})
        self.run = RunDir(folder)
        self.run.begin(self.config, ("cat", "dog"))
        self.state = FakeState(self.config)
        self.step = FakeStep(self.state)
        self.checkpoints = Checkpoints(self.run, self.state, self.config.keep_checkpoints)
        self.sampled, self.evaluated = [], []

    def __call__(self):
        start = int(self.state.step.numpy())
        batches = (float(number) for number in range(start, 1000))
        progress = self.checkpoints.progress
        log = RunLog(self.run, self.state.algorithm, start, chief=True, progress=progress)
        profiler = Profiler(self.run.logs, self.config.profiled_iterations)
        with log, profiler, StopRequest() as request:
            return loop.train(
                self.state,
                self.step,
                batches,
                self.checkpoints,
                log,
                self.sample,
                self.evaluate,
                request,
                around=profiler.iteration,
            )

    def sample(self, networks, step):
        assert networks is self.state.averages
        self.sampled.append(step)
        return {"cycle": np.zeros([4, 6, 3], np.uint8)}

    def evaluate(self, networks):
        assert networks is self.state.averages
        self.evaluated.append(int(self.state.step.numpy()))
        return {"val/latent_cyc": 0.5}

    def saved(self):
        names = [path.stem for path in self.run.checkpoints.glob("*.index")]
        return sorted(int(name.split("-")[1]) for name in names)

    def records(self):
        return [json.loads(line) for line in self.run.metrics_file.read_text().splitlines()]
