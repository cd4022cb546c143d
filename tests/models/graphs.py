"""What a traced graph is made of."""

import tensorflow as tf


def with_own_gradient(graph: tf.Graph) -> list[str]:
    """The operations whose gradient is not TensorFlow's, by name, also of functions within."""
    definition = graph.as_graph_def()
    nodes = [definition.node, *(function.node_def for function in definition.library.function)]
    return [node.name for some in nodes for node in some if "_gradient_op_type" in node.attr]
