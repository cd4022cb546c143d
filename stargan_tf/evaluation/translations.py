"""The outputs of tasks on a data set's sides, and the images that show what they change."""

from collections.abc import Iterator

import numpy as np

from stargan_tf.evaluation.change import change_image, mean_change
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.sides import Sides
from stargan_tf.evaluation.tasks import SOURCE, Task

# Images in an image of changes, of all domains together.
_SHOWN = 8


class Translations:
    """Draws the outputs of tasks, batch by batch."""

    def __init__(
        self, drawer: OutputDrawer, sides: Sides, *, num_outs: int, batch_size: int, seed: int
    ) -> None:
        """Draws nothing yet.

        Args:
          drawer: of the model.
          sides: of the data set.
          num_outs: wanted for each source image; see `OutputDrawer.num_outs`.
          batch_size: source images at once.
          seed: of the latent codes, and of which references are taken.
        """
        self._drawer = drawer
        self._sides = sides
        self._wanted = num_outs
        self._options = {"batch_size": batch_size, "seed": seed}

    def num_outs(self, mode: str) -> int:
        """How many outputs each source has."""
        return 1 if mode == SOURCE else self._drawer.num_outs(mode, self._wanted)

    def sources(self, task: Task) -> np.ndarray:
        """The images that are translated, [N, R, R, 3] float32 in [-1, 1]."""
        return self._sides.images(task.source)

    def num_references(self, task: Task) -> int:
        """How many images of the target styles are taken from; 0 where they are made otherwise."""
        if task.mode == SOURCE or task.source == task.target:
            return 0
        return len(self._sides.images(task.target)) if self._drawer.takes_images(task.mode) else 0

    def own_tasks(self, mode: str) -> list[Task]:
        """Images that become what they are."""
        return [Task(mode, name, name, index) for index, name in enumerate(self._sides.own)]

    def outputs(
        self, task: Task, num_outs: int = 0, first: int | None = None
    ) -> Iterator[np.ndarray]:
        """Draws the outputs of a task.

        Args:
          task: a pair of sides, or one of `own_tasks`, which have one output each.
          num_outs: for each source; 0 for those of `num_outs`.
          first: how many sources; None for all.

        Returns:
          Batches [n, num_outs, R, R, 3] float32, about [-1, 1].
        """
        sources, size = self.sources(task)[:first], self._options["batch_size"]
        if task.mode == SOURCE:
            return (sources[i : i + size, np.newaxis] for i in range(0, len(sources), size))
        of_sides = self._sides.labels
        labels = of_sides(task.source, task.target)[:first] if of_sides else None
        options = {**self._options, "labels": labels}
        if task.source == task.target:
            return self._drawer.draw_as_they_are(task, sources, **options)
        num_outs = num_outs or self.num_outs(task.mode)
        references = self._sides.images(task.target)
        return self._drawer.draw(task, sources, references, num_outs=num_outs, **options)

    def change(self, task: Task) -> float:
        """How far one output of each source is from it; see `mean_change`."""
        return mean_change(self.sources(task), self.outputs(task, 1))

    def change_image(self, mode: str) -> np.ndarray:
        """Shows what becomes of the first images of each domain in their own domain."""
        tasks = self.own_tasks(mode)[:_SHOWN]
        each = max(1, _SHOWN // len(tasks))
        outputs = [batch[:, 0] for task in tasks for batch in self.outputs(task, 1, each)]
        sources = [self.sources(task)[:each] for task in tasks]
        return change_image(np.concatenate(sources), np.concatenate(outputs))
