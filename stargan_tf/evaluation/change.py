"""How far translations are from their sources, as a number and as an image.

A translator ought to change what the target asks for, and nothing else: an image that is drawn
with its own labels should stay as it is. Source: Siddiquee et al. 2019, arXiv:1908.06965.
"""

from collections.abc import Iterable

import numpy as np

from stargan_tf.sampling.drawing import to_8_bit
from stargan_tf.sampling.grids import Group, styles_grid

# Differences are shown so many times as large; always the same, so that models can be compared.
AMPLIFIED = 5


def mean_change(sources: np.ndarray, outputs: Iterable[np.ndarray]) -> float:
    """The mean absolute difference, as a share of the range of values.

    Args:
      sources: [N, R, R, 3] float32 in [-1, 1].
      outputs: batches [n, K, R, R, 3] float32 of their translations, in the same order.

    Returns:
      0 where nothing changes, 1 where every black value becomes white and the reverse; of images
      in 8 bits.
    """
    total, number = 0.0, 0
    for batch in outputs:
        shown = to_8_bit(sources[number : number + len(batch), np.newaxis]).astype(np.int16)
        total += len(batch) * np.abs(to_8_bit(batch) - shown).mean(dtype=np.float64) / 255
        number += len(batch)
    return total / number


def change_image(sources: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """A grid of images, what they become as what they are, and the difference, amplified.

    Args:
      sources: [N, R, R, 3] float32 in [-1, 1].
      outputs: of them, of the same shape.

    Returns:
      [H, W, 3] uint8. Black are the places where nothing changes.
    """
    x, x_same = to_8_bit(sources), to_8_bit(outputs)
    difference = np.abs(x_same.astype(np.int16) - x)
    shown = np.minimum(AMPLIFIED * difference, 255).astype(np.uint8)
    columns = [Group("as it is"), Group(f"change x{AMPLIFIED}")]
    return styles_grid(x, np.stack([x_same, shown], axis=1), columns).image()
