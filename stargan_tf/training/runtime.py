"""Devices: which strategy a run trains under."""

import contextlib
import signal
from pathlib import Path

import tensorflow as tf

from stargan_tf.config.cluster import Cluster, read_cluster
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig

_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def make_strategy(config: TrainConfig) -> tf.distribute.Strategy:
    """Returns the strategy for the devices there are.

    With `multi_worker`, those of all machines in TF_CONFIG
    (MultiWorkerMirroredStrategy), once all of them have come to this call; otherwise
    every visible GPU, or the CPU, as one device or as `virtual_replicas`. Call it
    before TensorFlow has used a device. It sets options of the whole process, TF32 among them.

    Raises:
      UserError: the batch cannot be split evenly over the replicas, TF_CONFIG and
        `multi_worker` do not fit together, or XLA is asked for on several CPUs.
    """
    cluster = read_cluster(config.multi_worker)
    gpus = tf.config.list_physical_devices("GPU")
    check(
        not (config.xla and cluster and not gpus),
        "Found --xla and --multi_worker without a GPU, expected GPUs: XLA cannot sum gradients "
        "over CPUs; leave --xla out.",
    )
    tf.config.experimental.enable_tensor_float_32_execution(config.tf32)
    # This graph rewrite fails where a convolution goes to LeakyReLU and to a pooling, as the first
    # of E and D does: at every trace and with a page of log, so the training step loses nothing
    # without it. The option holds for the whole process: graphs that sample and evaluate during
    # training run without the rewrite as well.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    _let_memory_grow(gpus)
    if cluster:
        strategy = _join(cluster)
    elif config.virtual_replicas:
        _split_cpu(config.virtual_replicas)
        devices = [f"CPU:{i}" for i in range(config.virtual_replicas)]
        strategy = tf.distribute.MirroredStrategy(devices)
    elif config.xla and len(gpus) < 2:
        # Of one device, too, MirroredStrategy gathers gradients between the parts of a step, which
        # XLA cannot compile on CPUs.
        strategy = tf.distribute.OneDeviceStrategy("GPU:0" if gpus else "CPU:0")
    else:
        strategy = tf.distribute.MirroredStrategy(None if gpus else ["CPU:0"])
    replicas = strategy.num_replicas_in_sync
    check(
        config.batch_size % replicas == 0,
        f"Found --batch_size={config.batch_size} for {replicas} replicas, expected a multiple: "
        f"try {max(1, config.batch_size // replicas) * replicas}.",
    )
    return strategy


def describe_devices(strategy: tf.distribute.Strategy) -> str:
    """What a run trains on, in words: the CPU, or how many GPUs and which.

    Where the machine has an NVIDIA driver and TensorFlow finds no GPU, it says so: that is
    noticed late otherwise, and by slowness only.
    """
    replicas = strategy.num_replicas_in_sync
    if any("GPU" in device for device in strategy.extended.worker_devices):
        gpus = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(gpus[0])
        return f"{replicas} GPU{'s' * (replicas > 1)} ({details.get('device_name', 'unnamed')})"
    words = "the CPU" if replicas == 1 else f"{replicas} CPU devices"
    if _NVIDIA_DRIVER.exists() and not tf.config.list_physical_devices("GPU"):
        words += ", for TensorFlow finds no GPU (README.md, Versions and GPUs)"
    return words


def _let_memory_grow(gpus: list[tf.config.PhysicalDevice]) -> None:
    """Takes memory of GPUs as it is needed; all of it where TensorFlow has used them already."""
    for gpu in gpus:
        with contextlib.suppress(RuntimeError):  # as when a pipeline trains in its own process
            tf.config.experimental.set_memory_growth(gpu, True)


def _join(cluster: Cluster) -> tf.distribute.Strategy:
    """Waits for the other workers."""
    print(
        f"Worker {cluster.index} of {len(cluster.addresses)} waits for the others: "
        f"{', '.join(cluster.addresses)}.",
        flush=True,
    )
    # No Python code runs while TensorFlow waits: for Ctrl-C to work, it has to end the process.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    finally:
        signal.signal(signal.SIGINT, before)
        # TensorFlow catches this one from then on, for something that we do not use.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _split_cpu(parts: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if len(tf.config.get_logical_device_configuration(cpu) or ()) != parts:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(parts)]
        )
