import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.data import augmentation
from stargan_tf.data.preprocessing import preprocess
from tests.data import makers


def coordinates(side: int) -> np.ndarray:
    """An image whose red is the column and whose green is the row."""
    ramp = np.linspace(0, 255, side).round().astype(np.uint8)
    columns, rows = np.meshgrid(ramp, ramp)
    return np.stack([columns, rows, np.zeros_like(rows)], -1)


@tf.function(
    input_signature=[
        tf.TensorSpec([None, None, 3], tf.uint8),
        tf.TensorSpec([2], tf.int64),
        tf.TensorSpec([]),
    ]
)
def traced(image: tf.Tensor, seed: tf.Tensor, randcrop_prob: tf.Tensor) -> tf.Tensor:
    return augmentation.augment(image, seed, 16, randcrop_prob)


def augmented(image: np.ndarray, seed: list[int], randcrop_prob: float = 1.0) -> tf.Tensor:
    return traced(image, tf.constant(seed, tf.int64), randcrop_prob)


def test_augment_gives_the_promised_tensor() -> None:
    result = augmented(makers.pixels(0, 50, 70), [1, 2])
    assert (result.shape, result.dtype) == ((16, 16, 3), tf.float32)
    assert -1 <= float(tf.reduce_min(result)) < float(tf.reduce_max(result)) <= 1
    black, white = np.zeros((20, 20, 3), np.uint8), np.full((20, 20, 3), 255, np.uint8)
    np.testing.assert_array_equal(augmented(black, [1, 2]), -np.ones((16, 16, 3)))
    np.testing.assert_allclose(augmented(white, [1, 2]), np.ones((16, 16, 3)), atol=1e-6)


def test_the_shape_is_known_while_tracing() -> None:
    spec = [tf.TensorSpec([None, None, 3], tf.uint8), tf.TensorSpec([2], tf.int64)]
    function = tf.function(lambda image, seed: augmentation.augment(image, seed, 16, 0.5))
    assert function.get_concrete_function(*spec).structured_outputs.shape == (16, 16, 3)


def test_the_seed_decides_everything() -> None:
    image = makers.pixels(0)
    first, again, other = (augmented(image, seed) for seed in ([5, 1], [5, 1], [5, 2]))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_without_crop_only_mirrored_or_not() -> None:
    image = coordinates(32)
    plain = preprocess(image, 16).numpy()
    mirrored = 0
    for seed in range(60):
        result = augmented(image, [seed, 0], 0.0).numpy()
        flipped = not np.allclose(result, plain)
        mirrored += flipped
        np.testing.assert_allclose(result, plain[:, ::-1] if flipped else plain, atol=1e-6)
    assert 15 < mirrored < 45


def test_crops_happen_with_the_given_probability() -> None:
    image = coordinates(32)
    plain = preprocess(image, 16).numpy()
    cropped = 0
    for seed in range(100):
        result = augmented(image, [seed, 0], 0.5).numpy()
        cropped += not any(np.allclose(result, x, atol=1e-6) for x in (plain, plain[:, ::-1]))
    assert 30 < cropped < 70


def test_crops_have_the_area_ratio_and_place_of_the_description() -> None:
    side = 500
    image = coordinates(side)
    crop = tf.function(augmentation.random_crop)
    areas, ratios, lefts = [], [], []
    for seed in range(300):
        result = crop(tf.constant(image), tf.constant([seed, 0], tf.int64)).numpy()
        height, width = result.shape[:2]
        areas.append(height * width / side**2)
        ratios.append(width / height)
        room = side - width
        if room > 20:
            lefts.append(result[0, 0, 0] / 255 * (side - 1) / room)
    assert 0.79 < min(areas) < 0.82 and 0.93 < max(areas) <= 1.0
    assert 0.89 < min(ratios) < 0.93 and 1.07 < max(ratios) < 1.11
    assert abs(np.median(areas) - 0.89) < 0.03  # above 0.95 some ratios do not fit
    assert abs(np.mean(np.log(ratios))) < 0.01
    assert min(lefts) < 0.05 and max(lefts) > 0.95 and abs(np.mean(lefts) - 0.5) < 0.06


def test_without_a_crop_that_fits_the_whole_square_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(augmentation, "SCALE", (1.5, 2.0))
    image = makers.pixels(0)
    result = augmentation.random_crop(tf.constant(image), tf.constant([1, 1], tf.int64))
    np.testing.assert_array_equal(result, image)


def test_resizing_is_antialiased() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(augmented(stripes, [0, 0])[:, 2:-2]).max() < 0.3
