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
