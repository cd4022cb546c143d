import dataclasses

import numpy as np
import onnx
import pytest
import tensorflow as tf

from stargan_tf.algorithms.signatures import Signature
from stargan_tf.errors import UserError
from stargan_tf.models.normalization import instance_normalize
from stargan_tf.serving.export_parity import call_networks, compare, make_probe
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.inputs import example_inputs
from stargan_tf.serving.model_info import describe
from stargan_tf.serving.onnx.conversion import OPSET, ONNXConverter
from stargan_tf.serving.onnx.sessions import caller, open_file
from tests.serving.exports import DOMAINS
from tests.serving.onnx.files import file_of, info_of

SIGNATURES = {
    "translate_latent": (["image", "target_domain", "latent", "psi"], "image_out"),
    "map_latent": (["latent", "target_domain", "psi"], "style_code"),
    "translate_reference": (["image", "reference", "target_domain"], "image_out"),
    "encode_style": (["reference", "target_domain"], "style_code"),
    "translate_style": (["image", "style_code"], "image_out"),
}
TOY_SIGNATURES = {
    "translate_domain": (["image", "target_domain"], "image_out"),
    "map_domain": (["target_domain"], "style_code"),
    "translate_style": (["image", "style_code"], "image_out"),
}
SHAPES = {
    **dict.fromkeys(("image", "reference", "image_out"), [32, 32, 3]),
    **{"latent": [16], "style_code": [64], "psi": [], "target_domain": []},
}
each_signature = pytest.mark.parametrize("name", SIGNATURES)


def nodes(path, *kinds):
    """The nodes of some types, each with its attributes by name."""
    return [
        (node, {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute})
        for node in onnx.load(path).graph.node
        if node.op_type in kinds
    ]


@pytest.fixture(scope="module")
def probe(onnx_export):
    info = info_of(onnx_export)
    signatures = onnx_export.model.trained.algorithm.signatures()
    graph = ServingGraph(onnx_export.drawable, onnx_export.mean_codes)
    images = np.random.default_rng(4).uniform(-1, 1, [7, 32, 32, 3]).astype(np.float32)
    inputs = example_inputs(onnx_export.drawable, info, images, 3)
    return make_probe(call_networks(graph, signatures, info), info, inputs)


@pytest.mark.parametrize(
    ("fixture", "signatures"), [("onnx_export", SIGNATURES), ("onnx_toy", TOY_SIGNATURES)]
)
def test_each_signature_without_a_seed_is_a_file(request, fixture, signatures):
    export = request.getfixturevalue(fixture)
    found = {}
    for path in (export.base / "onnx/1").iterdir():
        session = open_file(path)
        (output,) = session.get_outputs()
        found[path.stem] = ([i.name for i in session.get_inputs()], output.name)
    assert found == signatures
    assert [path.name for path in export.base.iterdir()] == ["onnx"]
    assert export.said.summary.count("onnx/1/") == len(signatures)


@each_signature
def test_shapes_and_types(onnx_export, name):
    session = open_file(file_of(onnx_export, name))
    for value in (*session.get_inputs(), *session.get_outputs()):
        assert value.shape == ["batch", *SHAPES[value.name]]
        assert value.type == f"tensor({'int32' if value.name == 'target_domain' else 'float'})"


@each_signature
@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_agreement_with_the_networks(onnx_export, probe, name, batch_size):
    agreement = compare(caller(open_file(file_of(onnx_export, name))), probe, [name], batch_size)
    assert agreement.worst < 2e-5 and agreement.psnr > 100


def test_agreement_of_another_algorithm(onnx_toy):
    images = np.random.default_rng(0).uniform(-1, 1, [3, 16, 16, 3]).astype(np.float32)
    y = np.array([2, 0, 1], np.int32)
    run = caller(open_file(file_of(onnx_toy, "translate_domain")))
    found = run("translate_domain_float", {"image": images, "target_domain": y})
    expected = onnx_toy.networks["painter"](images, tf.one_hot(y, len(DOMAINS)))
    np.testing.assert_allclose(found, np.clip(expected, -1, 1), atol=1e-5)


@pytest.mark.parametrize("domain", [-1, 3, -4])
@pytest.mark.parametrize(
    ("fixture", "name"), [("onnx_export", "translate_reference"), ("onnx_toy", "translate_domain")]
)
def test_an_unknown_domain_fails(request, fixture, name, domain):
    session = open_file(file_of(request.getfixturevalue(fixture), name))
    size = session.get_inputs()[0].shape[1]
    inputs = {i.name: np.zeros([2, size, size, 3], np.float32) for i in session.get_inputs()}
    inputs["target_domain"] = np.array([0, domain], np.int32)
    with pytest.raises(Exception, match="idx=|indices element out of data bounds"):
        session.run(None, inputs)


@each_signature
def test_any_runtime_knows_the_operations(onnx_export, name):
    """Standard operations of one old version of the format, and no attribute that ended."""
    path = file_of(onnx_export, name)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} == {""}
    assert [o.version for o in model.opset_import if o.domain == ""] == [OPSET]
    assert model.ir_version <= 8
    for _, attributes in nodes(path, "Resize"):
        mode = attributes["coordinate_transformation_mode"], attributes["nearest_mode"]
        assert mode == (b"asymmetric", b"floor")


def test_weights_are_in_the_file_once(onnx_export):
    generator = onnx_export.networks["generator"]
    numbers = 0
    for v in generator.trainable_variables:
        # 3x3 kernels beside a resampling are folded to the 4x4 ones that they amount to.
        folded = "sampling_conv2d" in v.name and "kernel" in v.name
        numbers += np.prod([4, 4, *v.shape[2:]] if folded else v.shape)
    size = file_of(onnx_export, "translate_style").stat().st_size
    assert 4 * numbers < size < 4 * numbers + 60_000  # the graph, and no second copy


class OneSignature:
    """An algorithm, as far as the converter knows it."""

    def __init__(self, compute, output="image"):
        self.signature = Signature("strange", ("image",), output, compute)

    def signatures(self):
        return (self.signature,)


@pytest.fixture
def convert(onnx_export):
    """Converts a signature of images that is not the product's."""

    def converted(compute, **how):
        algorithm = OneSignature(lambda graph, image: compute(image), **how)
        info = info_of(onnx_export)
        info = dataclasses.replace(info, signatures=describe(algorithm.signatures()))
        graph = ServingGraph(onnx_export.drawable, onnx_export.mean_codes)
        return ONNXConverter(graph, algorithm, info).convert("strange")

    return converted


@pytest.fixture
def run(convert, tmp_path):
    """Converts such a signature and runs it."""

    def ran(compute, images):
        path = tmp_path / "strange.onnx"
        path.write_bytes(convert(compute))
        return caller(open_file(path))("strange_float", {"image": images})

    return ran


@pytest.mark.parametrize("size", [32, 64, 96, 48, 16], ids="x{}".format)
def test_resizing_picks_the_same_pixels(run, size):
    images = np.random.default_rng(0).uniform(-1, 1, [2, 32, 32, 3]).astype(np.float32)
    resize = lambda x: tf.image.resize(x, [size, size], method="nearest")  # noqa: E731
    np.testing.assert_array_equal(run(resize, images), resize(images))


def test_statistics_of_images_far_from_zero(run):
    """The variance is that of what is left without the mean, not a difference of squares."""
    noise = np.random.default_rng(0).standard_normal([2, 32, 32, 3])
    images = (1000 + 0.1 * noise).astype(np.float32)
    scale, shift = tf.ones([1, 3]), tf.zeros([1, 3])
    normalize = lambda x: instance_normalize(x, scale, shift)  # noqa: E731
    rounded = images.astype(np.float64)
    mean, variance = rounded.mean((1, 2), keepdims=True), rounded.var((1, 2), keepdims=True)
    expected = (rounded - mean) / np.sqrt(variance + 1e-5)
    found, by_tensorflow = run(normalize, images), normalize(tf.constant(images)).numpy()
    assert np.abs(found - expected).max() < max(2 * np.abs(by_tensorflow - expected).max(), 1e-3)


def test_constants_of_an_algorithm_are_no_inputs(run):
    images = np.zeros([2, 32, 32, 3], np.float32)
    table = tf.constant([[0.5, -0.25, 0.125]])  # a tensor that the graph captures
    assert run(lambda x: x + tf.gather(table, [0]), images)[1, 3, 4].tolist() == [0.5, -0.25, 0.125]


def test_what_onnx_lacks_gets_a_sentence(convert):
    words = "Found Lgamma in the signature strange, expected operations that ONNX has: leave onnx"
    with pytest.raises(UserError, match=words):
        convert(tf.math.lgamma)


def test_nothing_is_printed(convert, capfd):
    convert(lambda x: tf.image.resize(x, [64, 64], method="nearest"))
    assert capfd.readouterr() == ("", "")
