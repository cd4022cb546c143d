import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.benchmarking.operations import count_operations
from stargan_tf.models.convolutions import DownsamplingConv2D, UpsamplingConv2D
from stargan_tf.models.layers import PerDomainDense

X = tf.TensorSpec([2, 8, 6, 3])


def traced(function, *specs, **options):
    return tf.function(function, autograph=False).get_concrete_function(*specs, **options)


def counted(function, *specs, batch_size=None):
    return count_operations(traced(function, *specs), batch_size).get("float32", 0)


def by_tape(function):
    """The gradients of the sum of a function's output by all its arguments."""

    def gradients(*arguments):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            total = tf.reduce_sum(function(*arguments) ** 2)
        return tape.gradient(total, arguments)

    return gradients


def taps(height, width, kernel, stride):
    """Multiplications of one channel by one; those by padding count."""
    outputs = [(y, x) for y in range(0, height, stride) for x in range(0, width, stride)]
    return sum(1 for _ in outputs for _ in range(kernel * kernel))


@pytest.mark.parametrize("kernel", [1, 3, 4])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_and_its_gradients(kernel, stride):
    weights = tf.TensorSpec([kernel, kernel, 3, 5])

    def conv(x, w):
        return tf.nn.conv2d(x, w, stride, "SAME")

    forward = 2 * 2 * 3 * 5 * taps(8, 6, kernel, stride)
    assert counted(conv, X, weights) == forward
    # Forward, by the input and by the kernel: the same taps three times.
    assert counted(by_tape(conv), X, weights) == 3 * forward


def test_a_transposed_convolution_counts_the_taps_of_its_input():
    weights = tf.TensorSpec([4, 4, 5, 3])  # out, in

    def conv(x, w):
        return tf.nn.conv2d_transpose(x, w, [2, 16, 12, 5], 2, "SAME")

    forward = 2 * (2 * 8 * 6) * 4 * 4 * 3 * 5
    assert counted(conv, X, weights) == forward
    assert counted(by_tape(conv), X, weights) == 3 * forward


def test_depthwise_convolution_and_its_gradients():
    weights = tf.TensorSpec([3, 3, 3, 2])

    def conv(x, w):
        return tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME")

    forward = 2 * (2 * 4 * 3 * 6) * 3 * 3
    assert counted(conv, X, weights) == forward
    assert counted(by_tape(conv), X, weights) == 3 * forward


def test_a_convolution_in_groups():
    weights = tf.TensorSpec([3, 3, 1, 6])
    forward = 2 * (2 * 8 * 6 * 6) * 3 * 3
    assert counted(lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"), X, weights) == forward


@pytest.mark.parametrize(("transpose_a", "transpose_b"), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_products(transpose_a, transpose_b):
    a = tf.TensorSpec([7, 4] if transpose_a else [4, 7])
    b = tf.TensorSpec([5, 7] if transpose_b else [7, 5])

    def product(x, y):
        return tf.matmul(x, y, bool(transpose_a), bool(transpose_b))

    assert counted(product, a, b) == 2 * 4 * 7 * 5
    assert counted(by_tape(product), a, b) == 3 * 2 * 4 * 7 * 5


def test_stacks_of_products():
    a, b = tf.TensorSpec([3, 4, 7]), tf.TensorSpec([3, 5, 7])
    assert counted(lambda x, y: tf.matmul(x, y, transpose_b=True), a, b) == 2 * 3 * 4 * 7 * 5


@pytest.mark.parametrize(
    ("equation", "shapes", "products"),
    [
        ("ni,kio->nko", [[2, 7], [3, 7, 5]], 2 * 7 * 3 * 5),
        ("...i,io->...o", [[4, 2, 7], [7, 5]], 4 * 2 * 7 * 5),
        ("ij->ji", [[4, 7]], 0),
    ],
)
def test_einsum(equation, shapes, products):
    function = traced(lambda *x: tf.einsum(equation, *x), *map(tf.TensorSpec, shapes))
    assert count_operations(function).get("float32", 0) == 2 * products


@pytest.mark.parametrize(("layer", "outputs"), [(DownsamplingConv2D, 4 * 3), (UpsamplingConv2D, 0)])
def test_resampling_layers_count_what_they_compute(layer, outputs):
    """A kernel of 4x4 at the smaller size, which is that of the input when upsampling.

    And it is made as a product of 16 x 9 and the kernel of 3x3.
    """
    conv = layer(5)
    conv.build(X.shape)
    assert counted(conv, X) == 2 * (2 * (outputs or 8 * 6) * 16 + 16 * 9) * 3 * 5


def test_heads_of_domains():
    heads = PerDomainDense(3, 5)
    heads.build([2, 7])
    assert counted(heads, tf.TensorSpec([2, 7])) == 2 * 2 * 7 * 3 * 5


def test_second_derivatives_count_too():
    """As in R1: the gradient by the input, and its gradient by the kernel and the input."""
    weights = tf.TensorSpec([3, 3, 3, 5])

    def penalty(x, w):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.nn.conv2d(x, w, 1, "SAME") ** 2)
        return tape.gradient(total, x)

    forward = 2 * (2 * 8 * 6) * 9 * 3 * 5
    assert counted(penalty, X, weights) == 2 * forward
    # The convolution and its gradient by the input, each with two gradients of its own.
    assert counted(by_tape(penalty), X, weights) == 6 * forward


def test_each_type_is_counted_apart():
    def both(x):
        half = tf.cast(x, tf.bfloat16)
        return tf.matmul(x, x), tf.matmul(half, half)

    function = traced(both, tf.TensorSpec([4, 4]))
    assert count_operations(function) == {"float32": 128, "bfloat16": 128}


def test_what_nothing_needs_counts_nothing():
    def wasteful(x):
        tf.matmul(x, x)
        return x + 1

    assert counted(wasteful, tf.TensorSpec([4, 4])) == 0


def test_what_an_assignment_needs_counts():
    variable = tf.Variable(tf.zeros([4, 4]))

    def assign(x):
        variable.assign(tf.matmul(x, x))

    assert counted(assign, tf.TensorSpec([4, 4])) == 128


def test_functions_within_are_counted_as_often_as_they_are_called():
    inner = tf.function(lambda x: tf.matmul(x, x))
    assert counted(lambda x: inner(inner(x)), tf.TensorSpec([4, 4])) == 256


def test_of_branches_the_larger_counts():
    def branch(x):
        return tf.cond(x[0, 0] > 0, lambda: tf.matmul(x, x), lambda: x)

    assert counted(branch, tf.TensorSpec([4, 4])) == 128


def test_a_loop_cannot_be_counted():
    def loop(x):
        return tf.while_loop(lambda y: y[0, 0] < 9.0, lambda y: (tf.matmul(y, y),), (x,))

    with pytest.raises(ValueError, match="no known number of turns"):
        counted(loop, tf.TensorSpec([4, 4]))


def test_a_batch_of_any_size_counts_as_the_one_that_is_meant():
    spec = tf.TensorSpec([None, 4])
    weights = tf.constant(np.ones([4, 5], np.float32))
    assert counted(lambda x: tf.matmul(x, weights), spec, batch_size=3) == 2 * 3 * 4 * 5
    with pytest.raises(ValueError, match="not wholly known"):
        counted(lambda x: tf.matmul(x, weights), spec)
