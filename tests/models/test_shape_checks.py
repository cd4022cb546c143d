"""Networks and layers name a tensor that they do not take, before it goes astray."""

import re

import pytest
import tensorflow as tf

from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.generator import high_pass
from stargan_tf.models.layers import PerDomainDense, select_domain
from stargan_tf.models.normalization import AdaIN, InstanceNormalization
from stargan_tf.models.trunk import Trunk
from stargan_tf.shapes import ShapeError
from tests.models.registry import MASKS, NETWORKS, WIDTHS, S, X, built, each_network


def named(name, what):
    return pytest.raises(ShapeError, match=re.escape(f"Found {name} of {what}"))


@each_network
def test_wrong_inputs_of_networks_are_named_with_what_was_expected(entry):
    network = built(entry)

    def call_with(position, value):
        return entry.call(network, *entry.inputs[:position], value, *entry.inputs[position + 1 :])

    for position, (value, name) in enumerate(zip(entry.inputs, entry.names, strict=True)):
        for axis in range(value.shape.rank):
            if name.startswith("masks") and axis in (1, 2):
                continue  # masks may have any height and width
            if axis == 0 and len(entry.inputs) == 1:
                continue  # there is nothing that N could differ from
            larger = tf.concat([value, tf.gather(value, [0], axis=axis)], axis)
            # N is taken from the first tensor, so that the second is the one that differs.
            blamed = 1 if position == axis == 0 else position
            shape = (entry.inputs[1] if blamed != position else larger).shape
            with named(entry.names[blamed], f"shape {shape.as_list()}, expected [N"):
                call_with(position, larger)
        with named(name, "shape"):
            call_with(position, value[tf.newaxis])
        other_type = tf.float32 if value.dtype.is_integer else tf.uint8
        with named(name, f"dtype {other_type.name}, expected "):
            call_with(position, tf.cast(value, other_type))


@each_network
def test_networks_check_before_their_weights_are_made(entry):
    network = entry.make()
    with named(entry.names[0], "shape"):
        entry.call(network, entry.inputs[0][tf.newaxis], *entry.inputs[1:])
    assert not network.trainable_variables


def test_sentence():
    """An image of another size used to become more examples, in the trunk's last reshape."""
    trunk = Trunk(**WIDTHS, name="trunk")
    with pytest.raises(ShapeError) as caught:
        trunk.call(tf.zeros([2, 64, 64, 3]))
    assert str(caught.value) == (
        "Found x of shape [2, 64, 64, 3], expected [N, 32, 32, 3]: "
        "trunk takes images of img_size 32."
    )


@pytest.mark.parametrize(
    ("name", "masks", "message"),
    [
        ("generator_with_masks", None, "Found no masks, expected 2: generator has w_hpf 1.0"),
        ("generator_with_masks", MASKS[:1], "Found 1 masks, expected 2: "),
        ("generator", MASKS, "Found 2 masks, expected none: generator has w_hpf 0.0"),
    ],
)
def test_masks_belong_to_skip_connections(name, masks, message):
    """Without them such a generator would draw, but not what it was trained to."""
    network = built(NETWORKS[name])
    encoded = network.encode(X)
    with pytest.raises(ValueError, match=message):
        network.decode(encoded, S, masks)
    with pytest.raises(ValueError, match=message):
        network(X, S, masks)


def test_encoded_images_of_another_generator_are_rejected():
    small, deep = built(NETWORKS["generator"]), built(NETWORKS["generator_with_masks"])
    with named("features", "shape [2, 16, 16, 16], expected [N, 8, 8, 16]"):
        deep.decode(small.encode(X), S, MASKS)


MAPS = tf.zeros([2, 8, 8, 4])


def called(layer, *inputs):
    layer(*inputs)
    return layer


@pytest.mark.parametrize(
    ("layer", "right", "names"),
    [
        (Trunk(**WIDTHS), [X], ["x"]),
        (ResBlk(4, 4, normalize=False, downsample=True), [MAPS], ["x"]),
        (ResBlk(4, 6, normalize=True, downsample=False), [MAPS], ["x"]),
        (AdaINResBlk(4, 4, upsample=True), [MAPS, S], ["x", "s"]),
        (InstanceNormalization(), [MAPS], ["x"]),
        (AdaIN(4), [MAPS, S], ["x", "s"]),
        (PerDomainDense(3, 5), [S], ["x"]),
        (PerDomainDense(3, 5), [tf.zeros([2, 3, 6])], ["x"]),
    ],
)
def test_wrong_inputs_of_layers(layer, right, names):
    layer(*right)
    for position, name in enumerate(names):
        value = right[position]
        wider = tf.concat([value, value], -1)
        for wrong, what in (
            (wider, f"shape {wider.shape.as_list()}, expected ["),
            (value[tf.newaxis, tf.newaxis], "shape [1, 1, "),
            (tf.cast(value, tf.int32), "dtype int32, expected float"),
        ):
            with named(name, what):
                layer.call(*right[:position], wrong, *right[position + 1 :])


def test_a_vector_for_another_number_of_domains_is_rejected():
    layer = called(PerDomainDense(3, 5), S)
    with named("x", "shape [2, 4, 6], expected [N, 3, 6]"):
        layer(tf.zeros([2, 4, 6]))


def test_one_style_is_not_stretched_over_several_images():
    layer = called(AdaIN(4), MAPS, S)
    with named("s", "shape [1, 6], expected [N, 6] with N = 2 as in x"):
        layer(MAPS, S[:1])


def test_wrong_inputs_of_functions():
    with named("y", "shape [2, 1], expected [N] with N = 2 as in x"):
        select_domain(tf.zeros([2, 3, 4]), tf.zeros([2, 1], tf.int32))
    with named("y", "dtype float32, expected integer"):
        select_domain(tf.zeros([2, 3, 4]), tf.zeros([2]))
    with named("x", "shape [8, 8, 4], expected [N, H, W, C]"):
        high_pass(MAPS[0], 1.0)
