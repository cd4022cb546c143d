"""Counts over what a traced graph really runs."""

import collections
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

# Gives the shape of a tensor, all axes known.
Shape = Callable[[tf.Tensor], list[int]]
# What one operation adds to the counts, by key.
Count = Callable[[tf.Operation, Shape], Mapping[Any, int]]


def count_in_graph(
    graph: Any, count: Count, batch_size: int | None = None
) -> collections.Counter[Any]:
    """Adds up what the operations of a function's graph count.

    Only what its outputs and its assignments need is counted, as TensorFlow runs no more. Graphs
    within are counted, too: called functions, and of branches the one that counts most.

    Args:
      graph: of a concrete function.
      count: of one operation.
      batch_size: what stands for a first axis of unknown length.

    Raises:
      ValueError: a shape that is asked for is unknown, or something is counted within a loop,
        whose turns nobody knows.
    """
    return _Counter(count, batch_size).graph(graph)


class _Counter:
    def __init__(self, count: Count, batch_size: int | None) -> None:
        self._count = count
        self._batch_size = batch_size

    def graph(self, graph: Any) -> collections.Counter[Any]:
        """Counts a graph of a function."""
        total: collections.Counter[Any] = collections.Counter()
        for operation in _needed(graph):
            total.update(self._inner(graph, operation))
            total.update(self._count(operation, self._shape))
        return total

    def _inner(self, graph: Any, operation: tf.Operation) -> collections.Counter[Any]:
        """Counts the graphs that an operation runs."""
        none: collections.Counter[Any] = collections.Counter()
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

    def _called(self, graph: Any, name: str) -> collections.Counter[Any]:
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
