"""StarGAN v2 (Choi et al. 2020): settings, and the algorithm itself on demand."""

from typing import TYPE_CHECKING

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings as Settings

if TYPE_CHECKING:
    from stargan_tf.algorithms.published import PublishedCheckpoints
    from stargan_tf.algorithms.stargan_v2.algorithm import StarGANv2

__all__ = ["Settings", "make", "published_checkpoints"]


def make(settings: Settings, num_labels: int) -> "StarGANv2":
    """The algorithm for these settings and K = num_labels domains."""
    # Imported here, so that settings can be read without TensorFlow.
    from stargan_tf.algorithms.stargan_v2.algorithm import StarGANv2

    return StarGANv2(settings, num_labels)


def published_checkpoints() -> "PublishedCheckpoints":
    """How the checkpoints of the PyTorch release are made up."""
    from stargan_tf.algorithms.stargan_v2.release import PUBLISHED

    return PUBLISHED
