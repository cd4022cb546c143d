import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.latents import draw_latents


def latents(*seeds, latent_dim=3):
    return draw_latents(tf.constant(seeds, tf.int64), latent_dim).numpy()


@pytest.mark.slow
def test_latents_are_standard_normal():
    found = latents(*range(2_000), latent_dim=16)
    assert found.shape == (2_000, 16) and found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=0.1)


def test_each_seed_has_its_own_latent_whatever_stands_beside_it():
    np.testing.assert_array_equal(latents(5, 6)[1], latents(6)[0])
    assert np.abs(latents(5) - latents(6)).min() > 0
