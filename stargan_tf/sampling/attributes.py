"""Labels that differ from an image's own in one attribute."""

from collections.abc import Sequence

import numpy as np


def with_attribute_changed(
    labels: np.ndarray, attributes: Sequence[str], exclusive: Sequence[Sequence[str]], name: str
) -> np.ndarray:
    """Changes one attribute of each image, as the figures of Choi et al. 2018 do.

    Args:
      labels: of the images, [N, A] float32, each 0 or 1.
      attributes: names, in the order of the labels.
      exclusive: groups of attributes of which an image has one at most, such as hair colours.
      name: of the attribute. One of a group is given to every image and the others of its group
        are taken away; any other one is given to images without it and taken from those with it.

    Returns:
      [N, A] float32.
    """
    index = attributes.index(name)
    changed = np.array(labels, np.float32)
    if group := next((group for group in exclusive if name in group), None):
        changed[:, [attributes.index(other) for other in group]] = 0
        changed[:, index] = 1
    else:
        changed[:, index] = 1 - changed[:, index]
    return changed
