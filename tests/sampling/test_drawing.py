import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.models.precision import mixed_precision
from stargan_tf.sampling.drawing import BatchDrawer, to_8_bit
from tests.sampling.fakes import CONFIG, SIZE, FakeDrawable, flat


def uniform(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def drawn(drawer, images, codes):
    return drawer.draw(drawer.encode(images), codes)


@pytest.mark.parametrize("precision", ["none", "bfloat16"])
def test_agrees_with_the_generator(precision):
    algorithm = make_algorithm(CONFIG, 3)
    with mixed_precision(precision):
        networks = algorithm.build(algorithm.averaged)
    generator = networks["generator"]
    x, s = uniform(3, SIZE, SIZE, 3), uniform(2, 3)
    translations = drawn(BatchDrawer(algorithm.drawable(networks), batch_size=4), x, s)
    assert translations.shape == (3, 2, SIZE, SIZE, 3) and translations.dtype == np.uint8
    for style in range(2):
        expected = to_8_bit(generator(x, s[[style] * 3]).numpy())
        difference = np.abs(translations[:, style].astype(int) - expected)
        # bfloat16 sums differ with the size of the batch.
        assert np.mean(difference) < (0.1 if precision == "none" else 3)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_every_image_meets_every_style(batch_size):
    images = np.stack([flat(0, 0, 0), flat(0.2, 0.4, 0.6), flat(-1, 1, 0)])
    styles = np.float32([[0, 0, 0], [1, -1, 0.5]])
    done = []
    drawer = BatchDrawer(FakeDrawable(), batch_size=batch_size)
    translations = drawer.draw(drawer.encode(images), styles, done.append)
    for i, image in enumerate(images):
        for j, style in enumerate(styles):
            np.testing.assert_array_equal(translations[i, j], to_8_bit((image + style) / 2))
    assert sum(done) == 6 and max(done) <= batch_size


def test_pairs_are_taken_as_given():
    images = np.stack([flat(0, 0, 0), flat(1, 1, 1)])
    drawer = BatchDrawer(FakeDrawable(), batch_size=2)
    styles = np.float32([[0, 0, 0], [3, 3, 3], [1, 0, -1]])
    translations = drawer.draw_pairs(drawer.encode(images), np.array([1, 1, 0]), styles)
    np.testing.assert_array_equal(translations[:, 0, 0], [[0.5] * 3, [2.0] * 3, [0.5, 0, -0.5]])


def test_size_of_what_is_encoded():
    algorithm = make_algorithm(CONFIG, 3)
    for model in (algorithm.drawable(algorithm.build(algorithm.averaged)), FakeDrawable()):
        drawer = BatchDrawer(model)
        encoded = tf.nest.flatten(drawer.encode(uniform(2, SIZE, SIZE, 3)))
        assert 2 * drawer.encoded_bytes == sum(part.numpy().nbytes for part in encoded)


def test_the_drawing_is_traced_once():
    class Counting(FakeDrawable):
        traces = 0

        def draw(self, encoded, codes):
            Counting.traces += 1
            return super().draw(encoded, codes)

    drawer = BatchDrawer(Counting(), batch_size=4)
    for num_images, num_styles in [(1, 1), (3, 3), (2, 7)]:
        drawn(drawer, np.zeros([num_images, SIZE, SIZE, 3]), np.zeros([num_styles, 3]))
    assert Counting.traces == 1


def test_8_bit_clips_and_rounds():
    floats = np.float32([-7, -1, -0.998, 0, 0.999, 1, 1.01, 9])
    np.testing.assert_array_equal(to_8_bit(floats), [0, 0, 0, 128, 255, 255, 255, 255])
    steps = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(to_8_bit(steps / np.float32(127.5) - 1), steps)
