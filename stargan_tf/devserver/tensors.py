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
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
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
    names = DataType.DESCRIPTOR.values_by_number
    return names[number].name if number in names else f"type {number}"


def inputs_from_protos(protos: Mapping[str, TensorProto], specs: Specs) -> Arrays:
    """Reads the inputs of a gRPC request.

    Args:
      protos: tensors whose types, shapes and contents may contradict each other.
      specs: what the signature expects.

    Raises:
      ServingError: the names, types, shapes or contents are not as they should be.
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
    proto = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=shape)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto


def _check(name: str, proto: TensorProto, spec: tf.TensorSpec) -> None:
    """Raises ServingError unless type and shape fit, and the contents fit them."""
    prefix = f"Input {shown(name)} has"
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    count = math.prod(shape)
    if proto.dtype != spec.dtype.as_datatype_enum:
        expected = type_name(spec.dtype.as_datatype_enum)
        raise invalid(f"{prefix} type {type_name(proto.dtype)}, expected {expected}.")
    # NumPy has no arrays of more dimensions than 32.
    if proto.tensor_shape.unknown_rank or len(shape) > 32 or any(size < 0 for size in shape):
        problem = "unknown or negative sizes or too many dimensions"
        raise invalid(f"{prefix} a shape of {problem}: {shown(shape)}.")
    check_shape(name, shape, spec)
    if count * max(spec.dtype.size, 1) > LARGEST_TENSOR:
        limit = f"{LARGEST_TENSOR >> 20} MiB"
        raise invalid(f"{prefix} shape {list(shape)}, more than {limit}: send fewer rows at once.")
    field, is_text = _field_of(spec.dtype), spec.dtype == tf.string
    places = {field: count} | ({} if is_text else {"tensor_content": count * spec.dtype.size})
    filled = _contents(proto)
    if strange := ", ".join(sorted(filled.keys() - places.keys())):
        raise invalid(f"{prefix} its values in {strange}, expected them in {field}.")
    place = "tensor_content" if "tensor_content" in filled else field
    found, expected = filled.get(place, 0), places[place]
    # TensorFlow writes a tensor of equal values as one of them.
    stands_for_all = place == field and found == 1 < expected and not is_text
    if found != expected and not stands_for_all:
        unit = "values" if place == field else "bytes"
        raise invalid(f"{prefix} {found} {unit}, expected {expected} for shape {list(shape)}.")


def _contents(proto: TensorProto) -> dict[str, int]:
    """How much there is in each of the fields for values."""
    fields = {field.name: value for field, value in proto.ListFields()}
    return {k: len(v) for k, v in fields.items() if k.endswith(("_val", "tensor_content"))}


@functools.cache
def _field_of(dtype: tf.dtypes.DType) -> str:
    """Where a TensorProto has the values of a type: float_val for float32."""
    one = np.array(b"", object) if dtype == tf.string else np.zeros((), dtype.as_numpy_dtype)
    return next(iter(_contents(tf.make_tensor_proto(one))))
