"""The feature networks by the names that flags and results give them."""

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.features.inception import WEIGHTS_URL, Inception
from stargan_tf.evaluation.features.inception_keras import InceptionKeras
from stargan_tf.evaluation.features.weights import given_file

FEATURE_NETWORKS = (Inception.name, InceptionKeras.name, EfficientNetLite0.name)


def load_feature_network(name: str, weights: str | None = None) -> FeatureNetwork:
    """Makes a feature network with its trained weights.

    Args:
      name: one of FEATURE_NETWORKS.
      weights: the weights file. `inception` needs it; `inception_keras` downloads its
        own without it; `efficientnet_lite0` has those of an installed package.

    Raises:
      UserError: the name is unknown, or the weights are missing or of another network.
    """
    match name:
        case Inception.name:
            expected = "torchvision's Inception-v3"
            return Inception.load(given_file("inception_weights", weights, expected, WEIGHTS_URL))
        case InceptionKeras.name:
            return InceptionKeras.load(weights)
        case EfficientNetLite0.name:
            return EfficientNetLite0.load(weights)
    raise UserError(
        f"Found no feature network named {name}, expected one of {', '.join(FEATURE_NETWORKS)}."
    )
