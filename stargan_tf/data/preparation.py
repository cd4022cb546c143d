"""Prepares one data set from start to end: whole, or not at all."""

import collections
import dataclasses
import json
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.data.attributes import exclusive_groups, warn_of_constants
from stargan_tf.data.progress import Ticker, wait_with_bar
from stargan_tf.data.schema import ALL, SPLITS, DatasetInfo
from stargan_tf.data.sources import make_source
from stargan_tf.data.sources.base import Source
from stargan_tf.data.validation_images import LEAST_VALIDATION
from stargan_tf.data.writer import FAILURE_FILE, WriteDataset
from stargan_tf.errors import UserError, disk_full, disk_full_explained
from stargan_tf.files import MAX_NAME_BYTES, short_name
from stargan_tf.locks import LOCK, exclusive_lock

REJECTED_FILE = "rejected.jsonl"
# How long workers get to notice that they were stopped.
STOP_SECONDS = 20
# Square images smaller than this hold too little to learn from; it applies when
# neither --img_size nor --min_size says more.
DEFAULT_MIN_SIZE = 64


def prepare_dataset(config: PrepareDataConfig, beam_arguments: Sequence[str] = ()) -> DatasetInfo:
    """Turns a source into the folder `config.output_dir`.

    Args:
      config: validated settings.
      beam_arguments: flags of Apache Beam, such as --direct_running_mode.

    Returns:
      What was written as dataset_info.json.

    Raises:
      UserError: nothing was written, for the reason in the text.
    """
    options = beam_options(beam_arguments)
    return write_dataset(config, lambda: beam.Pipeline(options=options))


def write_dataset(
    config: PrepareDataConfig,
    make_pipeline: Callable[[], beam.Pipeline],
    *,
    accept_rejected: bool = False,
) -> DatasetInfo:
    """Does the work of `prepare_dataset` in a Beam pipeline of the caller's choice.

    Args:
      config: validated settings.
      make_pipeline: makes the Beam pipeline, not yet run.
      accept_rejected: whether rejected images, however many, are only listed, for the
        caller to judge with `too_many`.

    Returns:
      What was written as dataset_info.json.

    Raises:
      UserError: nothing was written, for the reason in the text.
    """
    output = Path(config.output_dir)
    # Where a link leads to, and beside it: the last step is a rename within one file system.
    target = Path(os.path.realpath(output))
    place = target.parent
    shown = short_name(target.name, MAX_NAME_BYTES - 32)
    staging = place / f".{shown}.unfinished-{os.getpid()}"
    lock = place / f".{shown}{LOCK}"
    with (
        disk_full_explained(output),
        exclusive_lock(lock, output, "preparation", "choose another --output_dir") as alone,
    ):
        try:
            if alone:  # what a process that was killed has left, which may be much
                for path in place.iterdir():
                    if path.name.startswith(f".{shown}.unfinished-"):
                        shutil.rmtree(path, ignore_errors=True)
            source = make_source(config)
            exclusive = exclusive_groups(config.exclusive, source.attributes)
            staging.mkdir()
            _run(config, source, exclusive, staging, make_pipeline)
            rejected = _read_rejected(staging)
            if not accept_rejected:
                _check_rejected(config, rejected, source.total)
            info = _make_info(config, source, exclusive, staging, len(rejected))
            _check_groups(info, source.splits)
            warn_of_constants(info.positives, info.counts)
            shards = staging / "shards"
            info.save(shards)
            if rejected:
                _write_rejected(shards / REJECTED_FILE, rejected)
            os.rename(shards, target)  # an empty folder in its place is replaced
            return info
        except KeyboardInterrupt as interrupt:
            raise UserError(
                f"Interrupted before the data set was whole, so {output} was not written: run the "
                "same command again."
            ) from interrupt
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def beam_options(arguments: Sequence[str]) -> PipelineOptions:
    """Parses Beam's own flags.

    Raises:
      UserError: an argument is none of them.
    """
    # Beam itself ignores what it does not know. This collects the flags of all its options
    # as Beam does inside PipelineOptions.get_all_options, which does not tell the rest.
    parser = beam.options.pipeline_options._BeamArgumentParser(allow_abbrev=False)
    for options_class in PipelineOptions.__subclasses__():
        options_class._add_argparse_args(parser)
    _, unknown = parser.parse_known_args(list(arguments))
    check(
        not unknown,
        f"Found the argument {unknown[0] if unknown else ''!r}, expected a flag of prepare_data or "
        "of Apache Beam: see --help for the names.",
    )
    return PipelineOptions(list(arguments))


def too_many(rejected: int, total: int, max_rejected: float) -> bool:
    """Whether more images were rejected than `PrepareDataConfig.max_rejected` allows."""
    return rejected > (max_rejected if max_rejected >= 1 else max_rejected * total)


def _run(
    config: PrepareDataConfig,
    source: Source,
    exclusive: Sequence[Sequence[str]],
    staging: Path,
    make_pipeline: Callable[[], beam.Pipeline],
) -> None:
    """Runs the Beam pipeline under a progress bar."""
    ticker = Ticker(staging / "ticks")
    transform = WriteDataset(
        source,
        staging,
        ticker,
        img_size=_stored_size(config, source),
        needed_size=max(config.min_size, _stored_size(config, source)) or DEFAULT_MIN_SIZE,
        val_fraction=config.val_fraction,
        seed=config.seed,
        exclusive=exclusive,
    )
    failures: list[BaseException] = []
    # Not thread.join: an interrupt inside it makes Python take the thread for ended.
    done = threading.Event()

    def work() -> None:
        try:
            with make_pipeline() as pipeline:
                _ = pipeline | "WriteDataset" >> transform
        except BaseException as error:  # carried over to the main thread
            failures.append(error)
        finally:
            done.set()

    # In a thread of its own: Ctrl-C then reaches the bar below, not Beam's insides.
    threading.Thread(target=work, name="beam", daemon=True).start()
    try:
        wait_with_bar(done, ticker, source.total, desc=f"Preparing {source.name}")
    except BaseException:
        ticker.stop()
        done.wait(STOP_SECONDS)
        raise
    if failures:
        if full := disk_full(failures[0], staging):
            raise full from failures[0]
        explanation = staging / FAILURE_FILE
        if explanation.exists():
            raise UserError(explanation.read_text(encoding="utf-8")) from failures[0]
        raise failures[0]


def _stored_size(config: PrepareDataConfig, source: Source) -> int:
    """Side of the stored square images; 0 when each keeps its own."""
    return config.img_size or source.default_size


def _read_rejected(staging: Path) -> list[dict[str, str]]:
    values = json.loads((staging / "rejected.json").read_text(encoding="utf-8"))
    return sorted(values, key=lambda value: value["file"])


def _write_rejected(path: Path, rejected: list[dict[str, str]]) -> None:
    lines = [json.dumps(value, ensure_ascii=False) + "\n" for value in rejected]
    path.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")


def _check_rejected(config: PrepareDataConfig, rejected: list[dict[str, str]], total: int) -> None:
    if not too_many(len(rejected), total, config.max_rejected):
        return
    output = Path(config.output_dir).absolute()
    room = MAX_NAME_BYTES - len(f".{REJECTED_FILE}")
    listing = output.with_name(f"{short_name(output.name, room)}.{REJECTED_FILE}")
    _write_rejected(listing, rejected)
    reason, count = collections.Counter(value["reason"] for value in rejected).most_common(1)[0]
    raise UserError(
        f"Found {len(rejected)} of {total} images that were rejected ({count} of them: {reason}), "
        f"expected at most --max_rejected={config.max_rejected:g}: see {listing}, then remove "
        "those files or raise --max_rejected."
    )


def _make_info(
    config: PrepareDataConfig,
    source: Source,
    exclusive: tuple[tuple[str, ...], ...],
    staging: Path,
    rejected: int,
) -> DatasetInfo:
    groups = (ALL,) if source.attributes else source.domains
    counts = {split: dict.fromkeys(groups, 0) for split in SPLITS}
    encoded_bytes = {split: dict.fromkeys(groups, 0) for split in SPLITS}
    positives = {split: dict.fromkeys(source.attributes, 0) for split in SPLITS}
    sides: collections.Counter[int] = collections.Counter()
    for shard in json.loads((staging / "shards.json").read_text(encoding="utf-8")):
        counts[shard["split"]][shard["group"]] += shard["images"]
        encoded_bytes[shard["split"]][shard["group"]] += shard["bytes"]
        for name, count in zip(source.attributes, shard["positives"], strict=True):
            positives[shard["split"]][name] += count
        sides.update({int(side): count for side, count in shard["sides"].items()})
    splits = [split for split in SPLITS if split in source.splits]
    settings: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        if field.metadata["hyperparameter"]:  # not where things lie
            value = getattr(config, field.name)
            settings[field.name] = list(value) if isinstance(value, tuple) else value  # as in JSON
    return DatasetInfo(
        name=source.name,
        source=config.source,
        domains=source.domains,
        counts={split: counts[split] for split in splits},
        encoded_bytes={split: encoded_bytes[split] for split in splits},
        img_size=_stored_size(config, source),
        licence=source.licence,
        credits=source.credits,
        rejected=rejected,
        settings=settings,
        attributes=source.attributes,
        sides=_sides(sides),
        exclusive=exclusive,
        positives={split: positives[split] for split in splits} if source.attributes else {},
    )


def _sides(counts: collections.Counter[int]) -> dict[str, int]:
    """The least, the median and the most of the shorter sides, of how many images have each."""
    ordered = sorted(counts.elements())
    if not ordered:
        return {}
    return {"least": ordered[0], "median": ordered[len(ordered) // 2], "most": ordered[-1]}


def _check_groups(info: DatasetInfo, splits: Sequence[str]) -> None:
    for split in splits:
        for group in info.groups:
            images = "images" if info.attributes else f"images of the domain {group}"
            remedy = "" if info.attributes else "remove the domain, "
            others = sum(by_group[group] for by_group in info.counts.values())
            taken, beside = "", ""
            if split == "train" and others:
                taken = f" and are not for validation, as {others} are"
                beside = f" beside the {LEAST_VALIDATION} for validation"
            check(
                info.counts[split][group] > 0,
                f"Found no {images} in the {split} split that were not rejected{taken}, expected "
                f"at least one{beside}: add images, {remedy}or "
                "pass --val_fraction=0 for no validation.",
            )
