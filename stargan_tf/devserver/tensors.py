"""Tensors of requests and answers: checks against a signature, and TensorProto both ways."""

import functools
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.types_pb2 import DataType

from stargan_tf.devserver.errors import invalid, shown

Arrays = dict[str, np.ndarray]
Specs = Mapping[str, tf.TensorSpec]
# A few bytes can ask for an enormous tensor, since one value stands for many.
LARGEST_TENSOR = 256 * 2**20


def check_names(found: Mapping[str, object], expected: Specs) -> None:
    """Raises ServingError unless a request has exactly the inputs of its signature."""
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or extra:
        problems = [f"lacks {', '.join(missing)}"] if missing else []
        problems += [f"has {', '.join(map(shown, extra[:5]))} that are unknown"] if extra else []
        names = ", ".join(sorted(expected))
        raise invalid(f"The request {' and '.join(problems)}, expected the inputs {names}.")


def check_shape(name: str, shape: tuple[int, ...], spec: tf.TensorSpec) -> None:
    """Raises ServingError unless a tensor of this shape can be the input `name`."""
    if not spec.shape.is_compatible_with(shape):
        found, expected = list(shape), [-1 if size is None else size for size in spec.shape]
        raise invalid(f"Input {shown(name)} has shape {found}, expected {expected} (-1 is any).")


def type_name(number: int) -> str:
    """A type as protocol buffers call it: DT_FLOAT for 1."""
    return DataType.Name(number) if number in DataType.values() else f"type {number}"


def inputs_from_protos(protos: Mapping[str, TensorProto], specs: Specs) -> Arrays:
    """Reads the inputs of a gRPC request.

    Raises ServingError unless names, types, shapes and contents are what a signature expects.
    """
    check_names(protos, specs)
    inputs = {}
    for name, spec in specs.items():
        _check(name, protos[name], spec)
        try:
            inputs[name] = tf.make_ndarray(protos[name])
        except (TypeError, ValueError) as error:
            raise invalid(f"Input {shown(name)} cannot be read: {shown(str(error))}.") from error
    return inputs


def to_proto(array: np.ndarray) -> TensorProto:
    """Writes an output as TensorFlow Serving does: values in the field of their type."""
    dtype = tf.dtypes.as_dtype(array.dtype)  # string for object
    field = _field_of(dtype)
    if "half" in field or "complex" in field:  # TensorFlow knows how to write these
        return tf.make_tensor_proto(array)
    shape = tf.TensorShape(array.shape).as_proto()
    values = {field: array.ravel().tolist()}
    return TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=shape, **values)


def _check(name: str, proto: TensorProto, spec: tf.TensorSpec) -> None:
    """Raises ServingError unless type and shape fit, and the contents fit them."""
    prefix = f"Input {shown(name)} has"
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.dtype != spec.dtype.as_datatype_enum:
        expected = type_name(spec.dtype.as_datatype_enum)
        raise invalid(f"{prefix} type {type_name(proto.dtype)}, expected {expected}.")
    # NumPy has no arrays of more dimensions than 32.
    if proto.tensor_shape.unknown_rank or len(shape) > 32 or min(shape, default=0) < 0:
        raise invalid(f"{prefix} an unknown, negative or more than 32 dimensions: {shown(shape)}.")
    check_shape(name, shape, spec)
    count, is_text = math.prod(shape), spec.dtype == tf.string
    if count * max(spec.dtype.size, 1) > LARGEST_TENSOR:
        raise invalid(f"{prefix} shape {list(shape)}, over {LARGEST_TENSOR >> 20} MiB: send less.")
    field = _field_of(spec.dtype)
    found = len(getattr(proto, field))
    # TensorFlow writes a tensor of equal numbers as one of them.
    is_whole = found == count or (found == 1 < count and not is_text)
    if not is_whole and not proto.tensor_content:
        expected = f"{count} for shape {list(shape)}"
        raise invalid(f"{prefix} {found} values in {field}, expected {expected}.")


@functools.cache
def _field_of(dtype: tf.dtypes.DType) -> str:
    """Where a TensorProto has the values of a type: float_val for float32."""
    one = np.array(b"", object) if dtype == tf.string else np.zeros((), dtype.as_numpy_dtype)
    filled = tf.make_tensor_proto(one).ListFields()
    return next(field.name for field, _ in filled if field.name.endswith("_val"))
