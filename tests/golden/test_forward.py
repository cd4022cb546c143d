"""The networks agree with the reference implementation, weights and inputs being equal."""

import numpy as np
import pytest

from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import Generator
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder
from tests.golden.forward import Y, check, normal, uniform
from tests.golden.networks import set_weights

WIDTHS = {"img_size": 256, "base_channels": 64, "max_conv_dim": 512}


def mask(seed: int) -> np.ndarray:
    return np.random.RandomState(seed).uniform(0, 1, (2, 256, 256, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("key", "w_hpf"), [("generator_256_hpf0", 0.0), ("generator_256_hpf1", 1.0)]
)
def test_generator(key, w_hpf):
    generator = Generator(**WIDTHS, w_hpf=w_hpf)
    x, s = uniform(1, 2, 256, 256, 3), normal(3, 2, 64)
    masks = (mask(4), mask(5)) if w_hpf else None
    generator(x, s, masks)
    set_weights(generator, key)
    check(key, generator(x, s, masks).numpy())


def test_mapping_network():
    network = MappingNetwork(num_domains=3)
    z = normal(2, 2, 16)
    network(z, Y)
    set_weights(network, "mapping_network")
    check("mapping_network", network(z, Y).numpy())


@pytest.mark.parametrize("network_class", [StyleEncoder, Discriminator])
def test_trunk_networks(network_class):
    network = network_class(**WIDTHS, num_domains=3)
    x = uniform(1, 2, 256, 256, 3)
    network(x[:1], Y[:1])
    key = f"{network.name}_256"
    set_weights(network, key)
    check(key, network(x, Y).numpy())
