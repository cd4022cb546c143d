"""The same model in numbers of fewer bits."""

import dataclasses

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.trained_model import Trained, TrainedModel
from stargan_tf.models.precision import mixed_precision


def in_bfloat16(model: TrainedModel) -> TrainedModel:
    """Makes networks of the same weights that compute in bfloat16.

    What float32 needs keeps it: the statistics of normalisation, weights, and images and codes
    that come in and go out.

    Args:
      model: of a run; its networks are not folded yet.

    Returns:
      The model with other networks.
    """
    algorithm, networks = model.trained
    settings = dataclasses.replace(algorithm.settings, mixed_precision="bfloat16")
    algorithm = make_algorithm(settings, len(model.domains), model.label_sets)
    with mixed_precision(settings.mixed_precision):
        rounded = algorithm.build(tuple(networks))
    for name, network in rounded.items():
        network.set_weights(networks[name].get_weights())
    return model._replace(drawable=algorithm.drawable(rounded), trained=Trained(algorithm, rounded))
