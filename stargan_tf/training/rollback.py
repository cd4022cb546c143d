"""Going back to the last checkpoint when a run's numbers became NaN or infinite."""

import sys

import numpy as np
from tqdm import tqdm

from stargan_tf.errors import NotFiniteError, UserError
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.state import TrainState


def go_back(state: TrainState, checkpoints: Checkpoints, error: NotFiniteError) -> int:
    """Goes back one checkpoint, if the settings want it; all workers do the same.

    How often is kept with the checkpoint, so that a run that is resumed after it goes on with
    the same batches: see `seed_after`.

    Args:
      state: changed in place.
      checkpoints: bound to it.
      error: what made it necessary.

    Returns:
      The iteration to go on from.

    Raises:
      UserError: the settings want the run to stop, it went back as often as they allow, or
        there is no checkpoint.
    """
    settings = state.algorithm.settings
    if settings.on_nan != "rollback":
        raise error
    done, most = checkpoints.progress.rollbacks, settings.max_rollbacks
    if done >= most:
        raise UserError(
            f"{error.found}, after the run had gone back {done} times, as often as "
            f"--max_rollbacks={most} allows: {error.advice}."
        ) from error
    if not checkpoints.roll_back():
        raise UserError(
            f"{error.found}, and there is no checkpoint yet to go back to: lower --save_every, "
            "or start anew in another --run_dir with a lower --lr."
        ) from error
    state.set_learning_rates()
    step = int(state.step.numpy())
    tqdm.write(
        f"warning: {error.found}: going back to the checkpoint of iteration {step}, from there "
        f"with other batches; {done + 1} of at most {most} times.",
        sys.stderr,
    )
    return step


def seed_after(seed: int, rollbacks: int) -> int:
    """The seed of the input after a run went back so often: the run's own at first."""
    if not rollbacks:
        return seed
    return int(np.random.SeedSequence([seed, rollbacks]).generate_state(1)[0])
