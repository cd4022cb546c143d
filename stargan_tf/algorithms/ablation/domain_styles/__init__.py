"""Row C, one learned style for each domain: settings, and the algorithm on demand."""

from typing import TYPE_CHECKING

from stargan_tf.algorithms.ablation.settings import DomainStylesSettings as Settings

if TYPE_CHECKING:
    from stargan_tf.algorithms.ablation.domain_styles.algorithm import DomainStylesTranslation

__all__ = ["Settings", "make"]


def make(settings: Settings, num_labels: int) -> "DomainStylesTranslation":
    """The algorithm for these settings and K = num_labels domains."""
    # Imported here, so that settings can be read without TensorFlow.
    from stargan_tf.algorithms.ablation.domain_styles.algorithm import DomainStylesTranslation

    return DomainStylesTranslation(settings, num_labels)
