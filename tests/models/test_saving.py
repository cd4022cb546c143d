"""Keras saves networks and layers, and makes them again from their arguments."""

import importlib
import inspect
import json
import pkgutil

import numpy as np
import pytest
import tensorflow as tf

import stargan_tf.models
from stargan_tf.compat import keras
from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.convolutions import (
    Conv2D,
    DownsamplingConv2D,
    ResamplingConv2D,
    TransposedConv2D,
    UpsamplingConv2D,
    WholeMapConv2D,
)
from stargan_tf.models.generator import Generator
from stargan_tf.models.label_generator import PlainResBlk
from stargan_tf.models.landmark_network import (
    AddCoordinates,
    ConvBlock,
    FrozenBatchNormalization,
    Hourglass,
    LandmarkNetwork,
)
from stargan_tf.models.layers import PerDomainDense
from stargan_tf.models.normalization import AdaIN, InstanceNormalization
from stargan_tf.models.saving import dtype_policy
from stargan_tf.models.trunk import Trunk
from tests.models.registry import NETWORKS, WIDTHS, S, X, built, each_network, fold

MAPS = tf.constant(np.random.default_rng(0).normal(size=(2, 8, 8, 4)), tf.float32)
LAYERS = {
    "conv": (lambda: Conv2D(5, 1, use_bias=False), [MAPS]),
    "downsampling": (lambda: DownsamplingConv2D(5), [MAPS]),
    "upsampling": (lambda: UpsamplingConv2D(5), [MAPS]),
    "whole_map": (lambda: WholeMapConv2D(5, 8), [MAPS]),
    "transposed": (lambda: TransposedConv2D(5, use_bias=False), [MAPS]),
    "plain_resblk": (lambda: PlainResBlk(4), [MAPS]),
    "per_domain_dense": (lambda: PerDomainDense(3, 5), [S]),
    "instance_normalization": (lambda: InstanceNormalization(), [MAPS]),
    "adain": (lambda: AdaIN(4), [MAPS, S]),
    "resblk": (lambda: ResBlk(4, 6, normalize=True, downsample=True), [MAPS]),
    "adain_resblk": (lambda: AdaINResBlk(4, 6, upsample=True, shortcut=False), [MAPS, S]),
    "trunk": (lambda: Trunk(**WIDTHS), [X]),
    "frozen_batch_normalization": (lambda: FrozenBatchNormalization(), [MAPS]),
    "add_coordinates": (lambda: AddCoordinates(), [MAPS]),
    "conv_block": (lambda: ConvBlock(4, 8), [MAPS]),
    "hourglass": (lambda: Hourglass(), [tf.tile(MAPS, [1, 2, 2, 1])]),
}
each_layer = pytest.mark.parametrize(("make", "inputs"), LAYERS.values(), ids=LAYERS.keys())
POLICIES = ["float32", "mixed_bfloat16"]


def saved_and_loaded(model, folder):
    model.save(folder / "x.keras")
    return keras.models.load_model(folder / "x.keras")


def test_every_network_and_layer_is_listed_here_and_known_to_keras():
    prefix = f"{stargan_tf.models.__name__}."
    names = [module.name for module in pkgutil.walk_packages(stargan_tf.models.__path__, prefix)]
    found = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type)
        and issubclass(value, keras.layers.Layer)
        and value.__module__.startswith(prefix)
    } - {ResamplingConv2D}  # has nothing to compute: it is what two layers share
    listed = {type(make()) for make, _ in LAYERS.values()}
    networks = {entry.network_class for entry in NETWORKS.values()}
    assert found == listed | networks | {LandmarkNetwork}  # which has a test of its own
    for value in found:
        assert keras.utils.get_registered_name(value) == f"stargan_tf>{value.__name__}"


@each_network
@pytest.mark.parametrize("policy", POLICIES)
def test_a_network_is_made_again_from_its_arguments(entry, policy):
    with dtype_policy(policy):
        network = built(entry)
    config = json.loads(json.dumps(network.get_config()))
    other = entry.network_class.from_config(config)
    assert other.get_config() == config
    assert keras.mixed_precision.global_policy().name == "float32"
    entry.call(other, *entry.inputs)
    other.set_weights(network.get_weights())
    expected = entry.call(network, *entry.inputs)
    np.testing.assert_array_equal(entry.call(other, *entry.inputs), expected)


CLASSES = dict.fromkeys(entry.network_class for entry in NETWORKS.values())  # in their order


@pytest.mark.parametrize("network_class", CLASSES)
def test_each_argument_of_a_network_is_kept(network_class):
    """Each gets a value of its own, which is not its default."""
    names = [name for name in inspect.signature(network_class).parameters if name != "name"]
    arguments = {name: 1.5 if name == "w_hpf" else 3 + i for i, name in enumerate(names)}
    arguments |= {"name": "another"} | ({"img_size": 64} if "img_size" in names else {})
    network = network_class(**arguments)
    assert network.get_config() == arguments | {"trainable": True, "dtype": "float32"}
    assert {name: getattr(network, name) for name in arguments} == arguments


@each_network
@pytest.mark.parametrize("policy", POLICIES)
def test_a_saved_network_computes_the_same(entry, policy, tmp_path):
    with dtype_policy(policy):
        network = built(entry)
    loaded = saved_and_loaded(network, tmp_path)
    assert type(loaded) is entry.network_class
    kinds = [(v.shape, v.trainable) for v in network.variables]
    assert [(v.shape, v.trainable) for v in loaded.variables] == kinds
    expected = entry.call(network, *entry.inputs)
    np.testing.assert_array_equal(entry.call(loaded, *entry.inputs), expected)


@each_network
def test_a_folded_network_is_saved_as_what_it_was_folded_from(entry, tmp_path):
    network = built(entry)
    expected = entry.call(network, *entry.inputs)
    fold(network)
    loaded = saved_and_loaded(network, tmp_path)
    np.testing.assert_array_equal(entry.call(loaded, *entry.inputs), expected)
    assert (fold(loaded) > 0) == entry.folds
    folded = entry.call(network, *entry.inputs)
    np.testing.assert_array_equal(entry.call(loaded, *entry.inputs), folded)


@each_network
def test_a_network_without_weights_is_saved_without(entry, tmp_path):
    loaded = saved_and_loaded(entry.make(), tmp_path)
    assert loaded.get_config() == entry.make().get_config()
    assert entry.call(loaded, *entry.inputs).shape == entry.output_shape


def test_a_frozen_network_stays_frozen():
    network = Generator(**WIDTHS, w_hpf=1.0)
    network.trainable = False
    frozen = Generator.from_config(network.get_config())
    frozen.make_weights(style_dim=6)
    assert not frozen.trainable_variables
    # The shortcut that the constructor freezes stays so in a network that is trained.
    trained = Generator.from_config(Generator(**WIDTHS, w_hpf=1.0).get_config())
    trained.make_weights(style_dim=6)
    assert len(trained.non_trainable_variables) == 1


def test_the_landmark_network_is_saved_and_stays_frozen(tmp_path):
    network = LandmarkNetwork()
    network.make_weights()
    loaded = saved_and_loaded(network, tmp_path)
    assert loaded.variables and not loaded.trainable_variables
    x = tf.random.stateless_uniform([1, 64, 64, 3], [0, 1], -1, 1)
    np.testing.assert_array_equal(loaded(x), network(x))


@each_layer
@pytest.mark.parametrize("policy", POLICIES)
def test_a_layer_is_made_again_from_its_arguments(make, inputs, policy):
    with dtype_policy(policy):
        layer = make()
    config = layer.get_config()
    other = type(layer).from_config(config)
    assert other.get_config() == config
    expected = layer(*inputs)
    other(*inputs)
    other.set_weights(layer.get_weights())
    np.testing.assert_array_equal(
        tf.cast(other(*inputs), tf.float32), tf.cast(expected, tf.float32)
    )


@each_layer
def test_a_layer_is_saved_within_a_model(make, inputs, tmp_path):
    symbols = [keras.Input(value.shape[1:]) for value in inputs]
    model = keras.Model(symbols, make()(*symbols))
    loaded = saved_and_loaded(model, tmp_path)
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
