import dataclasses

import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.training import runtime
from stargan_tf.training.runtime import describe_devices, make_strategy
from tests.training.tiny import CONFIG


def test_one_cpu_is_one_replica():
    strategy = make_strategy(CONFIG)
    assert strategy.num_replicas_in_sync == 1


def test_virtual_replicas():
    strategy = make_strategy(dataclasses.replace(CONFIG, virtual_replicas=2))
    assert strategy.num_replicas_in_sync == 2


def test_a_batch_that_cannot_be_split_is_refused():
    with pytest.raises(UserError, match="--batch_size=3 for 2 replicas, expected a multiple: try"):
        make_strategy(dataclasses.replace(CONFIG, virtual_replicas=2, batch_size=3))


def test_gpus_that_are_in_use_already_can_be_trained_on(monkeypatch):
    asked = []

    def refuse(gpu, enable):  # what TensorFlow does after the first tensor
        asked.append((gpu, enable))
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", refuse)
    runtime._let_memory_grow(["GPU:0", "GPU:1"])
    assert asked == [("GPU:0", True), ("GPU:1", True)]


class OnGPUs:
    """What describe_devices asks of a strategy on two GPUs."""

    num_replicas_in_sync = 2

    class extended:
        worker_devices = ("/device:GPU:0", "/device:GPU:1")


def test_devices_in_words(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "_NVIDIA_DRIVER", tmp_path / "none")
    assert describe_devices(make_strategy(CONFIG)) == "the CPU"
    two = make_strategy(dataclasses.replace(CONFIG, virtual_replicas=2))
    assert describe_devices(two) == "2 CPU devices"
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: ["GPU:0", "GPU:1"])
    details = {"device_name": "NVIDIA H100"}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: details)
    assert describe_devices(OnGPUs()) == "2 GPUs (NVIDIA H100)"


def test_a_gpu_that_tensorflow_does_not_find_is_mentioned(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "_NVIDIA_DRIVER", tmp_path)
    assert describe_devices(make_strategy(CONFIG)) == (
        "the CPU, for TensorFlow finds no GPU (README.md, Versions and GPUs)"
    )


def test_xla_trains_on_the_cpu_as_one_device():
    """MirroredStrategy's merging of gradients between parts of a step would not compile there."""
    strategy = make_strategy(dataclasses.replace(CONFIG, xla=True))
    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert describe_devices(strategy) == "the CPU"


def test_xla_on_several_gpus_keeps_the_strategy_that_mirrors(monkeypatch):
    made = []

    class Mirrored:
        num_replicas_in_sync = 2

        def __init__(self, devices):
            made.append(devices)

    monkeypatch.setattr(runtime, "_let_memory_grow", lambda gpus: None)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: ["GPU:0", "GPU:1"])
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", Mirrored)
    make_strategy(dataclasses.replace(CONFIG, xla=True))
    assert made == [None]


def test_xla_on_several_cpus_is_rejected_before_they_wait_for_each_other(monkeypatch):
    monkeypatch.setattr(runtime, "read_cluster", lambda _: "a cluster")
    monkeypatch.setattr(runtime, "_join", lambda cluster: pytest.fail("waited"))
    with pytest.raises(UserError, match="--xla and --multi_worker without a GPU, expected GPUs"):
        make_strategy(dataclasses.replace(CONFIG, xla=True, multi_worker=True))


@pytest.mark.parametrize("tf32", [True, False])
def test_tf32_is_as_the_setting_says(tf32):
    try:
        make_strategy(dataclasses.replace(CONFIG, tf32=tf32))
        assert tf.config.experimental.tensor_float_32_execution_enabled() == tf32
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)
