import numpy as np
import pytest

from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.codes import LATENT_MODE, REFERENCE_MODE
from stargan_tf.sampling.codes import CodeMaker, interpolation_loop, lerp, truncate
from tests.sampling.fakes import CONFIG, DOMAINS, FakeDrawable

ALGORITHM = make_algorithm(CONFIG, len(DOMAINS))


def latents(num, seed):
    return np.random.default_rng(seed).standard_normal([num, CONFIG.latent_dim], np.float32)


@pytest.fixture(scope="module")
def networks():
    return ALGORITHM.build(ALGORITHM.averaged)


@pytest.fixture(scope="module")
def codes(networks):
    return CodeMaker(ALGORITHM.drawable(networks), batch_size=2)


@pytest.mark.parametrize("domain", range(len(DOMAINS)))
def test_mean_code_is_the_mean_of_the_mapping_network(networks, codes, domain):
    z = latents(20_000, seed=99)
    everything = networks["mapping_network"](z, np.full(len(z), domain)).numpy()
    # Within the spread that two samples of these sizes have.
    error = everything.std(axis=0) * (1 / 10_000 + 1 / 20_000) ** 0.5
    difference = codes.mean_code(domain) - everything.mean(axis=0)
    assert (np.abs(difference) <= 5 * error).all()
    np.testing.assert_array_equal(codes.mean_code(domain), codes.mean_code(domain))


def test_each_domain_has_its_own_mean_code(codes):
    assert np.abs(codes.mean_code(0) - codes.mean_code(1)).max() > 1e-3


def test_random_codes_come_from_the_mapping_network(networks, codes):
    z = latents(5, seed=1)
    expected = networks["mapping_network"](z, np.full(5, 2)).numpy()
    np.testing.assert_allclose(codes.make(LATENT_MODE, z, 2), expected, atol=1e-6)


def test_psi_0_gives_the_mean_code(codes):
    truncated = codes.make(LATENT_MODE, latents(5, seed=1), 1, psi=0.0)
    np.testing.assert_array_equal(truncated, np.tile(codes.mean_code(1), [5, 1]))


def test_psi_between_moves_towards_the_mean_code(codes):
    z = latents(5, seed=1)
    mean, free = codes.mean_code(1), codes.make(LATENT_MODE, z, 1)
    truncated = codes.make(LATENT_MODE, z, 1, psi=0.7)
    np.testing.assert_allclose(truncated, mean + 0.7 * (free - mean), atol=1e-6)


def test_reference_codes_come_from_the_style_encoder(networks, codes):
    images = np.random.default_rng(0).uniform(-1, 1, [5, 32, 32, 3]).astype(np.float32)
    expected = networks["style_encoder"](images, np.full(5, 2)).numpy()
    # In batches of two here, in one there.
    np.testing.assert_allclose(codes.make(REFERENCE_MODE, images, 2), expected, atol=1e-5)
    assert np.abs(codes.make(REFERENCE_MODE, images, 1) - expected).max() > 1e-3


def test_a_domain_that_decides_alone_has_one_code_and_no_mean():
    mode = Mode("domain", NOTHING, "translations")

    class OneCode(FakeDrawable):
        modes = (mode,)

        def make_codes(self, mode, source, y):
            assert source is None
            return np.eye(3, dtype=np.float32)[:1] * 2

    codes = CodeMaker(OneCode())
    np.testing.assert_array_equal(codes.make(mode, None, 1), [[2, 0, 0]])
    np.testing.assert_array_equal(codes.mean_code(1), [0, 0, 0])


def test_psi_1_leaves_styles_alone():
    styles = np.random.default_rng(0).normal(size=[5, 3]).astype(np.float32)
    np.testing.assert_array_equal(truncate(styles, np.float32([1e6, -3, 0.1]), 1.0), styles)


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
