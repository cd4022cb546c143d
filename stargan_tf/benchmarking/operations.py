"""Arithmetic operations of convolutions and matrix products, counted from a traced graph.

A multiply-add counts two. What else a graph computes counts nothing: it is the convolutions and
products that a machine's peak is a bound of. Taps that fall on the padding count like others, as
they do wherever convolutions are counted by their shapes.
"""

import collections
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

# By the name of a dtype.
Operations = dict[str, int]


def count_operations(function: Any, batch_size: int | None = None) -> Operations:
    """Counts what one call of a traced function computes.

    Only what its outputs and its assignments need is counted, as TensorFlow runs no more. Graphs
    within are counted, too: called functions, and of branches the one that computes most.

    Args:
      function: a concrete function.
      batch_size: what stands for a first axis of unknown length.

    Returns:
      Operations by the dtype that they are computed in.

    Raises:
      ValueError: a shape is unknown, or the graph has a loop, whose turns nobody knows.
    """
    return dict(_Counter(batch_size).graph(function.graph))


class _Counter:
    def __init__(self, batch_size: int | None) -> None:
        self._batch_size = batch_size

    def graph(self, graph: Any) -> collections.Counter[str]:
        """Counts a graph of a function."""
        total: collections.Counter[str] = collections.Counter()
        for operation in _needed(graph):
            total.update(self._inner(graph, operation))
            count = _COUNTS.get(operation.type)
            if count:
                total[operation.inputs[-1].dtype.base_dtype.name] += count(operation, self._shape)
        return total

    def _inner(self, graph: Any, operation: tf.Operation) -> collections.Counter[str]:
        """Counts the graphs that an operation runs."""
        none: collections.Counter[str] = collections.Counter()
        kind = operation.type
        if kind in ("PartitionedCall", "StatefulPartitionedCall"):
            return self._called(graph, operation.get_attr("f").name)
        if kind in ("If", "StatelessIf"):
            names = [operation.get_attr(f"{branch}_branch").name for branch in ("then", "else")]
        elif kind in ("Case", "StatelessCase"):
            names = [branch.name for branch in operation.get_attr("branches")]
        elif kind in ("While", "StatelessWhile"):
            if self._called(graph, operation.get_attr("body").name):
                raise ValueError(f"the loop {operation.name} has no known number of turns")
            return none
        else:
            return none
        return max((self._called(graph, name) for name in names), key=lambda c: c.total())

    def _called(self, graph: Any, name: str) -> collections.Counter[str]:
        # Called functions know their shapes; in the graph's public form, they would be lost.
        return self.graph(graph._get_function(name).graph)

    def _shape(self, tensor: tf.Tensor) -> list[int]:
        if tensor.shape.rank is None:
            raise ValueError(f"the shape of {tensor.name} is unknown")
        shape = tensor.shape.as_list()
        if shape and shape[0] is None:
            shape[0] = self._batch_size
        if None in shape:
            raise ValueError(f"the shape {tensor.shape} of {tensor.name} is not wholly known")
        return shape


def _needed(graph: Any) -> Iterable[tf.Operation]:
    """The operations that a function's outputs and its assignments depend on."""
    todo = [*(output.op for output in graph.outputs), *graph.control_outputs]
    found: dict[int, tf.Operation] = {}
    while todo:
        operation = todo.pop()
        if id(operation) not in found:
            found[id(operation)] = operation
            todo += [*(value.op for value in operation.inputs), *operation.control_inputs]
    return found.values()


_Shape = Callable[[tf.Tensor], list[int]]


def _convolution(output: list[int], kernel: list[int]) -> int:
    """Of `output`, whose last or second axis is the channels, by a kernel [h, w, in, out]."""
    height, width, channels_in, _ = kernel
    return 2 * math.prod(output) * height * width * channels_in


def _conv(operation: tf.Operation, shape: _Shape) -> int:
    return _convolution(shape(operation.outputs[0]), shape(operation.inputs[1]))


def _conv_input_gradient(operation: tf.Operation, shape: _Shape) -> int:
    """Also a transposed convolution, which is the gradient of a convolution."""
    _, kernel, gradient = operation.inputs
    return _convolution(shape(gradient), shape(kernel))


def _conv_kernel_gradient(operation: tf.Operation, shape: _Shape) -> int:
    return _convolution(shape(operation.inputs[2]), shape(operation.outputs[0]))


def _depthwise(output: list[int], kernel: list[int]) -> int:
    """One channel in for each channel out."""
    return _convolution(output, [*kernel[:2], 1, 1])


def _depthwise_conv(operation: tf.Operation, shape: _Shape) -> int:
    return _depthwise(shape(operation.outputs[0]), shape(operation.inputs[1]))


def _depthwise_input_gradient(operation: tf.Operation, shape: _Shape) -> int:
    _, kernel, gradient = operation.inputs
    return _depthwise(shape(gradient), shape(kernel))


def _depthwise_kernel_gradient(operation: tf.Operation, shape: _Shape) -> int:
    return _depthwise(shape(operation.inputs[2]), shape(operation.outputs[0]))


def _product(transposed: str) -> Callable[[tf.Operation, _Shape], int]:
    """Of matrices, or of stacks of them; the attribute says whether the first is transposed."""

    def count(operation: tf.Operation, shape: _Shape) -> int:
        inner = shape(operation.inputs[0])[-2 if operation.get_attr(transposed) else -1]
        return 2 * math.prod(shape(operation.outputs[0])) * inner

    return count


def _einsum(operation: tf.Operation, shape: _Shape) -> int:
    """Every combination of indices, once."""
    terms = operation.get_attr("equation").decode().split("->")[0].split(",")
    if len(terms) == 1:
        return 0  # a sum or a transposition
    lengths: dict[str, int] = {}
    for term, value in zip(terms, operation.inputs, strict=True):
        sizes = shape(value)
        labels = re.findall(r"\.\.\.|\w", term)
        if "..." in labels:
            # The axes of an ellipsis are numbered from the right, as they are broadcast.
            place, number = labels.index("..."), len(sizes) - len(labels) + 1
            labels[place : place + 1] = [f"...{number - axis}" for axis in range(number)]
        for label, size in zip(labels, sizes, strict=True):
            lengths[label] = max(size, lengths.get(label, 1))
    return 2 * math.prod(lengths.values())


_COUNTS: dict[str, Callable[[tf.Operation, _Shape], int]] = {
    "Conv2D": _conv,
    "Conv2DBackpropInput": _conv_input_gradient,
    "Conv2DBackpropFilter": _conv_kernel_gradient,
    "DepthwiseConv2dNative": _depthwise_conv,
    "DepthwiseConv2dNativeBackpropInput": _depthwise_input_gradient,
    "DepthwiseConv2dNativeBackpropFilter": _depthwise_kernel_gradient,
    "MatMul": _product("transpose_a"),
    "BatchMatMul": _product("adj_x"),
    "BatchMatMulV2": _product("adj_x"),
    "BatchMatMulV3": _product("adj_x"),
    "Einsum": _einsum,
}
