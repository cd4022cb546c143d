import numpy as np
import pytest

from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.sampling.styles import (
    StyleMaker,
    draw_latents,
    interpolation_loop,
    lerp,
    truncate,
)
from tests.sampling.fakes import CONFIG, DOMAINS


@pytest.fixture(scope="module")
def networks():
    return TranslationNetworks(CONFIG, len(DOMAINS))


@pytest.fixture(scope="module")
def styles(networks):
    return StyleMaker(networks, CONFIG.latent_dim, batch_size=2)


def test_latents_are_standard_normal():
    latents = draw_latents(10_000, 16, seed=1)
    assert latents.dtype == np.float32
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(latents.std(axis=0), 1, atol=0.05)


def test_latents_are_decided_by_the_seed():
    np.testing.assert_array_equal(draw_latents(4, 3, seed=1), draw_latents(4, 3, seed=1))
    assert np.abs(draw_latents(4, 3, seed=1) - draw_latents(4, 3, seed=2)).min() > 0


def test_more_latents_keep_the_first():
    np.testing.assert_array_equal(draw_latents(9, 3, seed=1)[:4], draw_latents(4, 3, seed=1))


@pytest.mark.parametrize("domain", range(len(DOMAINS)))
def test_mean_style_is_the_mean_of_the_mapping_network(networks, styles, domain):
    latents = draw_latents(20_000, CONFIG.latent_dim, seed=99)
    everything = networks.mapping_network(latents, np.full(len(latents), domain)).numpy()
    # Within the spread that two samples of these sizes have.
    error = everything.std(axis=0) * (1 / 10_000 + 1 / 20_000) ** 0.5
    difference = styles.mean_style(domain) - everything.mean(axis=0)
    assert (np.abs(difference) <= 5 * error).all()
    np.testing.assert_array_equal(styles.mean_style(domain), styles.mean_style(domain))


def test_each_domain_has_its_own_mean_style(styles):
    assert np.abs(styles.mean_style(0) - styles.mean_style(1)).max() > 1e-3


def test_random_styles_come_from_the_mapping_network(networks, styles):
    latents = draw_latents(5, CONFIG.latent_dim, seed=1)
    expected = networks.mapping_network(latents, np.full(5, 2)).numpy()
    np.testing.assert_allclose(styles.from_latents(latents, 2), expected, atol=1e-6)


def test_psi_0_gives_the_mean_style(styles):
    latents = draw_latents(5, CONFIG.latent_dim, seed=1)
    truncated = styles.from_latents(latents, 1, psi=0.0)
    np.testing.assert_array_equal(truncated, np.tile(styles.mean_style(1), [5, 1]))


def test_psi_between_moves_towards_the_mean_style(styles):
    latents = draw_latents(5, CONFIG.latent_dim, seed=1)
    mean, free = styles.mean_style(1), styles.from_latents(latents, 1)
    truncated = styles.from_latents(latents, 1, psi=0.7)
    np.testing.assert_allclose(truncated, mean + 0.7 * (free - mean), atol=1e-6)


def test_psi_1_leaves_styles_alone():
    styles = np.random.default_rng(0).normal(size=[5, 3]).astype(np.float32)
    np.testing.assert_array_equal(truncate(styles, np.float32([1e6, -3, 0.1]), 1.0), styles)


def test_reference_styles_come_from_the_style_encoder(networks, styles):
    images = np.random.default_rng(0).uniform(-1, 1, [5, 32, 32, 3]).astype(np.float32)
    expected = networks.style_encoder(images, np.full(5, 2)).numpy()
    # In batches of two here, in one there.
    np.testing.assert_allclose(styles.from_references(images, 2), expected, atol=1e-5)
    assert np.abs(styles.from_references(images, 1) - expected).max() > 1e-3


def test_lerp_is_exact_at_both_ends():
    start, end = np.float32([1e7, 0.1, -3]), np.float32([0.3, 7, 1e-6])
    np.testing.assert_array_equal(lerp(start, end, 0.0), start)
    np.testing.assert_array_equal(lerp(start, end, 1.0), end)
    np.testing.assert_allclose(lerp(start, end, 0.25), start + 0.25 * (end - start), rtol=1e-6)


def test_interpolation_loop_visits_every_key_and_closes():
    steps = interpolation_loop(3, 4)
    assert len(steps) == 12
    assert [step for step in steps if step[2] == 0] == [(0, 1, 0), (1, 2, 0), (2, 0, 0)]
    # Equal steps all the way, from the last one to the first as well.
    places = [a + t for a, _, t in steps] + [3.0]
    np.testing.assert_allclose(np.diff(places), 0.25)
