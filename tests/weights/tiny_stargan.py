"""The published checkpoints of StarGAN (2018) in small; torch/stargan holds what PyTorch wrote."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from stargan_tf.algorithms.stargan.settings import StarGANSettings

VARIANT = "stargan"
SIZE, WIDTH, BLOCKS, WIDTH_OF_D, HALVINGS = 16, 4, 2, 6, 3
LABELS = ("smiling", "young", "glasses")  # those of the data set faces_dir
ITERATION = 30


def settings(**changes: Any) -> "StarGANSettings":
    """Those that the tensors tell, all others the published ones."""
    # Imported here, for PyTorch's environment has no TensorFlow.
    from stargan_tf.algorithms.stargan.settings import StarGANSettings

    return StarGANSettings(
        algorithm="stargan",
        img_size=SIZE,
        g_conv_dim=WIDTH,
        g_repeat_num=BLOCKS,
        d_conv_dim=WIDTH_OF_D,
        d_repeat_num=HALVINGS,
        **changes,
    )


def inputs() -> tuple[np.ndarray, np.ndarray]:
    """Images [2, SIZE, SIZE, 3] and labels [2, 3], float32."""
    rng = np.random.RandomState(0)
    x = rng.uniform(-1, 1, [2, SIZE, SIZE, 3]).astype(np.float32)
    return x, rng.randint(0, 2, [2, len(LABELS)]).astype(np.float32)
