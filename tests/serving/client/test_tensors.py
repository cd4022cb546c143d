import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from stargan_tf.serving.client.errors import ServingError
from stargan_tf.serving.client.messages import TensorProto
from stargan_tf.serving.client.tensors import from_tensor, to_tensor


@pytest.mark.parametrize(
    ("rows", "dtype"),
    [
        ([b"\xff\xd8", b"", b"a"], object),
        (["käse"], object),
        ([-(2**63), 2**63 - 1], np.int64),
        ([0.5, 1.0], np.float32),
        ([[0.5, -2.0, 3.0], [0.0, 1.0, 2.0]], np.float32),
    ],
)
def test_tensorflow_reads_what_is_sent(rows, dtype):
    real = tensor_pb2.TensorProto.FromString(to_tensor(rows).SerializeToString())
    array = tf.make_ndarray(real)
    assert array.dtype == dtype
    encoded = [row.encode() if isinstance(row, str) else row for row in rows]
    assert array.tolist() == encoded


def read(tensor):
    return from_tensor(TensorProto.FromString(tensor.SerializeToString()))


def test_floats_one_by_one_or_in_a_block():
    values = [[0.5, -2.0, 3.0], [0.0, 1.0, 1.0]]
    assert read(tf.make_tensor_proto(values)) == values  # tensor_content
    one_by_one = tensor_pb2.TensorProto(dtype=1, float_val=[0.5, -2.0, 3.0, 0.0, 1.0, 1.0])
    for size in (2, 3):
        one_by_one.tensor_shape.dim.add(size=size)
    assert read(one_by_one) == values
    del one_by_one.float_val[-1]  # the last value stands for all that are left out
    assert read(one_by_one) == values
    del one_by_one.float_val[:]
    assert read(one_by_one) == [[0.0] * 3] * 2


@pytest.mark.parametrize("strings", [[b"\x89PNG", b"", b"x" * 300], [b"only"], [b"", b""]])
def test_strings_one_by_one_or_in_a_block(strings):
    proto = tf.make_tensor_proto(strings)
    assert read(proto) == strings
    del proto.string_val[:]
    # As a server with --enable_serialization_as_tensor_content writes them.
    lengths = b"".join(varint(len(string)) for string in strings)
    proto.tensor_content = lengths + b"".join(strings)
    assert read(proto) == strings


def varint(number):
    return bytes([number]) if number < 128 else bytes([number % 128 + 128]) + varint(number // 128)


@pytest.mark.parametrize("content", [b"\x02a", b"\x01ab", b"\x01", b"\x81", b"\xff" * 30])
def test_cut_off_strings_are_refused(content):
    tensor = to_tensor([b"a"])
    tensor.string_val.pop()
    tensor.tensor_content = content
    with pytest.raises(ServingError, match="cut off"):
        from_tensor(tensor)


def test_what_no_signature_answers_is_refused():
    for values in ([1, 2], [[["a"]]], [0.5]):
        with pytest.raises(ServingError, match=r"expected string \[N\] or float \[N, M\]"):
            read(tf.make_tensor_proto(values))
    surplus = to_tensor([[1.0, 2.0]])
    surplus.float_val.append(3.0)
    with pytest.raises(ServingError, match="3 values, expected 2"):
        from_tensor(surplus)
    surplus.tensor_content = b"12345"
    with pytest.raises(ServingError, match="5 bytes"):
        from_tensor(surplus)
