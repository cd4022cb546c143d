import pytest
import tensorflow as tf

from stargan_tf.training.live_tensors import most_live_bytes, needed

_MAP = 4 * 8 * 8  # bytes


def live(compute, *shapes):
    specs = [tf.TensorSpec(shape) for shape in shapes]
    function = tf.function(compute, autograph=False)
    return most_live_bytes(needed(function.get_concrete_function(*specs).graph))


def test_results_are_freed_after_their_last_use():
    def chain(x):
        for _ in range(5):
            x = tf.matmul(x, x)
        return x

    assert live(chain, [8, 8]) == 2 * _MAP  # one that is read, one that is written


def test_what_is_needed_later_stays():
    def all_at_the_end(x):
        a, b, c = tf.matmul(x, x), tf.matmul(x, x, transpose_a=True), tf.matmul(x, x, True, True)
        return tf.concat([a, b, c], axis=0)

    assert live(all_at_the_end, [8, 8]) == 6 * _MAP  # three, and their concatenation


def test_operations_write_over_what_nobody_else_reads():
    def chain(x):
        return tf.exp(tf.nn.relu(tf.reshape(tf.matmul(x, x), [4, 16])))

    assert live(chain, [8, 8]) == _MAP


def test_not_over_what_another_reads_later():
    def branch(x):
        y = tf.matmul(x, x)
        return tf.matmul(tf.exp(y), y)

    assert live(branch, [8, 8]) == 3 * _MAP


def test_variables_and_what_nothing_needs_do_not_count():
    variable = tf.Variable(tf.zeros([8, 8]))

    def unneeded(x):
        tf.matmul(tf.concat([x] * 10, axis=0), x)
        return tf.matmul(x, variable)

    assert live(unneeded, [8, 8]) == _MAP


def test_changes_of_variables_count():
    variable = tf.Variable(tf.zeros([8, 8]))

    def assign(x):
        variable.assign(tf.matmul(x, x))

    assert live(assign, [8, 8]) == _MAP


@pytest.mark.parametrize("keep", [True, False])
def test_order_of_updates_decides(keep):
    """Two independent maps, both made first, or each used before the next is made."""

    def two(x):
        first = tf.matmul(x, x)
        if not keep:
            first = tf.reduce_sum(first)
        second = tf.matmul(x, x, transpose_a=True)
        return tf.reduce_sum(first) + tf.reduce_sum(second)

    assert _MAP * (1 + keep) <= live(two, [8, 8]) < _MAP * (1 + keep) + 16
