"""Command-line flags: made from the settings classes, read back into them."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from absl import app, flags, logging

from stargan_tf.errors import (
    UserError,
    disk_full,
    error_sentence,
    in_one_line,
    system_sentence,
)
from stargan_tf.native_output import quieten_tensorflow

Config = TypeVar("Config")

# What absl raises for flags that cannot be used: it looks for names that are like a wrong one.
_MISTAKES = (flags.Error, OSError, ValueError, RecursionError)
_OF_THE_SYSTEM = ("PermissionDeniedError", "NotFoundError")

logging.set_verbosity(logging.WARNING)
quieten_tensorflow()  # before anything imports it

# Flags count as the main module's own, so that --help lists them.
flags.disclaim_key_flags()


def define(config_class: type, base: Any = None, prefix: str = "") -> None:
    """Defines one flag for each field of a settings class.

    Args:
      config_class: a settings class.
      base: where the defaults come from (default: the class's own).
      prefix: what the flags' names start with, for commands of several settings classes.
    """
    _define(config_class, base, prefix, flags.FLAGS)


def parse(config_class: type[Config], base: Config | None = None, prefix: str = "") -> Config:
    """Returns the settings that the parsed flags describe.

    Args:
      config_class: a settings class that was given to `define`.
      base: where flags that were not given take their values from (default: the
        class's own defaults).
      prefix: as given to `define`.
    """
    return _parse(config_class, base, prefix, flags.FLAGS)


def read_flagfile(config_class: type[Config], path: str, base: Config | None = None) -> Config:
    """Returns the settings that a file of flags describes.

    Args:
      config_class: the settings class whose flags the file may hold.
      path: of the file.
      base: where flags that are not in it take their values from.

    Raises:
      UserError: the file cannot be read or holds something else.
    """
    values = flags.FlagValues()
    _define(config_class, base, "", values)
    rest = _read(values, [f"--flagfile={path}"], f"The flagfile {path}")
    if rest:
        raise UserError(f"Found {rest[0]!r} in {path}, expected one --flag a line: correct it.")
    return _parse(config_class, base, "", values)


def change(arguments: Sequence[str], where: str, *configs: Any) -> tuple[Any, ...]:
    """Returns settings with some of their flags changed.

    Args:
      arguments: the flags.
      where: they come from, for errors.
      *configs: the settings, of classes that have no field of the same name.

    Raises:
      UserError: there is no such flag, or it cannot have this value.
    """
    values = flags.FlagValues()
    for config in configs:
        _define(type(config), config, "", values)
    rest = _read(values, arguments, where)
    if rest:
        raise UserError(f"Found {rest[0]!r} in {where}, expected flags alone: correct it.")
    return tuple(_parse(type(config), config, "", values) for config in configs)


def _read(values: flags.FlagValues, arguments: Sequence[str], where: str) -> list[str]:
    """Parses flags that are not those of the command line; returns what are none."""
    try:
        return values(["", *arguments])[1:]
    except _MISTAKES as error:
        reason = _mistake(error)
        raise UserError(f"{where} cannot be used ({reason}): correct it.") from error


def _define(config_class: type, base: Any, prefix: str, values: flags.FlagValues) -> None:
    options: dict[str, Any] = {"flag_values": values}
    for field in dataclasses.fields(config_class):
        name, text = prefix + field.name, field.metadata["help"]
        default = field.default if base is None else getattr(base, field.name)
        if field.metadata["choices"]:
            flags.DEFINE_enum(name, default, list(field.metadata["choices"]), text, **options)
        elif isinstance(default, bool):
            flags.DEFINE_bool(name, default, text, **options)
        elif isinstance(default, int):
            flags.DEFINE_integer(name, default, text, **options)
        elif isinstance(default, float):
            flags.DEFINE_float(name, default, text, **options)
        elif field.metadata["repeated"]:
            flags.DEFINE_multi_string(name, list(default), text, **options)
        elif isinstance(default, tuple):
            flags.DEFINE_list(name, list(default), text, **options)
        else:
            flags.DEFINE_string(name, default, text, **options)


def _parse(
    config_class: type[Config], base: Config | None, prefix: str, values: flags.FlagValues
) -> Config:
    parsed: dict[str, Any] = {}
    for field in dataclasses.fields(config_class):
        flag = values[prefix + field.name]
        value = flag.value if base is None or flag.present else getattr(base, field.name)
        if field.metadata["path"] and flag.present:
            # The shell does so only where ~ begins a word, not in --out=~/looks.png.
            many = isinstance(value, list)
            value = [*map(os.path.expanduser, value)] if many else os.path.expanduser(value)
        parsed[field.name] = tuple(value) if isinstance(value, list) else value
    return config_class(**parsed)


def peek(*names: str, arguments: Sequence[str] | None = None) -> dict[str, str]:
    """Values of some flags, from the command line and its flagfiles, before any is defined.

    Args:
      *names: of the flags.
      arguments: to read instead of those of the command line.

    Returns:
      The values as they were typed, empty for flags that were not given. Mistakes are left
      to the parsing of all flags.
    """
    values = flags.FlagValues()
    values.set_gnu_getopt()  # what is not known here may look like an argument
    for name in names:
        flags.DEFINE_string(name, "", "", flag_values=values)
    with contextlib.suppress(*_MISTAKES):
        values(sys.argv if arguments is None else ["", *arguments], known_only=True)
    return {name: values[name].value or "" for name in names}


def _mistake(error: Exception) -> str:
    return "the name of a flag is too long" if isinstance(error, RecursionError) else str(error)


@contextlib.contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    """Ends the process with a sentence where the input or the system is at fault, not the code."""
    try:
        yield
    except UserError as error:
        print(f"error: {in_one_line(str(error))}", file=sys.stderr)
        sys.exit(error.exit_status)
    except BrokenPipeError:  # whoever read what we print has gone, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not (sentence := _sentence_of(error)):
            raise
        print(f"error: {in_one_line(sentence)}", file=sys.stderr)
        sys.exit(1)


def _sentence_of(error: Exception) -> str:
    """What to tell people of an error of the system; empty where the code is at fault."""
    if full := disk_full(error):
        return str(full)
    if isinstance(error, OSError):
        return error_sentence(error)
    # TensorFlow has types of its own for errors of the system; it may not be loaded.
    if type(error).__name__ in _OF_THE_SYSTEM and "tensorflow" in type(error).__module__:
        return system_sentence(str(error.message))
    return ""


def run(
    main: Callable[[Sequence[str]], int | None],
    *,
    define_flags: Callable[[], None] | None = None,
    extra_arguments: bool = False,
) -> None:
    """Parses the flags, runs `main` and exits, 0 only on success.

    Args:
      main: called with the arguments that are no flags of ours; returns the exit
        status, None for 0.
      define_flags: called first; defines flags that depend on others, see `peek`.
      extra_arguments: whether such arguments are allowed; by default each is an
        error, since it is most often a mistyped flag.
    """

    def guarded(argv: Sequence[str]) -> None:
        with _told_in_a_sentence():
            if argv[1:] and not extra_arguments:
                raise UserError(
                    f"Found the argument {argv[1]!r}, expected only --flags: write --name=value "
                    "and see --help for the names."
                )
            sys.exit(main(argv[1:]))

    def parse_flags(argv: list[str]) -> list[str]:
        try:
            return flags.FLAGS(argv, known_only=extra_arguments)
        except _MISTAKES as error:
            sentence = f"error: {_mistake(error)}: correct it; --help lists the flags."
            print(in_one_line(sentence), file=sys.stderr)
            sys.exit(1)

    with contextlib.suppress(AttributeError):  # where somebody has put another object there
        # Whoever reads a log sees a line when it is said; no name of a file is too odd to print.
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    if define_flags:
        with _told_in_a_sentence():
            define_flags()
    if {"--help", "-help", "-h"} & set(sys.argv[1:]):
        # As app.run does, but asking for help is no failure.
        app.usage(shorthelp=True, writeto_stdout=True)
        sys.exit(0)
    app.run(guarded, flags_parser=parse_flags)
