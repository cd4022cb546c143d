"""The outputs of a task: codes made by one of the model's modes, images drawn in them."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.drawable import Drawable, Mode
from stargan_tf.evaluation.tasks import Task
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer

_BATCH = 32


class OutputDrawer:
    """Draws the outputs of tasks, with a model's compiled networks.

    Attributes:
      modes: the model's, by name.
    """

    def __init__(self, model: Drawable) -> None:
        """Compiles the networks."""
        self.modes = {mode.name: mode for mode in model.modes}
        self._latent_dim = model.latent_dim
        self._codes = CodeMaker(model, batch_size=_BATCH)
        self._drawer = BatchDrawer(model, batch_size=_BATCH)

    def num_outs(self, mode: str, wanted: int) -> int:
        """How many outputs of a source differ: 1 where the domain decides alone."""
        return 1 if self.modes[mode].source == drawable.NOTHING else wanted

    def draw(
        self,
        task: Task,
        images: np.ndarray,
        references: np.ndarray,
        *,
        num_outs: int,
        batch_size: int,
        seed: int,
    ) -> Iterator[np.ndarray]:
        """Draws the outputs of a task, batch by batch.

        Args:
          task: of one of the model's modes.
          images: the source images, [N, R, R, 3] float32 in [-1, 1].
          references: images of the target domain, [M, R, R, 3].
          num_outs: K, for each source image.
          batch_size: source images at once.
          seed: of the latent codes, and of which references are taken.

        Yields:
          [n, K, R, R, 3] float32, about [-1, 1].
        """
        mode = self.modes[task.mode]
        rng = np.random.default_rng(task.seed(seed))
        known = None  # the codes that are the same for every batch
        if mode.source == drawable.IMAGE:
            known = self._codes.make(mode, references, task.index)
        elif mode.source == drawable.NOTHING:
            known = self._codes.make(mode, None, task.index)
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            if known is None:
                codes = self._random_codes(mode, task.index, len(batch), num_outs, rng)
            else:
                # Without repeats for an image, where there are enough.
                repeats = len(known) < num_outs
                chosen = [rng.choice(len(known), num_outs, replace=repeats) for _ in batch]
                codes = known[np.stack(chosen)]
            rows = np.repeat(np.arange(len(batch)), num_outs)
            flat = codes.reshape(len(rows), -1)
            drawn = self._drawer.draw_pairs(self._drawer.encode(batch), rows, flat)
            yield drawn.reshape(len(batch), num_outs, *drawn.shape[1:])

    def _random_codes(
        self, mode: Mode, domain: int, num: int, num_outs: int, rng: np.random.Generator
    ) -> np.ndarray:
        latents = rng.standard_normal([num * num_outs, self._latent_dim], np.float32)
        return self._codes.make(mode, latents, domain).reshape(num, num_outs, -1)
