"""What a pipeline is made of, from the flags that all runners share.

These are --NAME of the pipeline itself, --data.NAME of prepare_data and --train.NAME of train.
"""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.config import PipelineConfig
from pipeline.paths import absolute
from stargan_tf import flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.data import sources
from stargan_tf.errors import UserError
from stargan_tf.files import check_no_pattern

DATA, TRAIN = "data.", "train."
# A pipeline runs unwatched: by default it trusts no data set in which an image is broken.
DATA_DEFAULTS = PrepareDataConfig(max_rejected=0.0)
# What the pipeline chooses itself.
_CHOSEN = {DATA: ("output_dir",), TRAIN: ("data_dir", "run_dir")}


class Options(NamedTuple):
    """What a pipeline is made of."""

    pipeline: PipelineConfig
    data: PrepareDataConfig
    train: TrainConfig


def define_flags() -> None:
    """Defines the flags of all parts; those of training are the chosen algorithm's.

    Raises:
      UserError: there is no such algorithm.
    """
    flags.define(PipelineConfig)
    flags.define(PrepareDataConfig, DATA_DEFAULTS, DATA)
    train = _train_defaults()
    flags.define(type(train), train, TRAIN)


def parse() -> Options:
    """Reads and checks the flags, and the flagfiles that they name.

    Raises:
      UserError: one sentence about the first thing that is wrong.
    """
    pipeline = flags.parse(PipelineConfig)
    pipeline.validate()
    data = _part(PrepareDataConfig, DATA_DEFAULTS, pipeline.data_flags, DATA)
    defaults = _train_defaults()
    train = _part(type(defaults), defaults, pipeline.train_flags, TRAIN)
    _with_prefix(DATA, data.validate_ranges)
    _with_prefix(DATA, lambda: sources.validate(data))
    _with_prefix(TRAIN, dataclasses.replace(train, data_dir="data", run_dir="run").validate)
    check(
        not train.data_dir2,
        f"Found --{TRAIN}data_dir2={train.data_dir2}, expected one data set in a pipeline, the one "
        "that it prepares: leave it out, or train on two with stargan_tf.train.",
    )
    _check_apart(pipeline, data)
    _check_no_patterns(pipeline)
    return Options(pipeline, data, train)


def _train_defaults() -> TrainConfig:
    """The default settings of the algorithm that flags or the flagfile of train name."""
    given = flags.peek(f"{TRAIN}algorithm", "train_flags")
    name = given[f"{TRAIN}algorithm"]
    if not name and given["train_flags"]:
        name = flags.peek("algorithm", arguments=[f"--flagfile={given['train_flags']}"])[
            "algorithm"
        ]
    return settings_class(name or DEFAULT)(algorithm=name or DEFAULT)


def _part(config_class: type, base: Any, flagfile: str, prefix: str) -> Any:
    if flagfile:
        base = flags.read_flagfile(config_class, flagfile, base)
    config = flags.parse(config_class, base, prefix)
    for name in _CHOSEN[prefix]:
        check(
            not getattr(config, name),
            f"Found --{prefix}{name}={getattr(config, name)}, which the pipeline chooses itself: "
            "leave it out; --pipeline_root says where everything goes.",
        )
    return config


def _check_apart(pipeline: PipelineConfig, data: PrepareDataConfig) -> None:
    if data.input_dir:
        images, root = Path(data.input_dir).resolve(), Path(pipeline.pipeline_root).resolve()
        check(
            images not in (root, *root.parents),
            f"--pipeline_root={pipeline.pipeline_root} lies inside --data.input_dir, where it "
            "would look like a domain: choose a folder elsewhere.",
        )


def _check_no_patterns(pipeline: PipelineConfig) -> None:
    """Rejects folders that TFX and Beam would read as patterns, which their parents count for."""
    check_no_pattern("pipeline_root", absolute(pipeline.pipeline_root))
    check_no_pattern("push_dir", absolute(pipeline.model_dir))


def _with_prefix(prefix: str, validate: Callable[[], None]) -> None:
    """Lets the errors of a part name its flags as they are called here."""
    try:
        validate()
    except UserError as error:
        raise UserError(re.sub(r"--(?=[a-z])", f"--{prefix}", str(error))) from error
