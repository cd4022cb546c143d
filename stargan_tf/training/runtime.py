"""Devices: which strategy a run trains under."""

import os

import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig


def make_strategy(config: TrainConfig) -> tf.distribute.Strategy:
    """Returns the strategy for the devices there are.

    With TF_CONFIG set, several machines train together
    (MultiWorkerMirroredStrategy); otherwise every visible GPU does, or the CPU,
    as one device or as `virtual_replicas`. Call it before TensorFlow has used a device.

    Raises:
      UserError: the batch cannot be split evenly over the replicas.
    """
    # Gradients of LeakyReLU next to a bias make this graph rewrite fail, at every
    # trace and with a page of log: it has no effect but the noise.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if os.environ.get("TF_CONFIG"):
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    elif config.virtual_replicas:
        _split_cpu(config.virtual_replicas)
        devices = [f"CPU:{i}" for i in range(config.virtual_replicas)]
        strategy = tf.distribute.MirroredStrategy(devices)
    else:
        strategy = tf.distribute.MirroredStrategy(None if gpus else ["CPU:0"])
    replicas = strategy.num_replicas_in_sync
    check(
        config.batch_size % replicas == 0,
        f"Found --batch_size={config.batch_size} for {replicas} replicas, expected a multiple: "
        f"try {max(1, config.batch_size // replicas) * replicas}.",
    )
    return strategy


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes logs, samples and checkpoints."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    return resolver.task_type == "chief" or (
        resolver.task_type == "worker"
        and resolver.task_id == 0
        and "chief" not in resolver.cluster_spec().jobs
    )


def _split_cpu(parts: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if len(tf.config.get_logical_device_configuration(cpu) or ()) != parts:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration() for _ in range(parts)]
        )
