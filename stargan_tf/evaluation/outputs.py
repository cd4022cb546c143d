"""The outputs of a task: codes made by one of the model's modes, images drawn in them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.drawable import Drawable, Mode
from stargan_tf.evaluation.tasks import Task
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer

_BATCH = 32
# What encoders made of sources is kept for other targets and modes, as far as it fits.
MOST_KEPT_BYTES = 2**28


class OutputDrawer:
    """Draws the outputs of tasks, with a model's compiled networks.

    What networks make of images alone is kept: codes of references, and of sources what no code
    changes. So images of one name must be the same at every call, first ones apart, and `forget`
    must be called when the model's weights have changed.

    Attributes:
      modes: the model's, by name.
    """

    def __init__(self, model: Drawable) -> None:
        """Compiles the networks."""
        self._model = model
        self.modes = {mode.name: mode for mode in model.modes}
        self._latent_dim = model.latent_dim
        self._codes = CodeMaker(model, batch_size=_BATCH)
        self._drawer = BatchDrawer(model, batch_size=_BATCH)
        self.forget()

    def forget(self) -> None:
        """Keeps nothing of what was made so far."""
        self._kept_codes: dict[tuple[str, str, int], np.ndarray] = {}
        self._kept_encoded: dict[tuple[str, int], Any] = {}
        self._kept_bytes = 0

    def num_outs(self, mode: str, wanted: int) -> int:
        """How many outputs of a source differ: 1 where the domain decides alone."""
        return 1 if self.modes[mode].source == drawable.NOTHING else wanted

    def takes_images(self, mode: str) -> bool:
        """Whether codes are made of reference images."""
        return self.modes[mode].source == drawable.IMAGE

    def draw(
        self,
        task: Task,
        images: np.ndarray,
        references: np.ndarray,
        *,
        num_outs: int,
        batch_size: int,
        seed: int,
        labels: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        """Draws the outputs of a task, batch by batch.

        Args:
          task: of one of the model's modes.
          images: the source images, [N, R, R, 3] float32 in [-1, 1].
          references: images of the target domain, [M, R, R, 3].
          num_outs: K, for each source image.
          batch_size: source images at once.
          seed: of the latent codes, and of which references are taken.
          labels: what each image is drawn with, [N, A], where labels are attributes; the mode
            makes codes of them alone.

        Yields:
          [n, K, R, R, 3] float32, about [-1, 1].
        """
        mode = self.modes[task.mode]
        if labels is not None:
            codes = self._model.make_codes(mode, None, tf.constant(labels)).numpy()
            yield from self._draw_each(task, images, codes, batch_size)
            return
        rng = np.random.default_rng(task.seed(seed))
        known = None  # the codes that are the same for every batch
        if self.takes_images(task.mode):
            known = self._codes_of(task, references)
        elif mode.source == drawable.NOTHING:
            known = self._codes.make(mode, None, task.index)
        for rows, encoded in self._encoded(task, images, _sources_at_once(batch_size, num_outs)):
            if known is None:
                codes = self._random_codes(mode, task.index, len(rows), num_outs, rng)
            else:
                # Without repeats for an image, where there are enough.
                repeats = len(known) < num_outs
                chosen = [rng.choice(len(known), num_outs, replace=repeats) for _ in rows]
                codes = known[np.stack(chosen)]
            flat = codes.reshape(len(rows) * num_outs, -1)
            drawn = self._drawer.draw_pairs(encoded, np.repeat(rows, num_outs), flat)
            yield drawn.reshape(len(rows), num_outs, *drawn.shape[1:])

    def draw_as_they_are(
        self,
        task: Task,
        images: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        labels: np.ndarray | None = None,
    ) -> Iterator[np.ndarray]:
        """Draws images of the task's domain in that domain, once each.

        A mode that makes codes of images makes them of the images themselves, others as ever.

        Args:
          task: of one of the model's modes, whose target is the images' own domain.
          images: [N, R, R, 3] float32 in [-1, 1].
          batch_size: images at once.
          seed: of the latent codes.
          labels: the images' own, [N, A], where labels are attributes.

        Yields:
          [n, 1, R, R, 3] float32, about [-1, 1].
        """
        mode = self.modes[task.mode]
        if labels is None and mode.source == drawable.IMAGE:
            codes = self._codes_of(task, images)
            yield from self._draw_each(task, images, codes, batch_size)
            return
        options = {"num_outs": 1, "batch_size": batch_size, "seed": seed, "labels": labels}
        yield from self.draw(task, images, images, **options)

    def _draw_each(
        self, task: Task, images: np.ndarray, codes: np.ndarray, batch_size: int
    ) -> Iterator[np.ndarray]:
        """Draws each image in a code of its own, [N, D]: [n, 1, R, R, 3]."""
        first = 0
        for rows, encoded in self._encoded(task, images, _sources_at_once(batch_size, 1)):
            of_batch = codes[first : first + len(rows)]
            first += len(rows)
            yield self._drawer.draw_pairs(encoded, rows, of_batch)[:, np.newaxis]

    def _codes_of(self, task: Task, references: np.ndarray) -> np.ndarray:
        """Codes of images of the task's target domain, [M, D], made once."""
        key = (task.mode, task.target, len(references))
        if key not in self._kept_codes:
            mode = self.modes[task.mode]
            self._kept_codes[key] = self._codes.make(mode, references, task.index)
        return self._kept_codes[key]

    def _encoded(
        self, task: Task, images: np.ndarray, batch_size: int
    ) -> Iterator[tuple[np.ndarray, Any]]:
        """Source images encoded, those of a source once where all of them may be kept.

        Yields:
          Batch by batch the indices of its images in what follows, and encoded images.
        """
        key = (task.source, len(images))
        starts = range(0, len(images), batch_size)
        if key not in self._kept_encoded:
            size = self._drawer.encoded_bytes * len(images)
            if self._kept_bytes + size > MOST_KEPT_BYTES:
                for start in starts:
                    batch = images[start : start + batch_size]
                    yield np.arange(len(batch)), self._drawer.encode(batch)
                return
            self._kept_encoded[key] = self._drawer.encode(images)
            self._kept_bytes += size
        encoded = self._kept_encoded[key]
        for start in starts:
            yield np.arange(start, min(start + batch_size, len(images))), encoded

    def _random_codes(
        self, mode: Mode, domain: int, num: int, num_outs: int, rng: np.random.Generator
    ) -> np.ndarray:
        latents = rng.standard_normal([num * num_outs, self._latent_dim], np.float32)
        return self._codes.make(mode, latents, domain).reshape(num, num_outs, -1)


def _sources_at_once(batch_size: int, num_outs: int) -> int:
    """As many as are asked for; more where each has a single output, which are drawn together."""
    return batch_size if num_outs > 1 else max(batch_size, _BATCH)
