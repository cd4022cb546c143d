"""Our networks with weights by recipe."""

from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.compat import keras
from stargan_tf.weights.places import Place, fill
from tests.golden.weights import draw_tensors


def set_weights(network: keras.Model, manifest_name: str) -> None:
    """Fills every weight of a network by a manifest's recipe."""
    fill(published_tensors(network), draw_tensors(manifest_name), manifest_name)


def view(network: keras.Model, name: str) -> Place:
    """Where a published tensor lives in one of our networks."""
    return published_tensors(network)[name]
