"""What every settings class shares: fields with help texts, JSON, comparison."""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeVar

from stargan_tf.errors import UserError

Config = TypeVar("Config")


def setting(
    default: Any,
    help: str,  # noqa: A002 (the name argparse and absl use)
    *,
    choices: tuple[str, ...] | None = None,
    lasting: bool = True,
) -> Any:
    """Returns a dataclass field that becomes a command-line flag.

    Args:
      default: value when the flag is absent; its type is the flag's type (bool,
        int, float, str, or a tuple of str for a comma-separated list).
      help: what the flag does, for `--help`.
      choices: the only values a str may take.
      lasting: whether a resumed run must keep the value it was started with.
    """
    metadata = {"help": help, "choices": choices, "lasting": lasting}
    return dataclasses.field(default=default, metadata=metadata)


def check(condition: bool, sentence: str) -> None:
    """Raises UserError(sentence) unless `condition` holds."""
    if not condition:
        raise UserError(sentence)


def save(config: Any, path: Path) -> None:
    """Writes `config` as JSON, keys in the order of the fields."""
    path.write_text(json.dumps(dataclasses.asdict(config), indent=2) + "\n")


def load(config_class: type[Config], path: Path) -> Config:
    """Reads what `save` wrote.

    Raises:
      UserError: the file is not JSON, or holds fields that `config_class` does
        not have.
    """
    try:
        values = json.loads(path.read_text())
    except ValueError as error:
        raise UserError(
            f"{path} is not valid JSON ({error}): restore it or start a new run directory."
        ) from error
    fields = {field.name: field for field in dataclasses.fields(config_class)}
    unknown = sorted(set(values) - set(fields))
    check(
        not unknown,
        f"{path} has unknown settings {', '.join(unknown)}: it was written by another "
        "version; use that version or start a new run directory.",
    )
    for name, value in values.items():
        if isinstance(value, list):  # JSON knows no tuples
            values[name] = tuple(value)
    return config_class(**values)


def differing_fields(old: Any, new: Any) -> list[str]:
    """Names of the lasting fields whose values differ between two configs."""
    return [
        field.name
        for field in dataclasses.fields(old)
        if field.metadata["lasting"] and getattr(old, field.name) != getattr(new, field.name)
    ]
