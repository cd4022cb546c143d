"""One sitting at a run: restore, train, save, say what to do next."""

import signal
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.loop import Evaluator, Sampler, train
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from stargan_tf.training.warm_start import load_parent
from stargan_tf.training.workers import Workers

# Called with start_step, replicas, num_workers and worker by name; yields one
# replica's `TrainBatch` after the other.
MakeDataset = Callable[..., tf.data.Dataset]


def run_training(
    config: TrainConfig,
    run: RunDir,
    strategy: tf.distribute.Strategy,
    state: TrainState,
    make_dataset: MakeDataset,
    sample: Sampler,
    evaluate: Evaluator,
) -> int:
    """Trains a run from its newest checkpoint, or from the start, to its end.

    Args:
      config: of the run.
      run: its folder, begun.
      strategy: over whose replicas to train.
      state: fresh, made within the strategy's scope.
      make_dataset: see `MakeDataset`.
      sample: see `loop.train`.
      evaluate: see `loop.train`.

    Returns:
      The exit status: 0 at the end, 128 + its number after a signal.

    Raises:
      UserError: see `Checkpoints.restore`, `load_parent` and `loop.train`.
      TemporaryError: see `Workers.check_same_iteration`.
    """
    workers = Workers(strategy)
    chief = workers.chief
    if not chief:  # the other workers only train

        def sample(networks: TranslationNetworks, step: int) -> dict[str, np.ndarray]:
            return {}

        def evaluate(networks: TranslationNetworks) -> dict[str, float]:
            return {}

    checkpoints = Checkpoints(run, state, config.keep_checkpoints, chief=chief)
    resumed = checkpoints.restore()
    warm = bool(config.warm_start) and not resumed
    parent_step = load_parent(state, config) if warm else 0
    rates_changed = state.set_learning_rates(config)
    start_step = int(state.step.numpy())
    workers.check_same_iteration(start_step)
    if start_step >= config.total_iters > 0:
        print(
            f"{run.root} is trained to iteration {start_step} already; to train on, pass a "
            "higher --total_iters."
        )
        return 0
    devices = strategy.num_replicas_in_sync
    if chief:
        verb = f"Resuming {run.root} at" if resumed else f"Starting {run.root} from"
        print(f"{verb} iteration {start_step}, on {devices} device{'s' * (devices > 1)}.")
        if warm:
            print(f"Its weights are those of {config.warm_start} after {parent_step} iterations.")
        if rates_changed:
            print(f"From here on with lr {config.lr:g} and f_lr {config.f_lr:g}.")

    def worker_dataset(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return make_dataset(
            start_step=start_step,
            replicas=devices // context.num_input_pipelines,
            num_workers=context.num_input_pipelines,
            worker=context.input_pipeline_id,
        )

    batches = strategy.distribute_datasets_from_function(worker_dataset)
    step = TrainStep(state, config, strategy)
    try:
        with RunLog(run, config, start_step, chief=chief) as log:
            stopped_by = train(
                config,
                state,
                step,
                batches,
                checkpoints,
                log,
                sample,
                evaluate,
                workers.agree_to_stop,
            )
        workers.wait()  # for the chief, which has more to do: one that ends takes all with it
    except tf.errors.ResourceExhaustedError as error:
        raise UserError(
            f"The device ran out of memory with --batch_size={config.batch_size}: lower it, "
            "--base_channels or --img_size in a new --run_dir, or try --mixed_precision; "
            "--dry_run shows an estimate."
        ) from error
    finally:
        checkpoints.close()
    if chief:
        _say_what_is_next(run, int(state.step.numpy()), stopped_by)
    elif stopped_by:
        print(f"Stopped by {stopped_by.name} to one of the workers; the chief has saved all.")
    return 128 + stopped_by if stopped_by else 0


def _say_what_is_next(run: RunDir, step: int, stopped_by: signal.Signals | None) -> None:
    if stopped_by:
        print(
            f"Stopped by {stopped_by.name} after iteration {step}; everything is saved.\n"
            f"  go on:   python -m stargan_tf.train --run_dir={run.root}"
        )
    else:
        print(f"Trained to iteration {step}.")
    print(
        f"  look:    {run.samples} holds the image grids, by iteration\n"
        f"  watch:   tensorboard --logdir={run.logs}\n"
        f"  draw:    python -m stargan_tf.sample --run_dir={run.root} --src=PHOTO --out=looks.png"
    )
