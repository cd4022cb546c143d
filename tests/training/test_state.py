import pytest
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.algorithm import StarGANv2
from stargan_tf.errors import UserError
from stargan_tf.training.state import TrainState
from tests.training.tiny import CONFIG


class OfAnotherKeras(tf.Module):
    """What Keras 3's networks are to a checkpoint, by what it sees of them."""


class Mixed(StarGANv2):
    def build(self, names=None):
        networks = super().build(names)
        if "discriminator" in networks:
            networks["discriminator"] = OfAnotherKeras()
        return networks


def test_networks_of_another_keras_are_rejected():
    with pytest.raises(UserError, match="discriminator is a .*OfAnotherKeras, .*stargan_tf.compat"):
        TrainState(Mixed(CONFIG, 3))
