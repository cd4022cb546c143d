import importlib
import math
import pkgutil

import numpy as np
import pytest
import tensorflow as tf

import stargan_tf.models
from stargan_tf.algorithms.stargan_v2.networks import TRANSLATING, build_networks
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.compat import keras
from stargan_tf.models import folding
from stargan_tf.models.convolutions import ResamplingConv2D
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import EncodedImage, Generator, high_pass
from stargan_tf.models.landmark_network import LandmarkNetwork
from stargan_tf.models.layers import PerDomainDense
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.precision import mixed_precision
from stargan_tf.models.style_encoder import StyleEncoder
from tests.models.registry import NETWORKS, PUBLISHED, WIDTHS, S, X, Y, Z, built, each_network, fold


def test_registry_lists_every_network():
    prefix = f"{stargan_tf.models.__name__}."
    names = [module.name for module in pkgutil.walk_packages(stargan_tf.models.__path__, prefix)]
    found = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type)
        and issubclass(value, keras.Model)
        and value.__module__.startswith(prefix)
    }
    # One is of one size, and never trained: tests/golden/test_landmarks.py has it.
    assert found - {LandmarkNetwork} == {entry.network_class for entry in NETWORKS.values()}


@each_network
def test_shape_dtype_and_variables(entry):
    network = built(entry)
    output = entry.call(network, *entry.inputs)
    assert output.shape == entry.output_shape
    assert output.dtype == tf.float32
    assert np.std(output) > 0
    assert len(network.variables) == entry.variables


@each_network
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_weights_and_outputs_float32(entry, policy):
    expected = entry.call(built(entry), *entry.inputs)
    keras.mixed_precision.set_global_policy(policy)
    try:
        network = built(entry)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    output = entry.call(network, *entry.inputs)
    assert output.dtype == tf.float32
    assert {v.dtype for v in network.variables} == {tf.float32}
    # Close to float32, and yet not: the layers have computed in the smaller type.
    error = np.abs(output - expected).max() / np.abs(expected).max()
    assert 1e-6 < error < 0.05


@each_network
def test_batches_of_any_size(entry):
    network = built(entry)
    whole = entry.call(network, *entry.inputs)
    single = entry.call(network, *(value[1:] for value in entry.inputs))
    np.testing.assert_allclose(single, whole[1:], atol=1e-5)


@each_network
def test_initial_weights(entry):
    for weight in built(entry).weights:
        value = weight.numpy()
        kind = weight.name.split("/")[-1].split(":")[0]
        if kind == "kernel":
            # [K, in, out] heads have a fan-in of their own each.
            fan_in = value.shape[1] if value.ndim == 3 else math.prod(value.shape[:-1])
            deviation = value.std() / math.sqrt(entry.gain / fan_in)
            assert abs(deviation - 1) < 5 / math.sqrt(2 * value.size), weight.name
        else:
            np.testing.assert_array_equal(value, {"bias": 0, "scale": 1, "shift": 0}[kind])


@each_network
def test_no_two_layers_begin_with_the_same_numbers(entry):
    """As they do where layers share an initialiser."""
    kernels = [weight.numpy() for weight in built(entry).weights if "kernel" in weight.name]
    starts = np.stack([k.flatten()[:16] / np.linalg.norm(k.flatten()[:16]) for k in kernels])
    assert np.abs(starts @ starts.T - np.eye(len(starts))).max() < 0.99


@each_network
def test_checkpoint_round_trip(entry, tmp_path):
    network, other = built(entry, seed=1), built(entry, seed=2)
    expected = entry.call(network, *entry.inputs)
    assert np.abs(entry.call(other, *entry.inputs) - expected).max() > 1e-3
    path = tf.train.Checkpoint(network=network).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(network=other).read(path).assert_consumed()
    np.testing.assert_array_equal(entry.call(other, *entry.inputs), expected)


@each_network
def test_saved_model_round_trip(entry, tmp_path):
    network, module = built(entry), tf.Module()
    # Not the network: Keras would save functions of every layer, which test_saving.py loads.
    module.weights = network.variables
    signature = [tf.TensorSpec([None, *value.shape[1:]], value.dtype) for value in entry.inputs]
    module.serve = tf.function(
        lambda *inputs: entry.call(network, *inputs), input_signature=signature, autograph=False
    )
    tf.saved_model.save(module, str(tmp_path))
    restored = tf.saved_model.load(str(tmp_path))
    expected = entry.call(network, *entry.inputs)
    np.testing.assert_allclose(restored.serve(*entry.inputs), expected, atol=1e-5)
    single = restored.serve(*(value[1:] for value in entry.inputs))
    np.testing.assert_allclose(single, expected[1:], atol=1e-5)


@each_network
@pytest.mark.parametrize("folded", [False, True])
def test_tflite_agreement(entry, folded):
    """TFLite's own operations suffice, and compute the same."""
    network = built(entry)
    expected = entry.call(network, *entry.inputs)
    if folded:
        fold(network)
    inputs = [value[1:] for value in entry.inputs]
    module = tf.Module()
    module.weights = network.variables
    function = tf.function(lambda *values: entry.call(network, *values), autograph=False)
    concrete = function.get_concrete_function(*map(tf.TensorSpec.from_tensor, inputs))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    interpreter = tf.lite.Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], value.numpy())
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    np.testing.assert_allclose(interpreter.get_tensor(output["index"]), expected[1:], atol=1e-4)


@each_network
def test_folded_layers_compute_the_same(entry):
    network = built(entry)
    expected = entry.call(network, *entry.inputs)
    assert (fold(network) > 0) == entry.folds
    # What they were made of is not read any more.
    for layer in network.submodules:
        if isinstance(layer, PerDomainDense | ResamplingConv2D):
            layer.kernel.assign(tf.zeros_like(layer.kernel))
    np.testing.assert_allclose(entry.call(network, *entry.inputs), expected, atol=1e-5)


def test_folding_reaches_every_network_that_translates():
    networks = build_networks(StarGANv2Settings(**WIDTHS, mapping_hidden_dim=8), 2, TRANSLATING)
    for network in networks.values():
        folding.fold(network)
    layers = [m for n in networks.values() for m in n.submodules]
    assert all(m.folded_kernel is not None for m in layers if isinstance(m, ResamplingConv2D))
    assert all(m.folded_heads for m in layers if isinstance(m, PerDomainDense))


@pytest.mark.parametrize("name", ["mapping_network", "style_encoder", "discriminator"])
def test_other_domains_weights_do_not_matter(name):
    """Heads stand beside each other: one trained domain must not move the others."""
    entry = NETWORKS[name]
    network = built(entry)
    x = entry.inputs[0]
    before = [network(x, tf.fill([2], domain)).numpy() for domain in range(3)]
    heads = [v for v in network.variables if v.shape[0] == 3 and v.shape.rank in (2, 3)]
    assert len(heads) == (8 if name == "mapping_network" else 2)
    for variable in heads:
        variable.assign(tf.tensor_scatter_nd_add(variable, [[1]], [tf.ones(variable.shape[1:])]))
    after = [network(x, tf.fill([2], domain)).numpy() for domain in range(3)]
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[2], before[2])
    assert np.abs(after[1] - before[1]).min() > 0.1


@pytest.mark.parametrize("name", ["generator", "generator_with_masks"])
def test_encoding_and_decoding_is_translating(name):
    entry = NETWORKS[name]
    network = built(entry)
    encoded = network.encode(X)
    masks = entry.inputs[2:] or None
    decoded = network.decode(encoded, S, masks)
    np.testing.assert_array_equal(decoded, entry.call(network, *entry.inputs))
    assert encoded.features.shape == ((2, 8, 8, 16) if masks else (2, 16, 16, 16))
    assert sorted(encoded.skips) == ([32] if masks else [])


def test_masks_let_details_through():
    entry = NETWORKS["generator_with_masks"]
    network = built(entry)
    nothing = network(X, S, [tf.zeros_like(mask) for mask in entry.inputs[2:]])
    features, skips = network.encode(X)
    without = EncodedImage(features, {height: 0 * skip for height, skip in skips.items()})
    np.testing.assert_allclose(nothing, network.decode(without, S, entry.inputs[2:]), atol=1e-6)
    assert np.abs(entry.call(network, *entry.inputs) - nothing).max() > 1e-2


def test_output_is_not_bounded():
    network = built(NETWORKS["generator"])
    network.to_rgb.bias.assign([5, 0, 0])
    assert network(X, S)[..., 0].numpy().mean() > 4


@pytest.mark.parametrize(
    ("make", "inputs", "parameters"),
    [
        (lambda: Generator(**PUBLISHED), ((256, 256, 3), (64,)), 33_892_995),
        (
            lambda: Generator(**PUBLISHED, w_hpf=1.0),
            ((256, 256, 3), (64,), (256, 256, 1), (256, 256, 1)),
            43_467_395,
        ),
        (lambda: MappingNetwork(3), ((16,), ()), 3_259_072),
        (lambda: MappingNetwork(2), ((16,), ()), 2_438_272),
        # Of the first preprint: 16 x 512 + 512, 5 x (512 x 512 + 512), 3 x (512 x 64 + 64).
        (lambda: MappingNetwork(3, num_shared=6, num_unshared=0), ((16,), ()), 1_420_480),
        (lambda: StyleEncoder(**PUBLISHED, num_domains=3), ((256, 256, 3), ()), 20_949_760),
        (lambda: StyleEncoder(**PUBLISHED, num_domains=2), ((256, 256, 3), ()), 20_916_928),
        (lambda: Discriminator(**PUBLISHED, num_domains=3), ((256, 256, 3), ()), 20_852_803),
        (lambda: Discriminator(**PUBLISHED, num_domains=2), ((256, 256, 3), ()), 20_852_290),
    ],
)
def test_published_parameter_counts(make, inputs, parameters):
    network = make()
    # Symbolic inputs: the weights are made, but nothing is computed.
    first, second, *masks = (
        keras.Input(shape, dtype="float32" if shape else "int32") for shape in inputs
    )
    network(first, second, *([masks] if masks else []))
    assert network.count_params() == parameters


@pytest.mark.parametrize("w_hpf", [0.0, 1.0])
def test_height_of_the_bottleneck_and_the_skips(w_hpf):
    generator = Generator(256, base_channels=2, max_conv_dim=4, w_hpf=w_hpf)
    encoded = generator.encode(tf.zeros([1, 256, 256, 3]))
    assert encoded.features.shape == ((1, 8, 8, 4) if w_hpf else (1, 16, 16, 4))
    assert sorted(encoded.skips) == ([32, 64, 128] if w_hpf else [])


@pytest.mark.parametrize(
    ("precision", "policy"),
    [("none", "float32"), ("bfloat16", "mixed_bfloat16"), ("float16", "mixed_float16")],
)
def test_networks_of_a_config(precision, policy):
    config = StarGANv2Settings(
        img_size=32,
        base_channels=4,
        max_conv_dim=8,
        latent_dim=4,
        style_dim=6,
        mapping_hidden_dim=10,
    )
    with mixed_precision(precision):
        networks = build_networks(config, num_domains=3)
    s = networks["mapping_network"](Z, Y)
    assert s.shape == networks["style_encoder"](X, Y).shape == (2, 6)
    assert networks["generator"](X, s).shape == X.shape
    assert networks["discriminator"](X, Y).shape == (2,)
    for network in networks.values():
        assert network.dtype_policy.name == policy
    assert keras.mixed_precision.global_policy().name == "float32"
    assert networks["mapping_network"].shared[0].units == 10
    assert networks["generator"].from_rgb.filters == 4
    assert networks["generator"].encoder[-1].conv2.filters == 8


def test_high_pass_drops_the_flat_and_keeps_the_details():
    flat = tf.ones([1, 5, 5, 2])
    np.testing.assert_allclose(high_pass(flat, 1.0)[:, 1:4, 1:4], 0, atol=1e-6)
    dot = np.zeros([1, 5, 5, 2], np.float32)
    dot[0, 2, 2, 1] = 1
    expected = np.zeros([1, 5, 5, 2])
    expected[0, 1:4, 1:4, 1] = -0.5
    expected[0, 2, 2, 1] = 4
    np.testing.assert_allclose(high_pass(tf.constant(dot), 2.0), expected, atol=1e-6)
