"""How learning rates change while training."""

import dataclasses

import pytest
import tensorflow as tf

from stargan_tf.algorithms.ablation.settings import DomainStylesSettings
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings

DOMAIN_STYLES = "stargan_tf.algorithms.ablation.domain_styles"
OF_ALL = {"img_size": 32, "lr": 8.0, "total_iters": 10, "num_iters_decay": 4}
FALLING = {
    "stargan": StarGANSettings(algorithm="stargan", **OF_ALL),
    DOMAIN_STYLES: DomainStylesSettings(algorithm=DOMAIN_STYLES, **OF_ALL),
    "stargan_v2": StarGANv2Settings(f_lr=8.0, **OF_ALL),
}


def rates(config):
    """By network, those of 12 iterations."""
    return {
        name: [float(adam.rate_at(tf.constant(i, tf.int64))) for i in range(12)]
        for name, adam in make_algorithm(config, 3).optimizers().items()
    }


@pytest.mark.parametrize("algorithm", FALLING)
def test_all_fall_to_zero_over_the_last_iterations(algorithm):
    of_networks = rates(FALLING[algorithm])
    assert {"generator", "discriminator"} <= of_networks.keys()
    for of_network in of_networks.values():
        assert of_network == [8] * 7 + [6, 4, 2, 0, 0]


def test_the_mapping_network_falls_from_a_rate_of_its_own():
    falling = rates(dataclasses.replace(FALLING["stargan_v2"], f_lr=0.5))
    assert falling["mapping_network"] == [0.5] * 7 + [0.375, 0.25, 0.125, 0, 0]
    assert falling["style_encoder"] == [8] * 7 + [6, 4, 2, 0, 0]


@pytest.mark.parametrize("algorithm", FALLING)
def test_they_are_constant_where_none_is_to_fall(algorithm):
    config = dataclasses.replace(FALLING[algorithm], num_iters_decay=0)
    for adam in make_algorithm(config, 3).optimizers().values():
        assert adam.rate_at is None
