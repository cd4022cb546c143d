"""Arithmetic operations of convolutions and matrix products, counted from a traced graph.

A multiply-add counts two. What else a graph computes counts nothing: it is the convolutions and
products that a machine's peak is a bound of. Taps that fall on the padding count like others, as
they do wherever convolutions are counted by their shapes.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from stargan_tf.benchmarking.graph_counts import Shape, count_in_graph

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

    def count(operation: tf.Operation, shape: Shape) -> Operations:
        return {dtype_of(operation): operations_of(operation, shape)} if counts(operation) else {}

    return dict(count_in_graph(function.graph, count, batch_size))


def counts(operation: tf.Operation) -> bool:
    """Whether it is a convolution or a matrix product, or a gradient of one."""
    return operation.type in _COUNTS


def dtype_of(operation: tf.Operation) -> str:
    """The name of the dtype that a counted operation computes in."""
    return operation.inputs[-1].dtype.base_dtype.name


def operations_of(operation: tf.Operation, shape: Shape) -> int:
    """How many arithmetic operations a counted one is.

    Args:
      operation: for which `counts` is true.
      shape: gives the shape of a tensor.
    """
    return _COUNTS[operation.type](operation, shape)


def _convolution(output: list[int], kernel: list[int]) -> int:
    """Of `output`, whose last or second axis is the channels, by a kernel [h, w, in, out]."""
    height, width, channels_in, _ = kernel
    return 2 * math.prod(output) * height * width * channels_in


def _conv(operation: tf.Operation, shape: Shape) -> int:
    return _convolution(shape(operation.outputs[0]), shape(operation.inputs[1]))


def _conv_input_gradient(operation: tf.Operation, shape: Shape) -> int:
    """Also a transposed convolution, which is the gradient of a convolution."""
    _, kernel, gradient = operation.inputs
    return _convolution(shape(gradient), shape(kernel))


def _conv_kernel_gradient(operation: tf.Operation, shape: Shape) -> int:
    return _convolution(shape(operation.inputs[2]), shape(operation.outputs[0]))


def _depthwise(output: list[int], kernel: list[int]) -> int:
    """One channel in for each channel out."""
    return _convolution(output, [*kernel[:2], 1, 1])


def _depthwise_conv(operation: tf.Operation, shape: Shape) -> int:
    return _depthwise(shape(operation.outputs[0]), shape(operation.inputs[1]))


def _depthwise_input_gradient(operation: tf.Operation, shape: Shape) -> int:
    _, kernel, gradient = operation.inputs
    return _depthwise(shape(gradient), shape(kernel))


def _depthwise_kernel_gradient(operation: tf.Operation, shape: Shape) -> int:
    return _depthwise(shape(operation.inputs[2]), shape(operation.outputs[0]))


def _product(transposed: str) -> Callable[[tf.Operation, Shape], int]:
    """Of matrices, or of stacks of them; the attribute says whether the first is transposed."""

    def count(operation: tf.Operation, shape: Shape) -> int:
        inner = shape(operation.inputs[0])[-2 if operation.get_attr(transposed) else -1]
        return 2 * math.prod(shape(operation.outputs[0])) * inner

    return count


def _einsum(operation: tf.Operation, shape: Shape) -> int:
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


_COUNTS: dict[str, Callable[[tf.Operation, Shape], int]] = {
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
