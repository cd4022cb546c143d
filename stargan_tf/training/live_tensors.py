"""How many bytes of tensors are alive at once while a graph runs, found without running it."""

import collections
from collections.abc import Iterator, Sequence

import tensorflow as tf

# What a variable or the graph itself holds, or what is another tensor's memory under another name.
_HELD_ELSEWHERE = frozenset(["ReadVariableOp", "Const", "Placeholder"])
_ALIASES = frozenset(
    ["Identity", "IdentityN", "Reshape", "StopGradient", "PreventGradient", "ExpandDims", "Squeeze"]
)
# Kernels that write their result over an input that nobody needs any more.
_IN_PLACE = frozenset(
    """
    Abs Add AddN AddV2 BiasAdd Cast DivNoNan Exp LeakyRelu LeakyReluGrad Log Log1p Maximum Minimum
    Mul Neg Pow RealDiv Relu ReluGrad Rsqrt RsqrtGrad Select SelectV2 Sigmoid Sign Softplus
    SoftplusGrad Sqrt SqrtGrad Square Sub Tanh TanhGrad ZerosLike
    """.split()
)


class _Buffer:
    """The memory of one tensor, or of several that share it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.uses = 0  # that are still to come


def most_live_bytes(operations: Sequence[tf.Operation]) -> int:
    """Goes through operations in the order in which they were traced.

    That is one of the orders in which they may run. Where several run at once, a little more may
    be alive.

    Args:
      operations: of one graph, all of whose results are needed; see `needed`. Inputs that none of
        them makes do not count.

    Returns:
      Bytes, without those of variables.
    """
    uses = collections.Counter(i.ref() for operation in operations for i in operation.inputs)
    buffers: dict[object, _Buffer] = collections.defaultdict(lambda: _Buffer(0))
    live = most = 0
    for operation in operations:
        inputs = [buffers[tensor.ref()] for tensor in operation.inputs]
        touched = list(inputs)
        for number, output in enumerate(operation.outputs):
            buffer = _shared(operation, number, inputs)
            if buffer is None:
                buffer = _Buffer(_size(output))
                live += buffer.size
            buffer.uses += uses[output.ref()]
            buffers[output.ref()] = buffer
            touched.append(buffer)
        most = max(most, live)
        for buffer in inputs:
            buffer.uses -= 1
        for buffer in touched:
            if buffer.uses <= 0:
                live -= buffer.size
                buffer.size = 0  # freed, and not twice
    return most


def needed(graph: tf.Graph) -> list[tf.Operation]:
    """The operations that a result or a change of a variable needs, in the order of the graph."""
    waiting = [tensor.op for tensor in graph.outputs] + [*_changes(graph)]
    found = set()
    while waiting:
        operation = waiting.pop()
        if operation not in found:
            found.add(operation)
            waiting += [tensor.op for tensor in operation.inputs]
            waiting += operation.control_inputs
    return [operation for operation in graph.get_operations() if operation in found]


def _changes(graph: tf.Graph) -> Iterator[tf.Operation]:
    for operation in graph.get_operations():
        if operation.type.startswith(("Resource", "Assign", "Collective")):
            yield operation


def _shared(operation: tf.Operation, number: int, inputs: list[_Buffer]) -> _Buffer | None:
    """The memory that an output has from elsewhere; None where it needs its own."""
    if operation.type in _HELD_ELSEWHERE:
        return _Buffer(0)
    if operation.type in _ALIASES and inputs:
        return inputs[min(number, len(inputs) - 1)]
    if operation.type in _IN_PLACE:
        size = _size(operation.outputs[number])
        for buffer in inputs:
            if buffer.size == size and buffer.uses == 1:
                return buffer
    return None


def _size(tensor: tf.Tensor) -> int:
    """Bytes; none for handles, and for the few small tensors whose size the graph does not tell."""
    elements = tensor.shape.num_elements()
    if elements is None or tensor.dtype in (tf.resource, tf.variant, tf.string):
        return 0
    return elements * tensor.dtype.size
