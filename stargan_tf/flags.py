"""Command-line flags: made from the settings classes, read back into them."""

import dataclasses
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

# Chatter of TensorFlow's start-up (missing GPU libraries and the like) would
# bury our own lines; it must be silenced before TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app, flags, logging  # noqa: E402

from stargan_tf.errors import UserError  # noqa: E402

Config = TypeVar("Config")

logging.set_verbosity(logging.WARNING)

# Flags count as the main module's own, so that --help lists them.
flags.disclaim_key_flags()


def define(config_class: type) -> None:
    """Defines one flag for each field of a settings class."""
    for field in dataclasses.fields(config_class):
        default, text = field.default, field.metadata["help"]
        if field.metadata["choices"]:
            flags.DEFINE_enum(field.name, default, list(field.metadata["choices"]), text)
        elif isinstance(default, bool):
            flags.DEFINE_bool(field.name, default, text)
        elif isinstance(default, int):
            flags.DEFINE_integer(field.name, default, text)
        elif isinstance(default, float):
            flags.DEFINE_float(field.name, default, text)
        elif isinstance(default, tuple):
            flags.DEFINE_list(field.name, list(default), text)
        else:
            flags.DEFINE_string(field.name, default, text)


def parse(config_class: type[Config], base: Config | None = None) -> Config:
    """Returns the settings that the parsed flags describe.

    Args:
      config_class: a settings class that was given to `define`.
      base: where flags that were not given take their values from (default: the
        class's own defaults).
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(config_class):
        flag = flags.FLAGS[field.name]
        value = flag.value if base is None or flag.present else getattr(base, field.name)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return config_class(**values)


def run(main: Callable[[Sequence[str]], int | None], *, extra_arguments: bool = False) -> None:
    """Parses the flags, runs `main` and exits, 0 only on success.

    Args:
      main: called with the arguments that are no flags of ours; returns the exit
        status, None for 0.
      extra_arguments: whether such arguments are allowed; by default each is an
        error, since it is most often a mistyped flag.
    """

    def guarded(argv: Sequence[str]) -> None:
        try:
            if argv[1:] and not extra_arguments:
                raise UserError(
                    f"Found the argument {argv[1]!r}, expected only --flags: write --name=value "
                    "and see --help for the names."
                )
            sys.exit(main(argv[1:]))
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)

    def parse_known(argv: list[str]) -> list[str]:
        return flags.FLAGS(argv, known_only=True)

    if {"--help", "-help", "-h"} & set(sys.argv[1:]):
        # As app.run does, but asking for help is no failure.
        app.usage(shorthelp=True, writeto_stdout=True)
        sys.exit(0)
    app.run(guarded, flags_parser=parse_known) if extra_arguments else app.run(guarded)
