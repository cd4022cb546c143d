"""Tensors of requests and answers: what a signature expects, and TensorProto both ways."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from stargan_tf.serving.server.status import invalid, shown

Arrays = dict[str, np.ndarray]

# A few bytes can ask for an enormous tensor, since one value stands for many.
LARGEST_TENSOR = 256 * 2**20
# NumPy has no arrays of more dimensions.
MAX_RANK = 32
# Where a TensorProto has the values of a type.
_FIELDS = {
    "string": "string_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "float32": "float_val",
    "float64": "double_val",
    "int8": "int_val",
    "int16": "int_val",
    "int32": "int_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
}
_VALUE_FIELDS = tuple(
    field.name for field in tensor_pb2.TensorProto.DESCRIPTOR.fields if field.name.endswith("_val")
)


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """What a signature says of one input or output.

    Attributes:
      dtype: TensorFlow's type.
      shape: a size per dimension, -1 for any; None for any rank.
    """

    dtype: tf.dtypes.DType
    shape: tuple[int, ...] | None

    @classmethod
    def of(cls, info: meta_graph_pb2.TensorInfo) -> "TensorSpec":
        """Reads a signature's entry."""
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(dim.size for dim in shape.dim)
        return cls(tf.dtypes.as_dtype(info.dtype), sizes)

    @property
    def type_name(self) -> str:
        """The type as protocol buffers call it, such as DT_FLOAT."""
        return type_name(self.dtype.as_datatype_enum)

    def check_shape(self, name: str, shape: tuple[int, ...]) -> None:
        """Raises ServingError unless a tensor of this shape can be the input `name`."""
        if self.shape is None:
            return
        fits = len(shape) == len(self.shape) and all(
            expected in (-1, size) for size, expected in zip(shape, self.shape, strict=True)
        )
        if not fits:
            raise invalid(
                f"Input {shown(name)} has shape {list(shape)}, expected {list(self.shape)} "
                "(-1 is any size)."
            )


def type_name(number: int) -> str:
    """DT_FLOAT for 1."""
    kinds = tensor_pb2.TensorProto.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number
    return kinds[number].name if number in kinds else f"type {number}"


def check_names(found: Mapping[str, object], expected: Mapping[str, TensorSpec]) -> None:
    """Raises ServingError unless a request has exactly the inputs of its signature."""
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
    if missing or extra:
        problems = [f"lacks {', '.join(missing)}"] if missing else []
        problems += [f"has {', '.join(map(shown, extra[:5]))} that are unknown"] if extra else []
        names = ", ".join(sorted(expected))
        raise invalid(f"The request {' and '.join(problems)}, expected the inputs {names}.")


def from_proto(name: str, proto: tensor_pb2.TensorProto, spec: TensorSpec) -> np.ndarray:
    """Reads an input of a gRPC request.

    Args:
      name: the input's, for errors.
      proto: a tensor whose shape and contents may contradict each other.
      spec: what the signature expects.

    Raises:
      ServingError: the type, the shape or the contents are not as they should be.
    """
    if proto.dtype != spec.dtype.as_datatype_enum:
        raise invalid(
            f"Input {shown(name)} has type {type_name(proto.dtype)}, expected {spec.type_name}."
        )
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or len(shape) > MAX_RANK or any(n < 0 for n in shape):
        raise invalid(
            f"Input {shown(name)} has a shape of unknown or negative sizes or too many "
            f"dimensions: {shown(tuple(shape))}."
        )
    spec.check_shape(name, shape)
    count = math.prod(shape)
    if count * max(spec.dtype.size, 1) > LARGEST_TENSOR:
        raise invalid(
            f"Input {shown(name)} has shape {list(shape)}, which is more than "
            f"{LARGEST_TENSOR >> 20} MiB: send fewer rows at once."
        )
    _check_contents(name, proto, spec, count)
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        raise invalid(f"Input {shown(name)} cannot be read: {shown(str(error))}.") from error


def _check_contents(name: str, proto: tensor_pb2.TensorProto, spec: TensorSpec, count: int) -> None:
    """Compares how many values there are with how many the shape says."""
    if proto.tensor_content:
        if spec.dtype == tf.string:
            raise invalid(
                f"Input {shown(name)} has its strings in tensor_content, expected them in "
                "string_val."
            )
        found, expected = len(proto.tensor_content), count * spec.dtype.size
        unit = "bytes"
    else:
        field = _FIELDS.get(spec.dtype.name)
        strange = [other for other in _VALUE_FIELDS if getattr(proto, other) and other != field]
        if field is None or strange:
            raise invalid(
                f"Input {shown(name)} has its values in {', '.join(strange) or 'no known field'}, "
                f"expected them in {field or 'tensor_content'}."
            )
        found, expected, unit = len(getattr(proto, field)), count, "values"
        if found == 1 and count > 1 and spec.dtype != tf.string:
            return  # TensorFlow writes a tensor of equal values like this
    if found != expected:
        raise invalid(
            f"Input {shown(name)} has {found} {unit}, expected {expected} for its shape: "
            "correct the shape or the contents."
        )


def to_proto(array: np.ndarray) -> tensor_pb2.TensorProto:
    """Writes an output as TensorFlow Serving does: values in the field of their type."""
    dtype = tf.dtypes.as_dtype(array.dtype)  # string for object
    field = _FIELDS.get(dtype.name, "half_val")
    if field == "half_val":  # TensorFlow knows how to write these
        return tf.make_tensor_proto(array)
    proto = tensor_pb2.TensorProto(dtype=dtype.as_datatype_enum)
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(array.ravel().tolist())
    return proto
