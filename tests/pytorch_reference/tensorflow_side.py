"""The side of stargan_tf: see job.py. It makes the inputs and weights that both sides take."""

from typing import Any

import numpy as np

from stargan_tf.native_output import quieten_tensorflow

quieten_tensorflow()  # before anything imports it

import tensorflow as tf  # noqa: E402

from stargan_tf.algorithms.algorithm import Algorithm, Networks  # noqa: E402
from stargan_tf.algorithms.registry import make_algorithm, published_checkpoints  # noqa: E402
from stargan_tf.benchmarking.inputs import drawn_batch  # noqa: E402
from stargan_tf.benchmarking.machine import machine, software  # noqa: E402
from stargan_tf.benchmarking.operations import count_operations  # noqa: E402
from stargan_tf.compat import keras  # noqa: E402
from stargan_tf.models.precision import mixed_precision  # noqa: E402
from stargan_tf.training.runtime import make_strategy  # noqa: E402
from stargan_tf.training.state import TrainState  # noqa: E402
from stargan_tf.training.step import TrainStep  # noqa: E402
from stargan_tf.types import Batch  # noqa: E402
from stargan_tf.weights.places import take_out  # noqa: E402
from stargan_tf.weights.torch_writer import write_torch_file  # noqa: E402
from tests.pytorch_reference.config import ITERATION  # noqa: E402
from tests.pytorch_reference.job import Job, Results, Task, serve, some_of  # noqa: E402


def make(job: Job) -> Task:
    """Makes what the job asks for, and leaves the inputs and weights for the other side."""
    algorithm = make_algorithm(job.training, job.num_domains)
    settings = algorithm.settings
    batch = drawn_batch(algorithm.draws(), settings.img_size, job.num_domains, settings.batch_size)
    rng = np.random.default_rng(1)
    s = rng.standard_normal([settings.batch_size, settings.style_dim], np.float32)
    np.savez(job.inputs, s=s, **{name: tensor.numpy() for name, tensor in batch.items()})
    if job.what == ITERATION:
        return _iteration(job, algorithm, batch)
    return _generator(job, algorithm, batch["x_real"], tf.constant(s))


def _iteration(job: Job, algorithm: Algorithm, batch: Batch) -> Task:
    """As the train command takes it."""
    strategy = make_strategy(algorithm.settings)
    with strategy.scope():
        state = TrainState(algorithm)
    _write_weights(job, state.networks)
    step = TrainStep(state, strategy).compiled(algorithm.updates_at(0))
    batch = strategy.experimental_distribute_values_from_function(lambda _: batch)

    def run() -> dict[str, tf.Tensor]:
        losses = step(batch)
        tf.test.experimental.sync_devices()
        return losses

    def plain(losses: dict[str, tf.Tensor]) -> Results:
        return {name: float(loss) for name, loss in losses.items()}

    return Task(run, plain, lambda: _operations(step, batch))


def _generator(job: Job, algorithm: Algorithm, x: tf.Tensor, s: tf.Tensor) -> Task:
    keras.utils.set_random_seed(algorithm.settings.seed)
    with mixed_precision(algorithm.settings.mixed_precision):
        networks = algorithm.build(("generator",))
    _write_weights(job, networks)
    draw = tf.function(lambda x, s: networks["generator"](x, s), autograph=False)

    def run() -> tf.Tensor:
        images = draw(x, s)
        tf.test.experimental.sync_devices()
        return images

    def plain(images: tf.Tensor) -> Results:
        return {"images": some_of(tf.cast(images, tf.float32).numpy())}

    return Task(run, plain, lambda: _operations(draw, x, s))


def _write_weights(job: Job, networks: Networks) -> None:
    published = published_checkpoints(job.training.algorithm)
    tensors = {
        name: take_out(published.tensors(networks[ours]))
        for name, ours in published.networks.items()
        if ours in networks
    }
    write_torch_file(job.weights, tensors)


def _operations(function: Any, *arguments: Any) -> int:
    """Of convolutions and matrix products, a multiply-add counting two."""
    return sum(count_operations(function.get_concrete_function(*arguments)).values())


def main() -> None:
    # 0: TensorFlow takes as many as there are cores.
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    facts = machine()
    serve(
        {"software": software(), "threads": threads or facts["usable_cores"], "machine": facts},
        make,
    )
