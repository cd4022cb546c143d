"""What sampling, evaluation and export know of trained networks: make codes, draw in codes."""

from typing import Any, NamedTuple, Protocol

import tensorflow as tf

# What a code is made of, beside the domain.
LATENT = "latent"  # a latent code z [N, latent_dim] from the standard normal distribution
IMAGE = "image"  # an image of the domain, [N, R, R, 3]
NOTHING = "nothing"  # the domain decides alone


class Mode(NamedTuple):
    """One way to make codes.

    Attributes:
      name: in flags, log keys and file names, such as latent.
      source: LATENT, IMAGE or NOTHING.
      title: of its row in tables, such as "random styles".
    """

    name: str
    source: str
    title: str


class Drawable(Protocol):
    """Trained networks as functions of tensors, whatever the algorithm.

    Attributes:
      modes: the ways to make codes; the first is the default.
      img_size: side R of the images.
      latent_dim: length of a latent code; 0 where no mode takes one.
      code_dim: length D of a code.
    """

    modes: tuple[Mode, ...]
    img_size: int
    latent_dim: int
    code_dim: int

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """Makes codes.

        Args:
          mode: one of `modes`.
          source: what the mode takes: latent codes [N, latent_dim] float32, images
            [N, R, R, 3] float32 in [-1, 1], or None.
          y: domains, [N] int32; of models whose labels are attributes also labels, [N, A]
            float32.

        Returns:
          [N, D] float32.
        """
        ...

    def encode(self, x: tf.Tensor) -> Any:
        """The part of drawing that does not depend on the code.

        Args:
          x: [N, R, R, 3] float32 in [-1, 1].

        Returns:
          A nest of tensors, N rows each, for `draw`.
        """
        ...

    def draw(self, encoded: Any, codes: tf.Tensor) -> tf.Tensor:
        """Draws encoded images in codes [N, D]: [N, R, R, 3] float32, about [-1, 1]."""
        ...


def mode_of(modes: tuple[Mode, ...], source: str) -> Mode | None:
    """The first mode whose codes are made of `source`, None where there is none."""
    return next((mode for mode in modes if mode.source == source), None)
