import numpy as np
import pytest

from stargan_tf.serving.onnx.sessions import caller, open_file
from tests.serving.onnx.files import file_of


def test_a_file_answers_to_its_signature_alone(onnx_toy):
    run = caller(open_file(file_of(onnx_toy, "map_domain"), num_threads=1))
    given = {"target_domain": np.array([2, 0], np.int32)}
    assert run("map_domain_float", given).tolist() == [[0, 0, 1], [1, 0, 0]]
    with pytest.raises(AssertionError, match="the file has map_domain_float"):
        run("translate_domain_float", given)
