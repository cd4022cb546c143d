"""Row B, scores for each domain and no classifier: settings, and the algorithm on demand."""

from typing import TYPE_CHECKING

from stargan_tf.algorithms.stargan.settings import CriticSettings as Settings

if TYPE_CHECKING:
    from stargan_tf.algorithms.ablation.multi_task.algorithm import MultiTask

__all__ = ["Settings", "make"]


def make(settings: Settings, num_labels: int) -> "MultiTask":
    """The algorithm for these settings and K = num_labels domains."""
    # Imported here, so that settings can be read without TensorFlow.
    from stargan_tf.algorithms.ablation.multi_task.algorithm import MultiTask

    return MultiTask(settings, num_labels)
