import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from stargan_tf.benchmarking import alone
from stargan_tf.benchmarking.alone import operations_in, works_alone
from stargan_tf.benchmarking.operations import count_operations
from stargan_tf.benchmarking.work import Traced

X, KERNEL = tf.ones([2, 8, 8, 3]), tf.ones([3, 3, 3, 3])


def gradients(x, kernel):
    """Two equal convolutions, one with a stride, and the gradients of all."""
    with tf.GradientTape() as tape:
        tape.watch([x, kernel])
        y = tf.nn.conv2d(tf.nn.conv2d(x, kernel, 1, "SAME"), kernel, 1, "SAME")
        total = tf.reduce_sum(tf.nn.conv2d(y, kernel, 2, "VALID") ** 2)
    return tape.gradient(total, [x, kernel])


@pytest.fixture(scope="module")
def traced():
    return Traced(tf.function(gradients, autograph=False), X, KERNEL)


@pytest.fixture(scope="module")
def found(traced):
    operations = operations_in(traced.work("whole", 2).function)
    return {operation.describe(): times for operation, times in operations.items()}


def test_equal_operations_are_one(found):
    image, half, kernel = "2x8x8x3", "2x3x3x3", "3x3x3x3"
    assert found == {
        f"Conv2D {image}, {kernel}": 2,
        f"Conv2DBackpropInput {image}, {kernel}, {image}": 2,
        f"Conv2DBackpropFilter {image}, {kernel}, {image}": 2,
        f"Conv2D {image}, {kernel}, stride 2, VALID": 1,
        f"Conv2DBackpropInput {image}, {kernel}, {half}, stride 2, VALID": 1,
        f"Conv2DBackpropFilter {image}, {kernel}, {half}, stride 2, VALID": 1,
    }


def test_products_in_few_bits_say_so():
    a, b = tf.ones([2, 3], tf.bfloat16), tf.ones([5, 3], tf.bfloat16)
    product = tf.function(lambda a, b: tf.matmul(a, b, transpose_b=True), autograph=False)
    (operation,) = operations_in(product.get_concrete_function(a, b))
    assert operation.describe() == "MatMul 2x3, 5x3, bfloat16"
    assert operation.operations == 2 * 2 * 3 * 5


def test_works_are_the_parts_of_the_whole(traced):
    whole = traced.work("whole", 2)
    works = [*works_alone(whole)]
    assert sum(work.operations["float32"] for work in works) == whole.operations["float32"]
    assert {work.part_of for work in works} == {"whole"}
    assert all(0 < work.run() < 10 for work in works)
    counts = [work.operations["float32"] for work in works]
    assert counts == sorted(counts, reverse=True)


def test_an_operation_runs_as_often_as_in_the_whole(traced):
    """And computes what it computes."""
    found = operations_in(traced.work("whole", 2).function)
    one = next(o for o in found if o.kind == "Conv2DBackpropFilter" and found[o] == 2)
    drawn = [tf.random.stateless_normal(i.shape, (0, 0)) for i in one.inputs if i.values is None]
    repeated = tf.function(lambda: alone._repeated(one, 5))
    concrete = repeated.get_concrete_function()
    assert count_operations(concrete) == {"float32": 5 * one.operations}
    expected = tf.raw_ops.Conv2DBackpropFilter(
        input=drawn[0],
        filter_sizes=[3, 3, 3, 3],
        out_backprop=drawn[1],
        strides=[1] * 4,
        padding="SAME",
    )
    np.testing.assert_allclose(concrete(), [expected[0, 0, 0, 0]] * 5, rtol=1e-5)


def test_no_operation_is_optimised_away():
    """TensorFlow drops what nobody reads, and runs equal operations once."""
    product = tf.function(lambda a: a @ a, autograph=False)
    (one,) = operations_in(product.get_concrete_function(tf.ones([64, 64])))
    repeated = tf.function(lambda: alone._repeated(one, 7)).get_concrete_function()
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    context.enable_graph_collection()
    try:
        repeated()
        found = context.export_run_metadata()
    finally:
        context.disable_graph_collection()
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    (graphs,) = found.function_graphs
    assert [node.op for node in graphs.post_optimization_graph.node].count("MatMul") == 7
