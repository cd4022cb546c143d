"""StarGAN (Choi et al. 2018) and its rectified form: settings, and the algorithm on demand."""

from typing import TYPE_CHECKING

from stargan_tf.algorithms.stargan.settings import StarGANSettings as Settings

if TYPE_CHECKING:
    from stargan_tf.algorithms.published import PublishedCheckpoints
    from stargan_tf.algorithms.stargan.algorithm import StarGAN

__all__ = ["Settings", "make", "published_checkpoints"]


def make(settings: Settings, num_labels: int) -> "StarGAN":
    """The algorithm for these settings and c = num_labels labels."""
    # Imported here, so that settings can be read without TensorFlow.
    from stargan_tf.algorithms.stargan.algorithm import StarGAN

    return StarGAN(settings, num_labels)


def published_checkpoints() -> "PublishedCheckpoints":
    """How the checkpoints that were published in PyTorch are made up."""
    from stargan_tf.algorithms.stargan.release import PUBLISHED

    return PUBLISHED
