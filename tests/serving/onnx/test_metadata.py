import json

import onnx
import pytest

from stargan_tf.serving.onnx.sessions import open_file
from tests.serving.exports import DOMAINS
from tests.serving.onnx.files import file_of, info_of, read_metadata


@pytest.mark.parametrize(
    ("name", "output"),
    [("translate_latent", {"image": "image_out"}), ("encode_style", {"style_code": "style_code"})],
)
def test_metadata(onnx_export, name, output):
    metadata = read_metadata(file_of(onnx_export, name))
    assert set(metadata) == {"model.json", "signature", "output"}
    assert metadata["signature"] == f"{name}_float"
    assert json.loads(metadata["output"]) == output
    session = open_file(file_of(onnx_export, name))
    assert session.get_modelmeta().custom_metadata_map == metadata
    assert [value.name for value in session.get_outputs()] == list(output.values())


def test_model_json(onnx_export, onnx_toy):
    info = info_of(onnx_export)
    assert (info.name, info.version, info.step, info.domains) == ("pets", 1, 7, DOMAINS)
    assert (info.img_size, info.latent_dim, info.style_dim) == (32, 16, 64)
    assert info.algorithm == "stargan_v2" and info.licence and info.credits is not None
    assert info_of(onnx_toy).algorithm == "tests.algorithms.toy"


def test_fields_of_the_format(onnx_export):
    model = onnx.load(file_of(onnx_export, "encode_style"))
    assert (model.producer_name, model.model_version) == ("stargan_tf", 1)
    assert model.producer_version == info_of(onnx_export).stargan_tf
    assert model.graph.name == "encode_style_float"
