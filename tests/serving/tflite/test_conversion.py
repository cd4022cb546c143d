import contextlib
import io
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from stargan_tf.config.export import TFLITE_TYPES
from stargan_tf.serving import examples
from stargan_tf.serving.export_parity import call_networks, compare, make_probe
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.inputs import example_inputs
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.tflite.interpreters import RUNTIMES, caller, open_file
from tests.serving.exports import read_metadata

SIGNATURES = {
    "translate_latent_float": ["image", "latent", "psi", "target_domain"],
    "map_latent_float": ["latent", "psi", "target_domain"],
    "translate_reference_float": ["image", "reference", "target_domain"],
    "encode_style_float": ["reference", "target_domain"],
    "translate_style_float": ["image", "style_code"],
}
each_type = pytest.mark.parametrize("number_type", TFLITE_TYPES)


def file_of(exported, number_type):
    return exported.base / "tflite" / "1" / f"{number_type}.tflite"


def operations(path):
    """Names of the operations of each signature's graph."""
    model = flatbuffer_utils.read_model(str(path))
    return [
        [flatbuffer_utils.opcode_to_name(model, op.opcodeIndex) for op in graph.operators]
        for graph in model.subgraphs
    ]


@pytest.fixture(scope="module")
def probe(exported, data_dir):
    info = exported.info
    signatures = exported.model.trained.algorithm.signatures()
    call = call_networks(ServingGraph(exported.drawable, exported.mean_codes), signatures, info)
    images = examples.find_images(data_dir, "val", info.domains, info.img_size, 6)
    return make_probe(call, info, example_inputs(exported.drawable, info, images, 3))


@each_type
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_signatures(exported, number_type, runtime):
    interpreter = open_file(file_of(exported, number_type), runtime=runtime)
    found = interpreter.get_signature_list()
    assert {name: sorted(s["inputs"]) for name, s in found.items()} == SIGNATURES
    for name in found:
        runner = interpreter.get_signature_runner(name)
        shapes = {key: list(d["shape"]) for key, d in runner.get_input_details().items()}
        types = {key: d["dtype"] for key, d in runner.get_input_details().items()}
        expected = {
            "image": [1, 32, 32, 3],
            "reference": [1, 32, 32, 3],
            "latent": [1, 16],
            "style_code": [1, 64],
            "psi": [1],
            "target_domain": [1],
        }
        assert shapes == {key: expected[key] for key in shapes}
        assert types == {k: np.int32 if k == "target_domain" else np.float32 for k in types}


@pytest.mark.parametrize(
    ("number_type", "difference", "decibels"),
    [("float32", 1e-3, 60), ("float16", 0.02, 45), ("dynamic", 0.5, 32), ("int8", 1.0, 28)],
)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_agreement_with_the_networks(exported, probe, number_type, difference, decibels, runtime):
    interpreter = open_file(file_of(exported, number_type), runtime=runtime)
    names = [name.removesuffix("_float") for name in SIGNATURES]
    agreement = compare(caller(interpreter), probe, names)
    assert agreement.worst < difference
    assert agreement.psnr > decibels


@each_type
def test_both_runtimes_agree(exported, probe, number_type):
    path = file_of(exported, number_type)
    first, second = (caller(open_file(path, runtime=runtime)) for runtime in RUNTIMES)
    for name, keys in SIGNATURES.items():
        inputs = {key: probe.inputs[key][:1] for key in keys}
        np.testing.assert_allclose(first(name, inputs), second(name, inputs), atol=2e-2)


@each_type
def test_only_builtin_operations(exported, number_type):
    names = {name for graph in operations(file_of(exported, number_type)) for name in graph}
    assert "CUSTOM" not in names and not any(name.startswith("FLEX") for name in names)


def test_gpu_delegate_takes_the_float_file(exported):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        tf.lite.experimental.Analyzer.analyze(
            model_path=str(file_of(exported, "float32")), gpu_compatibility=True
        )
    assert "Your model looks compatible with GPU delegate" in printed.getvalue()


def test_float16_is_the_float_file_with_weights_to_widen(exported):
    """The analyser cannot see that delegates read float16 weights themselves; they do."""
    half = operations(file_of(exported, "float16"))
    whole = operations(file_of(exported, "float32"))
    assert [sorted(n for n in graph if n != "DEQUANTIZE") for graph in half] == [
        sorted(graph) for graph in whole
    ]


def test_no_kernel_is_computed_on_the_phone(exported):
    """Padding and summing kernels would keep convolutions off the GPU."""
    names = {name for graph in operations(file_of(exported, "float32")) for name in graph}
    assert not names & {"PAD", "REVERSE_V2", "TRANSPOSE", "SHAPE", "TILE", "STRIDED_SLICE"}


def test_int8_convolutions_and_float_statistics(exported):
    model = flatbuffer_utils.read_model(str(file_of(exported, "int8")))
    types = {}
    for graph in model.subgraphs:
        for op in graph.operators:
            name = flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)
            types.setdefault(name, []).append(graph.tensors[op.outputs[0]].type)
    float32, int8 = 0, 9  # in the schema
    for name in ("MEAN", "SQUARED_DIFFERENCE", "RSQRT", "LEAKY_RELU", "ADD"):
        assert set(types[name]) == {float32}, name
    assert set(types["TRANSPOSE_CONV"]) == {int8}
    # Of each of the three signatures with an image: 3 decoder blocks' second
    # convolutions and the pointwise ones; of two, those of the style encoder, too.
    decoder, pointwise = 3, 3
    in_float = 3 * (decoder + pointwise) + 2 * 1
    assert types["CONV_2D"].count(float32) == in_float
    assert types["CONV_2D"].count(int8) > in_float


def test_signatures_share_their_weights(exported):
    sizes = {t: file_of(exported, t).stat().st_size for t in TFLITE_TYPES}
    weights = sum(
        np.prod(shape)
        for name, shape in tf.train.list_variables(str(exported.base / "1/variables/variables"))
        if "OBJECT_GRAPH" not in name
    )
    assert sizes["float32"] < 4 * weights + 400_000  # the graph, and no second copy
    assert sizes["float16"] < 2 * weights + 400_000
    assert sizes["int8"] < weights + 400_000
    # Not below float16: of networks so small most is the graph, which is largest in int8.
    assert sizes["int8"] < sizes["float32"]


@each_type
def test_metadata(exported, number_type):
    path = file_of(exported, number_type)
    assert read_metadata(path) == exported.info
    model = flatbuffer_utils.read_model(str(path))
    (entry,) = (entry for entry in model.metadata if entry.name == b"model.json")
    text = bytes(model.buffers[entry.buffer].data).decode()
    assert ModelInfo.from_json(text) == exported.info
    assert zipfile.ZipFile(path).namelist() == ["model.json"]


@pytest.mark.parametrize("domain", [-1, 3])
def test_unknown_domain_is_refused(exported, probe, domain):
    run = caller(open_file(file_of(exported, "float32")))
    inputs = {"reference": probe.inputs["reference"][:1]}
    with pytest.raises(RuntimeError, match="gather"):
        run("encode_style_float", {**inputs, "target_domain": np.array([domain], np.int32)})
