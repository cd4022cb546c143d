import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.compat import keras
from stargan_tf.training.validation import SEED, Validation
from tests.training import tiny
from tests.training.tiny import CONFIG, NUM_DOMAINS

ALGORITHM = make_algorithm(CONFIG, NUM_DOMAINS)


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(1)
    return ALGORITHM.build(ALGORITHM.averaged)


@pytest.fixture(scope="module")
def images():
    """Batches of two and of one."""
    batch = tiny.batch(0, size=3)
    return tf.data.Dataset.from_tensor_slices((batch.x_real, tf.constant([0, 2, 1]))).batch(2)


def measure(networks, images):
    with tiny.eagerly():
        return Validation(ALGORITHM, images)(networks)


def test_means_over_all_images_whatever_the_batches(networks, images):
    G, F, E = networks.values()
    cyc, sty = [], []
    for number, (x, y) in enumerate(images):
        z = tf.random.stateless_normal([len(x), CONFIG.latent_dim], [SEED, number])
        y_trg = [{0: 1, 1: 2, 2: 0}[int(domain)] for domain in y]
        s_trg = F(z, y_trg)
        x_fake = G(x, s_trg)
        sty += list(np.abs(E(x_fake, y_trg) - s_trg).mean(axis=1))
        cyc += list(np.abs(G(x_fake, E(x, y)) - x).mean(axis=(1, 2, 3)))
    found = measure(networks, images)
    assert set(found) == {"val/latent_sty", "val/latent_cyc"}
    assert found["val/latent_sty"] == pytest.approx(np.mean(sty), rel=1e-5)
    assert found["val/latent_cyc"] == pytest.approx(np.mean(cyc), rel=1e-5)


def test_the_same_networks_get_the_same_metrics(networks, images):
    assert measure(networks, images) == measure(networks, images)


def test_no_images_give_no_metrics(networks, images):
    assert measure(networks, images.take(0)) == {}


def test_the_averages_of_a_state_compiled_once(images, monkeypatch):
    """As training has them: in a dictionary that TensorFlow tracks."""
    traces = []
    losses = ALGORITHM.validation_losses

    def counted(*arguments):
        traces.append(arguments)
        return losses(*arguments)

    monkeypatch.setattr(ALGORITHM, "validation_losses", counted)
    validation, averages = Validation(ALGORITHM, images), tiny.fresh_state().averages
    first = validation(averages)
    for average in averages.values():
        for variable in average.variables:
            variable.assign(variable * 1.1)
    second = validation(averages)
    assert set(first) == {"val/latent_sty", "val/latent_cyc"}
    assert all(first[name] != second[name] for name in first)
    assert len(traces) <= 2  # a batch of two, then any
