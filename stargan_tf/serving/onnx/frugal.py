"""Keeps tf2onnx from piling up copies of the weights while it converts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tf2onnx
from tf2onnx.graph import Graph

_COPY_FIRST = tf2onnx.constants.ENV_TF2ONNX_CATCH_ERRORS


@contextmanager
def few_copies() -> Iterator[None]:
    """Converts in a fourth of the memory, for as long as the context lasts.

    tf2onnx improves the graph in some forty passes. Before each it copies the whole graph, in
    case the pass fails; after each it writes all constants into protobuf messages, which do
    not free what they held before. Both are left out, but for the last writing, which
    makes the model, and which alone passes an argument.
    """
    write, setting = Graph.update_proto, os.environ.get(_COPY_FIRST)

    def write_last(graph: Graph, *storage: Any) -> None:
        if storage:
            write(graph, *storage)

    Graph.update_proto = write_last
    os.environ[_COPY_FIRST] = "FALSE"
    try:
        yield
    finally:
        Graph.update_proto = write
        if setting is None:
            del os.environ[_COPY_FIRST]
        else:
            os.environ[_COPY_FIRST] = setting
