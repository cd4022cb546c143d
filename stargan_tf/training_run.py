"""A training run with all its parts: what the train command and the pipeline both do."""

import contextlib
import dataclasses
import shlex
import signal
import sys

import tensorflow as tf

from stargan_tf import __version__, process_memory
from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.throughput import measure_throughput
from stargan_tf.data.training_data import TrainingData
from stargan_tf.errors import NotFiniteError, UserError, disk_full, disk_full_explained
from stargan_tf.evaluation.during_training import QuickMetrics
from stargan_tf.sampling.attribute_samples import AttributeSamples
from stargan_tf.sampling.joint_samples import JointSamples
from stargan_tf.sampling.training_samples import TrainingSamples
from stargan_tf.shell import command
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.dry_run import describe
from stargan_tf.training.loop import Evaluator, Sampler, train
from stargan_tf.training.memory_estimate import estimate_memory
from stargan_tf.training.profiling import NO_ITERATIONS, Profiler
from stargan_tf.training.rollback import go_back, seed_after
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from stargan_tf.training.runtime import describe_devices, make_strategy
from stargan_tf.training.signals import StopRequest
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from stargan_tf.training.validation import Validation
from stargan_tf.training.warm_start import check_parent, load_parent
from stargan_tf.training.workers import Workers, lost_workers_explained


def train_run(config: TrainConfig) -> int:
    """Begins the run that the settings describe, or resumes it, and trains to its end.

    Args:
      config: already validated; its data_dir and run_dir say where everything is.

    Returns:
      The exit status: 0 at the end, 128 + its number after a signal.

    Raises:
      UserError: the data set, what is in the run's folder, or the run to start from
        does not fit the settings; see also `Checkpoints.restore` and `loop.train`.
      TemporaryError: another worker is gone, or sees another state of the run.
    """
    run = RunDir(config.run_dir)
    data, algorithm = _prepare(config, run)
    with disk_full_explained(run.root), contextlib.ExitStack() as stack:
        stack.enter_context(lost_workers_explained(run, config.multi_worker))
        stack.enter_context(data.named())
        strategy = make_strategy(config)
        workers = Workers(strategy)
        # Folders may have other names on other machines.
        shared = dataclasses.replace(config, data_dir="", data_dir2="", run_dir="")
        workers.check_same_settings(shared, data.infos, __version__)
        if workers.chief:
            stack.enter_context(run.lock())
            run.begin(config, data.labels, data.label_sets)
        if config.skip_bad_records:
            data.skip_bad_records(run.root if workers.chief else None)
        with strategy.scope():
            state = TrainState(algorithm)
        checkpoints = Checkpoints(
            run,
            state,
            config.keep_checkpoints,
            chief=workers.chief,
            data=data.fingerprint,
        )
        stack.callback(checkpoints.close)
        return _train(run, strategy, workers, state, checkpoints, data)


def describe_run(config: TrainConfig) -> str:
    """What a run would be and need, in words; makes no file.

    Args:
      config: already validated.

    Raises:
      UserError: the data set or the run to start from does not fit the settings.
    """
    data, algorithm = _prepare(config, RunDir(config.run_dir))
    if config.skip_bad_records:
        data.skip_bad_records(None)
    strategy = make_strategy(config)
    with strategy.scope(), data.named():
        batches = data.batches(config, algorithm.draws())
        speed = measure_throughput(batches)
        rows = config.batch_size // strategy.num_replicas_in_sync
        share = {
            name: tf.TensorSpec([rows, *spec.shape[1:]], spec.dtype)
            for name, spec in batches.element_spec.items()
        }
        program = process_memory.held() or process_memory.peak()
        state = TrainState(algorithm)
        memory = estimate_memory(state, strategy, share, program)
        return describe(state, data.labels, speed, memory)


def _prepare(config: TrainConfig, run: RunDir) -> tuple[TrainingData, Algorithm]:
    """Reads what the data are and makes the algorithm; checks that they go together."""
    data = TrainingData(config)
    algorithm = make_algorithm(config, len(data.labels), data.label_sets)
    data.check(config.img_size, resumed=run.exists())
    for info in data.infos:
        if algorithm.needs_domains:
            info.check_has_domains(config.algorithm, ", or train with --algorithm=stargan")
        info.check_enough_domains(algorithm.least_domains, config.algorithm)
    if not run.exists():
        check_parent(algorithm, data.labels)
        if not config.warm_start:
            config.check_files()
    return data, algorithm


def _train(
    run: RunDir,
    strategy: tf.distribute.Strategy,
    workers: Workers,
    state: TrainState,
    checkpoints: Checkpoints,
    data: TrainingData,
) -> int:
    """Trains from the newest checkpoint, or from the start; returns the exit status."""
    config = state.algorithm.settings
    start_step = _restore(run, state, checkpoints, strategy, workers, data.labels)
    if start_step >= config.total_iters > 0:
        print(
            f"{run.root} is trained to iteration {start_step} already; to train on, pass a "
            "higher --total_iters."
        )
        return 0
    sample, evaluate = _watchers(run, state.algorithm, data, chief=workers.chief)
    step = TrainStep(state, strategy)
    profiled = config.profiled_iterations if workers.chief else NO_ITERATIONS
    try:
        with StopRequest() as request:  # one for all, or going back would forget it
            while True:
                progress = checkpoints.progress
                batches = _batches(state.algorithm, data, strategy, start_step, progress.rollbacks)
                log = RunLog(
                    run, state.algorithm, start_step, chief=workers.chief, progress=progress
                )
                try:
                    with log, Profiler(run.logs, profiled) as profiler:
                        stopped_by = train(
                            state,
                            step,
                            batches,
                            checkpoints,
                            log,
                            sample,
                            evaluate,
                            request,
                            workers.agree_to_stop,
                            profiler.iteration,
                        )
                    break
                except NotFiniteError as error:
                    start_step = go_back(state, checkpoints, error)
                    workers.check_same_iteration(start_step)
        workers.wait()  # for the chief, which has more to do: one that ends takes all with it
    except tf.errors.ResourceExhaustedError as error:
        if disk_full(error):
            raise
        raise UserError(
            f"The device ran out of memory with --batch_size={config.batch_size}: lower it, "
            "--base_channels or --img_size in a new --run_dir, or try --recompute; "
            "--dry_run shows an estimate."
        ) from error
    if workers.chief:
        _say_what_is_next(run, state, stopped_by)
    elif stopped_by:
        print(f"Stopped by {stopped_by.name} to one of the workers; the chief has saved all.")
    return 128 + stopped_by if stopped_by else 0


def _restore(
    run: RunDir,
    state: TrainState,
    checkpoints: Checkpoints,
    strategy: tf.distribute.Strategy,
    workers: Workers,
    domains: tuple[str, ...],
) -> int:
    """Brings the state to where training goes on, and says where; returns the iteration."""
    config = state.algorithm.settings
    resumed = checkpoints.restore()
    warm = bool(config.warm_start) and not resumed
    parent = load_parent(state, domains) if warm else None
    if not resumed and not warm:
        state.algorithm.load_pretrained(state.pretrained)
    rates_changed = state.set_learning_rates()
    step = int(state.step.numpy())
    workers.check_same_iteration(step)
    if not workers.chief or step >= config.total_iters > 0:
        return step
    if warm:
        run.take_mean_landmarks(RunDir(config.warm_start))
    verb = f"Resuming {run.root} at" if resumed else f"Starting {run.root} from"
    print(f"{verb} iteration {step}, on {describe_devices(strategy)}.")
    if parent:
        print(f"Its weights are those of {config.warm_start} after {parent.step} iterations.")
        for remark in parent.remarks:
            print(remark)
    if rates_changed:
        rates = state.algorithm.optimizers().items()
        words = ", ".join(f"{name} {adam.learning_rate:g}" for name, adam in rates)
        print(f"From here on with these learning rates: {words}.")
    return step


def _watchers(
    run: RunDir, algorithm: Algorithm, data: TrainingData, *, chief: bool
) -> tuple[Sampler, Evaluator]:
    """What draws and what measures the averaged networks; only the chief does either."""
    if not chief:
        return lambda networks, step: {}, lambda networks: {}
    config = algorithm.settings
    sample = _sampler(run, algorithm, data)
    images = data.validation_images(config.img_size, config.batch_size)
    if images is None:
        if config.eval_every:
            where = " or ".join(str(one.data_dir) for one in data.sets)
            print(f"warning: {where} has no validation images to measure on.", file=sys.stderr)
        return sample, lambda networks: {}
    validation = Validation(algorithm, images)
    if data.is_joint:  # metrics compare the domains of one data set
        return sample, validation
    ((data_dir, info),) = data.sets
    metrics = QuickMetrics(algorithm, data_dir, info.domains)
    return sample, lambda networks: validation(networks) | metrics(networks)


def _sampler(run: RunDir, algorithm: Algorithm, data: TrainingData) -> Sampler:
    """What draws the grids: by domain, attribute by attribute, or the labels of both data sets."""
    if data.is_joint:
        return JointSamples(algorithm, data.sets, run.samples)
    ((data_dir, info),) = data.sets
    if info.attributes:
        return AttributeSamples(algorithm, data_dir, info.attributes, info.exclusive, run.samples)
    return TrainingSamples(algorithm, data_dir, info.domains, run.samples)


def _batches(
    algorithm: Algorithm,
    data: TrainingData,
    strategy: tf.distribute.Strategy,
    start_step: int,
    rollbacks: int,
) -> tf.distribute.DistributedDataset:
    config = algorithm.settings
    config = dataclasses.replace(config, seed=seed_after(config.seed, rollbacks))

    def worker_dataset(context: tf.distribute.InputContext) -> tf.data.Dataset:
        return data.batches(
            config,
            algorithm.draws(),
            start_step=start_step,
            replicas=strategy.num_replicas_in_sync // context.num_input_pipelines,
            num_workers=context.num_input_pipelines,
            worker=context.input_pipeline_id,
        )

    return strategy.distribute_datasets_from_function(worker_dataset)


def _say_what_is_next(run: RunDir, state: TrainState, stopped_by: signal.Signals | None) -> None:
    step = int(state.step.numpy())
    if stopped_by:
        print(
            f"Stopped by {stopped_by.name} after iteration {step}; everything is saved.\n"
            f"  go on:   {command('train', run_dir=run.root)}"
        )
    else:
        print(f"Trained to iteration {step}.")
    if state.algorithm.settings.sample_every:
        print(f"  look:    {run.samples} holds the image grids, by iteration")
    print(
        f"  watch:   {shlex.join(['tensorboard', f'--logdir={run.logs}'])}\n"
        f"  draw:    {command('sample', run_dir=run.root, src='IMAGE', out='looks.png')}"
    )
