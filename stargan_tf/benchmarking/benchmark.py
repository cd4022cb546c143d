"""A benchmark from beginning to end: settings in, a table and JSON out."""

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Algorithm
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.bars import bar
from stargan_tf.benchmarking.alone import works_alone
from stargan_tf.benchmarking.exports import export_works, formats_of, saved_model_folder
from stargan_tf.benchmarking.inputs import draw_dataset, drawn_batch, input_work
from stargan_tf.benchmarking.machine import load_average
from stargan_tf.benchmarking.peak import peak_works
from stargan_tf.benchmarking.report import report
from stargan_tf.benchmarking.served import server_works
from stargan_tf.benchmarking.table import table
from stargan_tf.benchmarking.training import Training
from stargan_tf.benchmarking.training_memory import training_memory_apart
from stargan_tf.benchmarking.work import Measured, Work, measure
from stargan_tf.config.benchmark import (
    EXPORTS,
    INPUT,
    ITERATION,
    MEMORY,
    NETWORKS,
    OF_TRAINING,
    OPERATIONS,
    SERVER,
    TRAINING,
    UPDATES,
    BenchmarkConfig,
    Variant,
)
from stargan_tf.config.train import TrainConfig
from stargan_tf.data import bad_records
from stargan_tf.data.input_pipeline import train_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError
from stargan_tf.files import write_text
from stargan_tf.training.runtime import make_strategy
from stargan_tf.types import Batch


def benchmark(config: BenchmarkConfig, variants: Sequence[Variant]) -> str:
    """Measures what was asked for.

    Args:
      config: what and how; already validated.
      variants: the settings, with those that are compared to the first after it; already validated.

    Returns:
      A table. With `config.out`, a JSON file is written as well.

    Raises:
      UserError: a data set or a model is not what it should be, or memory ran out.
    """
    what = config.what or _default(variants[0])
    load = [load_average()]
    memory, measured = [], []
    if MEMORY in what:
        memory = [
            training_memory_apart(v.training, _algorithm(v.training, config.num_domains).num_labels)
            for v in bar(variants, desc="training apart", unit="run")
        ]
    if set(what) - {MEMORY}:
        try:
            with _works(config, what, variants) as works:
                measured = _measure(config, works)
        except tf.errors.ResourceExhaustedError as error:
            raise UserError(
                "The device ran out of memory: lower --batch_size, --base_channels or --img_size, "
                "or measure one thing at a time by --what."
            ) from error
    found = report(config, variants, measured, memory, [*load, load_average()])
    if config.out:
        write_text(Path(config.out), json.dumps(found, indent=2) + "\n")
    return table(found)


def _default(variant: Variant) -> tuple[str, ...]:
    exported = variant.exported
    if not exported.model:
        return TRAINING
    return (*formats_of(exported), *[SERVER] * bool(exported.server))


def _measure(config: BenchmarkConfig, works: Sequence[Work]) -> list[Measured]:
    """Measures works, and the machine's peak with them."""
    rows: dict[str, list[Work]] = {}
    for work in works:
        rows.setdefault(work.what, []).append(work)
    runs = sum(map(len, rows.values())) * (config.warm_up + config.repeats)
    with bar(total=runs, desc="measuring", unit="run") as progress:
        measured = measure([*rows.values()], config.repeats, config.warm_up, progress.update)
    return list(itertools.chain.from_iterable(measured))


@contextlib.contextmanager
def _works(
    config: BenchmarkConfig, what: Collection[str], variants: Sequence[Variant]
) -> Iterator[list[Work]]:
    """All works of all variants, and those of the machine's peak; they hold within the block."""
    with contextlib.ExitStack() as stack:
        training = bool(set(what) & set(OF_TRAINING))
        # Before TensorFlow uses a device. It changes the process, and files of a model are
        # measured as other programs load them: see `Variant.validate`.
        xla = any(variant.training.xla for variant in variants)
        devices = dataclasses.replace(variants[0].training, xla=xla)
        strategy = make_strategy(devices) if training else None
        works = []
        tracing = stack.enter_context(bar(desc="tracing", unit="graph"))
        for number, variant in enumerate(variants):
            settings, own = variant.training, []
            if training:
                data_dir = stack.enter_context(_data_dir(settings, config.num_domains))
                algorithm = _algorithm(settings, config.num_domains)
                own.append(_training_works(config, what, algorithm, strategy, data_dir))
            formats = [name for name in EXPORTS if name in what]
            own.append(export_works(variant.exported, formats, settings.data_dir))
            if SERVER in what:
                exported = variant.exported
                requests = server_works(exported, saved_model_folder(exported), settings.data_dir)
                own.append(stack.enter_context(requests))
            for work in itertools.chain.from_iterable(own):
                works.append(dataclasses.replace(work, variant=number))
                tracing.update()
        tracing.close()
        yield works + peak_works(config.peak_side, _dtypes(variants))


def _training_works(
    config: BenchmarkConfig,
    what: Collection[str],
    algorithm: Algorithm,
    strategy: tf.distribute.Strategy,
    data_dir: Path,
) -> Iterator[Work]:
    if set(what) & {ITERATION, UPDATES, NETWORKS, OPERATIONS}:
        batches = _batches(algorithm, strategy.num_replicas_in_sync, data_dir)
        training = Training(algorithm, strategy, batches)
        yield from _graph_works(what, training, config.operations_of if OPERATIONS in what else "")
    if INPUT in what:
        yield input_work(data_dir, algorithm.settings, algorithm.draws())


def _graph_works(what: Collection[str], training: Training, operations_of: str) -> Iterator[Work]:
    """Works that are calls of a function, and after `operations_of` its operations alone."""
    makers = {
        ITERATION: training.iteration_works,
        UPDATES: training.update_works,
        NETWORKS: training.network_works,
    }
    kinds = {*what, *[_kind_of(operations_of)] * bool(operations_of)}
    names = []
    for make in (make for kind, make in makers.items() if kind in kinds):
        for work in make():
            names.append(work.what)
            yield work
            if work.what == operations_of:
                yield from works_alone(work)
    if operations_of and operations_of not in names:
        raise UserError(
            f"Found --operations_of={operations_of}, expected one of {', '.join(names)}: correct "
            "it."
        )


def _kind_of(what: str) -> str:
    """The part of WHAT that has a row of this name in it."""
    kinds = {"iteration": ITERATION, "update": UPDATES}
    return kinds.get(what.partition(" ")[0], NETWORKS)


def _batches(algorithm: Algorithm, replicas: int, data_dir: Path) -> list[Batch]:
    """One batch for each replica: the first of the data set, or drawn numbers."""
    settings = algorithm.settings
    if settings.data_dir:
        dataset = train_dataset(data_dir, settings, algorithm.draws(), replicas=replicas)
        return list(dataset.take(replicas))
    rows = settings.batch_size // replicas
    batch = drawn_batch(algorithm.draws(), settings.img_size, algorithm.num_labels, rows)
    return [batch] * replicas


def _algorithm(settings: TrainConfig, num_domains: int) -> Algorithm:
    """The algorithm for the labels of the data set, or for so many domains."""
    if not settings.data_dir:
        return make_algorithm(settings, num_domains)
    info = DatasetInfo.load(Path(settings.data_dir))
    algorithm = make_algorithm(settings, len(info.labels))
    if algorithm.needs_domains:
        info.check_has_domains(settings.algorithm)
    info.check_enough_domains(algorithm.least_domains, settings.algorithm)
    return algorithm


@contextlib.contextmanager
def _data_dir(settings: TrainConfig, num_domains: int) -> Iterator[Path]:
    """The data set of the settings, or one that is drawn and removed again."""
    if settings.data_dir:
        with bad_records.named(Path(settings.data_dir)):
            yield Path(settings.data_dir)
        return
    with TemporaryDirectory(prefix="stargan_tf_") as folder:
        draw_dataset(Path(folder), settings.img_size, num_domains)
        yield Path(folder)


def _dtypes(variants: Sequence[Variant]) -> list[str]:
    """Those whose peak is measured: bfloat16 is the usual choice, float16 one of GPUs."""
    half = any(variant.training.mixed_precision == "float16" for variant in variants)
    return ["float32", "bfloat16", *["float16"] * half]
