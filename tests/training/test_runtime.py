import dataclasses

import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.training import runtime
from stargan_tf.training.runtime import make_strategy
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
