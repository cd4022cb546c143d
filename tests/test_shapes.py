import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.compat import keras
from stargan_tf.shapes import ShapeError, check_shapes, floats, integers

RULE = "the caller takes images and a domain for each"


def check(x, y):
    check_shapes(RULE, x=floats(x, "N", 4, None, 3), y=integers(y, "N"))


def spec(*shape, dtype=tf.float32):
    """A tensor of which nothing is known but what is given."""
    return tf.TensorSpec(None if shape == (...,) else shape, dtype)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (tf.zeros([2, 4, 7, 3]), tf.zeros([2], tf.int32)),
        (np.zeros([2, 4, 1, 3], np.float64), np.zeros([2], np.int64)),
        (tf.zeros([2, 4, 4, 3], tf.bfloat16), [1, 0]),
        (tf.Variable(tf.zeros([2, 4, 4, 3])), tf.zeros([2], tf.uint8)),
        (keras.Input([4, 4, 3]), keras.Input([], dtype=tf.int32)),
        (spec(None, 4, 4, 3), spec(2, dtype=tf.int32)),
        (spec(2, None, None, None), spec(None, dtype=tf.int32)),
        (spec(...), spec(..., dtype=tf.int32)),
    ],
)
def test_right_shapes_pass_as_far_as_they_are_known(x, y):
    check(x, y)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (spec(2, 5, 4, 3), spec(2), "x of shape [2, 5, 4, 3], expected [N, 4, any, 3]"),
        (spec(None, 4, 4, 1), spec(2), "x of shape [any, 4, 4, 1], expected [N, 4, any, 3]"),
        (spec(4, 4, 3), spec(2), "x of shape [4, 4, 3], expected [N, 4, any, 3]"),
        (spec(), spec(2), "x of shape [], expected [N, 4, any, 3]"),
        (
            spec(2, 4, 4, 3),
            spec(3, dtype=tf.int32),
            "y of shape [3], expected [N] with N = 2 as in x",
        ),
        (
            spec(2, 4, 4, 3),
            spec(2, 1, dtype=tf.int32),
            "y of shape [2, 1], expected [N] with N = 2 as in x",
        ),
        (spec(2, 4, 4, 3, dtype=tf.uint8), spec(2), "x of dtype uint8, expected float"),
        (spec(..., dtype=tf.uint8), spec(2), "x of dtype uint8, expected float"),
        (spec(2, 4, 4, 3), spec(2), "y of dtype float32, expected integer"),
    ],
)
def test_wrong_shapes_are_named_with_what_was_found_and_expected(x, y, message):
    with pytest.raises(ShapeError) as caught:
        check(x, y)
    assert str(caught.value) == f"Found {message}: {RULE}."


def test_a_symbol_stands_for_one_size_within_a_tensor_and_among_several():
    square = ("N", "S", "S")
    check_shapes("", a=floats(spec(2, 5, 5), *square), b=floats(spec(2, 5, None), *square))
    with pytest.raises(ShapeError, match=r"Found a of shape \[2, 5, 6\], expected \[N, S, S\]: "):
        check_shapes("", a=floats(spec(2, 5, 6), *square))
    with pytest.raises(ShapeError, match="with N = 2 as in a and S = 5 as in b: "):
        check_shapes(
            "",
            a=floats(spec(2, None, None), *square),
            b=floats(spec(None, 5, 5), *square),
            c=floats(spec(2, 5, 6), *square),
        )


def test_nothing_is_added_to_a_graph():
    with tf.Graph().as_default() as graph:
        x, y = tf.zeros([2, 4, 4, 3]), tf.zeros([2], tf.int32)
        before = len(graph.get_operations())
        check(x, y)
        assert len(graph.get_operations()) == before
