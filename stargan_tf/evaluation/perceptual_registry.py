"""The perceptual distances by the names that flags and results give them."""

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features.efficientnet_lite0 import EfficientNetLite0
from stargan_tf.evaluation.features.weights import given_file
from stargan_tf.evaluation.lpips import ALEXNET_URL, HEADS_URL, LPIPS
from stargan_tf.evaluation.perceptual import EfficientNetLite0Distance, PerceptualDistance

PERCEPTUAL_DISTANCES = (LPIPS.name, EfficientNetLite0Distance.name)


def load_perceptual_distance(
    name: str, alexnet_weights: str | None = None, lpips_weights: str | None = None
) -> PerceptualDistance:
    """Makes a perceptual distance with its trained weights.

    Args:
      name: one of PERCEPTUAL_DISTANCES.
      alexnet_weights: torchvision's weights file of AlexNet; `lpips` needs it.
      lpips_weights: the weights file of the linear heads; `lpips` needs it.

    Raises:
      UserError: the name is unknown, or weights are missing or of another network.
    """
    match name:
        case LPIPS.name:
            alexnet, heads = "torchvision's AlexNet for LPIPS", "LPIPS's linear heads for AlexNet"
            return LPIPS.load(
                given_file("alexnet_weights", alexnet_weights, alexnet, ALEXNET_URL),
                given_file("lpips_weights", lpips_weights, heads, HEADS_URL),
            )
        case EfficientNetLite0Distance.name:
            return EfficientNetLite0Distance(EfficientNetLite0.load())
    raise UserError(
        f"Found no perceptual distance named {name}, expected one of "
        f"{', '.join(PERCEPTUAL_DISTANCES)}."
    )
