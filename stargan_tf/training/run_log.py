"""What a run leaves for people to read: TensorBoard, metrics.jsonl and a progress bar."""

import contextlib
import dataclasses
import json
import math
import time
from types import TracebackType

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.bars import bar
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import NotFiniteError
from stargan_tf.files import write_text
from stargan_tf.training.checkpoint_files import Progress
from stargan_tf.training.event_files import WrittenEvents, drop_events_after
from stargan_tf.training.run_dir import RunDir

_NEW = Progress()


class RunLog:
    """Averages losses between two log points and writes them; a context manager."""

    def __init__(
        self,
        run: RunDir,
        algorithm: Algorithm,
        start_step: int,
        *,
        chief: bool,
        progress: Progress = _NEW,
    ) -> None:
        """Opens the log.

        Args:
          run: whose folder is written to.
          algorithm: of the run, for its settings and the losses that the bar shows.
          start_step: where training starts; later records, of a run that was killed
            after its last checkpoint, are dropped.
          chief: whether this process writes; others only keep count.
          progress: of the checkpoint that training starts from; its open window goes on.
        """
        self._run = run
        config = algorithm.settings
        self._batch_size = config.batch_size
        self._bar_losses = algorithm.bar_losses
        self._chief = chief
        self._losses: list[dict[str, tf.Tensor | float]] = list(progress.window)
        self._rollbacks = progress.rollbacks
        self._compiled = False
        self._timed_iterations = 0
        self._busy_seconds = 0.0
        self._input_seconds = 0.0
        if chief:
            _drop_records_after(run, start_step)
            drop_events_after(run.logs, start_step or -1)  # images of the start are drawn again
            self._events = WrittenEvents(run.logs)
            self._writer = tf.summary.create_file_writer(str(run.logs))
            with self._writer.as_default():
                hparams.hparams(_hyperparameters(config), trial_id=run.root.resolve().name)
        self._bar = bar(
            total=config.total_iters,
            initial=start_step,
            desc="training",
            unit="it",
            dynamic_ncols=True,
            disable=not chief,
            seconds=0.5,
        )

    def __enter__(self) -> "RunLog":
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the bar and flushes the files."""
        self._bar.close()
        if self._chief:
            self._writer.close()

    def add(self, losses: dict[str, tf.Tensor], seconds: float, input_seconds: float) -> None:
        """Takes one iteration's losses and times.

        Args:
          losses: scalars by log key.
          seconds: the iteration's time, input included.
          input_seconds: how long of that it waited for input.
        """
        self._losses.append(losses)
        if self._compiled:
            self._timed_iterations += 1
            self._busy_seconds += seconds
            self._input_seconds += input_seconds
        self._compiled = True  # the first iteration's time is the compiler's
        self._bar.update()

    def check_finite(self, step: int) -> None:
        """Stops a run whose losses are no longer numbers.

        Raises:
          NotFiniteError: names the first loss that is NaN or infinite.
        """
        for losses in self._losses:
            for name, loss in losses.items():
                if not math.isfinite(float(loss)):
                    raise NotFiniteError(
                        f"The loss {name} became {float(loss)} by iteration {step}",
                        f"the last good checkpoint is in {self._run.checkpoints}",
                        "try --on_nan=rollback, or a lower --lr, a higher --lambda_reg or "
                        "--mixed_precision=none in a new --run_dir",
                    )

    def window(self) -> list[dict[str, float]]:
        """The losses since the last record, an entry for each iteration."""
        return [{name: float(x) for name, x in losses.items()} for losses in self._losses]

    def write(self, step: int) -> dict[str, float]:
        """Writes the means since the last call; returns them.

        Raises:
          NotFiniteError: a loss is NaN or infinite.
        """
        self.check_finite(step)
        if not self._losses:
            return {}
        values: dict[str, list[float]] = {}
        for losses in self._losses:
            for name, loss in losses.items():  # not every iteration has every update
                values.setdefault(name, []).append(float(loss))
        means = {name: float(np.mean(values)) for name, values in values.items()}
        if self._timed_iterations:
            images = self._timed_iterations * self._batch_size
            means["speed/images_per_second"] = images / self._busy_seconds
            means["speed/input_wait_share"] = self._input_seconds / self._busy_seconds
        if self._rollbacks:
            means["rollbacks"] = float(self._rollbacks)
        self._losses, self._timed_iterations = [], 0
        self._busy_seconds = self._input_seconds = 0.0
        self.write_scalars(step, means)
        self._bar.set_postfix(
            {
                short: f"{means[name]:.2f}"
                for short, name in self._bar_losses.items()
                if name in means
            },
            refresh=False,
        )
        return means

    def write_scalars(self, step: int, scalars: dict[str, float]) -> None:
        """Writes numbers to TensorBoard and metrics.jsonl."""
        if not self._chief:
            return
        # TensorFlow keeps a tensor of every Python number that it was ever given, so that memory
        # would grow by 2 KB with each; NumPy's numbers are not kept.
        with self._writer.as_default(np.int64(step)):
            for name, value in scalars.items():
                tf.summary.scalar(name, np.float32(value))
        with self._run.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "time": time.time(), **scalars}) + "\n")

    def write_images(self, step: int, images: dict[str, np.ndarray]) -> None:
        """Writes images, uint8 [H, W, 3] each, to TensorBoard."""
        if not self._chief:
            return
        with self._writer.as_default(np.int64(step)):
            for name, image in images.items():
                tf.summary.image(f"samples/{name}", image[np.newaxis])
        self.flush()

    def flush(self) -> None:
        """Brings everything to the disk that was written.

        Raises:
          OSError: some of it is lost; TensorFlow does not say so.
        """
        if self._chief:
            self._writer.flush()
            self._events.check()

    def say(self, text: str) -> None:
        """Prints a line without tearing the progress bar."""
        if self._chief:
            self._bar.write(text)


def _hyperparameters(config: TrainConfig) -> dict[str, bool | int | float | str]:
    return {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.metadata["hyperparameter"]
    }


def _drop_records_after(run: RunDir, step: int) -> None:
    """Removes records that a resumed run will write again, and lines that are damaged."""
    if not run.metrics_file.exists():
        return
    kept = []
    for line in run.metrics_file.read_bytes().splitlines():
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            text = line.decode()
            if json.loads(text)["step"] <= step:
                kept.append(text + "\n")
    write_text(run.metrics_file, "".join(kept))
