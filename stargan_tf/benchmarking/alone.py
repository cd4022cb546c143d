"""Every convolution and matrix product of a graph, run alone.

What these take together, beside the whole, tells what a gap to the machine's peak is made of: what
the product behind each operation leaves of the peak, and all that is no convolution.
"""

import collections
import functools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from stargan_tf.benchmarking.graph_counts import Shape, count_in_graph
from stargan_tf.benchmarking.operations import counts, dtype_of, operations_of
from stargan_tf.benchmarking.work import Work, timed

_SEED = (0, 0)
# One run of a work computes at least so much, by running it in turns, but in no more than so many.
_LEAST_OPERATIONS = 10**9
_MOST_TURNS = 50


class _Input(NamedTuple):
    """One input of an operation.

    Attributes:
      dtype: of its values.
      shape: of its values.
      values: those of a list of sizes, else None.
    """

    dtype: tf.DType
    shape: tuple[int, ...]
    values: tuple[int, ...] | None


class Operation(NamedTuple):
    """What two operations have in common that take equally long.

    Attributes:
      kind: TensorFlow's name of it, such as Conv2D.
      inputs: what it takes.
      attributes: serialized, by name.
      operations: arithmetic ones, as `count_operations` counts.
      dtype: the name of the dtype that it computes in.
    """

    kind: str
    inputs: tuple[_Input, ...]
    attributes: tuple[tuple[str, bytes], ...]
    operations: int
    dtype: str

    def describe(self) -> str:
        """Kind, shapes of what it takes, stride and dtype where they are not the usual ones."""
        shapes = ", ".join("x".join(map(str, one.values or one.shape)) for one in self.inputs)
        attributes = dict(self.attributes)
        strides = max([1, *_parsed(attributes["strides"]).list.i]) if "strides" in attributes else 1
        stride = f", stride {strides}" * (strides > 1)
        padding = _parsed(attributes["padding"]).s.decode() if "padding" in attributes else "SAME"
        dtype = f", {self.dtype}" * (self.dtype != "float32")
        return f"{self.kind} {shapes}{stride}{f', {padding}' * (padding != 'SAME')}{dtype}"


def operations_in(function: Any) -> collections.Counter[Operation]:
    """How often one call of a traced function runs each of its convolutions and products.

    Args:
      function: a concrete function, all of whose shapes are known.

    Raises:
      ValueError: as of `count_in_graph`.
    """
    return count_in_graph(
        function.graph, lambda op, shape: {_operation(op, shape): 1} if counts(op) else {}
    )


def works_alone(whole: Work) -> Iterator[Work]:
    """Works of one operation each, as many times as a run of the whole runs it.

    The largest share of the arithmetic comes first.

    Args:
      whole: calls of one function.
    """
    found = operations_in(whole.function)
    for operation in sorted(found, key=lambda one: -found[one] * one.operations):
        times = found[operation]
        count = times * operation.operations
        # Calling a function takes a while, which is not to be a part of what small ones take.
        turns = min(_MOST_TURNS, math.ceil(_LEAST_OPERATIONS / count))
        repeated = tf.function(functools.partial(_repeated, operation, times * turns))
        run = timed(repeated.get_concrete_function())
        yield Work(
            operation.describe() + f", {times} times" * (times > 1),
            lambda run=run, turns=turns: run() / turns,
            operations={operation.dtype: count},
            part_of=whole.what,
        )


def _operation(operation: tf.Operation, shape: Shape) -> Operation:
    known = {attribute.name for attribute in operation.op_def.attr}
    attributes = operation.node_def.attr
    return Operation(
        operation.type,
        tuple(_input(value, operation, shape) for value in operation.inputs),
        tuple((name, attributes[name].SerializeToString()) for name in sorted(known)),
        operations_of(operation, shape),
        dtype_of(operation),
    )


def _input(value: tf.Tensor, operation: tf.Operation, shape: Shape) -> _Input:
    if value.dtype.is_floating:
        return _Input(value.dtype, tuple(shape(value)), None)
    # Gradients of convolutions take the sizes of what they return.
    sizes = shape(operation.outputs[0])
    return _Input(value.dtype, (len(sizes),), tuple(sizes))


def _repeated(operation: Operation, times: int) -> tf.Tensor:
    """Runs it so many times on random values, one after the other.

    Returns:
      The first number of each result, [times].
    """
    values = [_drawn(one) for one in operation.inputs]
    attributes = {name: _parsed(text) for name, text in operation.attributes}
    results: list[tf.Tensor] = []
    for _ in range(times):
        with tf.control_dependencies(results[-1:]):
            run = tf.compat.v1.get_default_graph().create_op(
                operation.kind, values, attrs=attributes
            )
            # One number of it: TensorFlow leaves out what nobody reads.
            results.append(tf.reshape(run.outputs[0], [-1])[0])
    return tf.stack(results)


def _drawn(one: _Input) -> tf.Tensor:
    if one.values is not None:
        return tf.constant(one.values, one.dtype)
    # Made once, outside of the graph, as is a layer's input.
    with tf.init_scope():
        return tf.cast(tf.random.stateless_normal(one.shape, _SEED), one.dtype)


def _parsed(text: bytes) -> tf.compat.v1.AttrValue:
    return tf.compat.v1.AttrValue.FromString(text)
