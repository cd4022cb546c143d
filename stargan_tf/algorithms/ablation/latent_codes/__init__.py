"""Row D, latent codes without a mapping network: settings, and the algorithm on demand."""

from typing import TYPE_CHECKING

from stargan_tf.algorithms.ablation.settings import LatentCodesSettings as Settings

if TYPE_CHECKING:
    from stargan_tf.algorithms.ablation.latent_codes.algorithm import LatentCodes

__all__ = ["Settings", "make"]


def make(settings: Settings, num_labels: int) -> "LatentCodes":
    """The algorithm for these settings and K = num_labels domains."""
    # Imported here, so that settings can be read without TensorFlow.
    from stargan_tf.algorithms.ablation.latent_codes.algorithm import LatentCodes

    return LatentCodes(settings, num_labels)
