"""From the trained networks to ONNX files, one for each signature."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.signatures import DOMAIN, KINDS, SEED, Signature
from stargan_tf.errors import UserError
from stargan_tf.models.own_gradients import without_gradients
from stargan_tf.native_output import shown_on_failure
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.inputs import float_spec
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.onnx.frugal import few_copies
from stargan_tf.serving.onnx.metadata import add_metadata
from stargan_tf.serving.signatures import FLOAT_SUFFIX

# Of ONNX 1.10 (2021). The graphs need nothing newer, so that old runtimes load them, too.
OPSET = 15
OUTPUT_SUFFIX = "_out"


class ONNXConverter:
    """Converts the signatures on float images, each into a file of its own.

    A signature that draws from a seed has no file: ONNX lacks TensorFlow's random numbers.

    Attributes:
      signatures: names of those that have a file, without the suffix.
    """

    def __init__(self, graph: ServingGraph, algorithm: Algorithm, info: ModelInfo) -> None:
        """Takes what there is to convert.

        Args:
          graph: of folded networks; runtimes would compute other weights at each call.
          algorithm: whose signatures are converted.
          info: names and sizes.
        """
        self._graph = graph
        self._info = info
        self._by_name = {
            signature.name: signature
            for signature in algorithm.signatures()
            if SEED not in (KINDS[name] for name in signature.inputs)
        }
        self.signatures = tuple(self._by_name)

    def convert(self, name: str) -> bytes:
        """Makes a file, for batches of any size.

        Args:
          name: of the signature.

        Returns:
          The contents of the .onnx file, with metadata. Inputs and the output have the names
          of the SavedModel's signature, except for an output that shares its name with
          an input, which ONNX does not allow: it ends in `_out`.

        Raises:
          UserError: ONNX has no counterpart of what the signature computes.
        """
        signature = self._by_name[name]
        output = output_name(signature)
        # The converter reports at length, partly past Python.
        with shown_on_failure(), _logging_errors_only(), few_copies(), without_gradients():
            function = _trace(signature, self._graph, self._info).get_concrete_function()
            frozen = convert_variables_to_constants_v2(function, lower_control_flow=False)
            (result,) = frozen.outputs
            names = {tensor.name: tensor.op.name for tensor in frozen.inputs}
            model, _ = tf2onnx.convert.from_graph_def(
                frozen.graph.as_graph_def(add_shapes=True),
                name=name + FLOAT_SUFFIX,
                input_names=list(names),
                output_names=[result.name],
                opset=OPSET,
                tensors_to_rename={**names, result.name: output},
            )
        _check_operations(model, name)
        _use_lasting_upsampling(model)
        _name_batch(model)
        add_metadata(model, self._info, signature, output)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)


def output_name(signature: Signature) -> str:
    """The name of a signature's output in its ONNX file."""
    return signature.output + OUTPUT_SUFFIX * (signature.output in signature.inputs)


def _trace(
    signature: Signature, graph: ServingGraph, info: ModelInfo
) -> tf.types.experimental.GenericFunction:
    specs = [float_spec(name, info, rows=None) for name in signature.inputs]

    def compute(*values: tf.Tensor) -> tf.Tensor:
        inputs = dict(zip(signature.inputs, values, strict=True))
        for name in inputs:
            if KINDS[name] == DOMAIN:
                inputs[name] = _domain_in_range(inputs[name], len(info.domains))
        return signature.compute(graph, **inputs)

    return tf.function(compute, input_signature=specs, autograph=False)


def _domain_in_range(index: tf.Tensor, num_domains: int) -> tf.Tensor:
    """Looks domains [N] up in a list of all, at which a runtime fails for those out of range.

    ONNX has no assertions, and would count negative indices from the end.
    """
    counted = tf.where(index < 0, num_domains, index)
    return tf.gather(tf.range(num_domains), counted)


@contextmanager
def _logging_errors_only() -> Iterator[None]:
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _check_operations(model: onnx.ModelProto, name: str) -> None:
    """Raises where the converter left operations as they are in TensorFlow.

    Raises:
      UserError: it did.
    """
    unknown = {
        node.op_type
        for node in model.graph.node
        if not node.domain and not onnx.defs.has(node.op_type)
    }
    if unknown:
        raise UserError(
            f"Found {', '.join(sorted(unknown))} in the signature {name}, expected operations "
            "that ONNX has: leave onnx out of --formats."
        )


def _use_lasting_upsampling(model: onnx.ModelProto) -> None:
    """Says in terms that last how images are enlarged by repeating their pixels.

    TensorFlow's way has a name of its own in ONNX, `tf_half_pixel_for_nn`, deprecated since
    opset 13. By a whole factor, `asymmetric` with `floor` repeats exactly the same pixels.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        rule = attributes.get("coordinate_transformation_mode")
        if node.op_type != "Resize" or rule is None or rule.s != b"tf_half_pixel_for_nn":
            continue
        factors = constants.get(node.input[2])
        if factors is not None and _whole(onnx.numpy_helper.to_array(factors)):
            rule.s, attributes["nearest_mode"].s = b"asymmetric", b"floor"


def _whole(factors: np.ndarray) -> bool:
    return factors.size > 0 and bool(np.all((factors >= 1) & (factors == np.round(factors))))


def _name_batch(model: onnx.ModelProto) -> None:
    """Calls the first dimension of all inputs and outputs `batch`, since it is the same."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
