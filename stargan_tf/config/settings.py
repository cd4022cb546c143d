"""What every settings class shares: fields with help texts, JSON, comparison."""

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

from stargan_tf.errors import UserError

Config = TypeVar("Config")


def setting(
    default: Any,
    help: str,  # noqa: A002 (the name argparse and absl use)
    *,
    choices: tuple[str, ...] | None = None,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
    fixed: bool = True,
    hyperparameter: bool | None = None,
    path: bool = False,
    repeated: bool = False,
) -> Any:
    """Returns a dataclass field that becomes a command-line flag.

    Args:
      default: value when the flag is absent; its type is the flag's type (bool,
        int, float, str, or a tuple of str for a comma-separated list).
      help: what the flag does, for `--help`.
      choices: the only values a str may take.
      least: smallest number allowed.
      most: largest number allowed.
      below: the number must be smaller than this one.
      fixed: whether a resumed run must keep the value it was started with.
      hyperparameter: whether the value bears on what is learned; None means that
        it does when it is fixed.
      path: whether the value is the path of a file or folder, in which a leading ~ is a
        home folder.
      repeated: whether the flag of a tuple is given once for each value, not with commas.
    """
    metadata = {
        "help": help,
        "choices": choices,
        "least": least,
        "most": most,
        "below": below,
        "fixed": fixed,
        "path": path,
        "repeated": repeated,
        "hyperparameter": fixed if hyperparameter is None else hyperparameter,
    }
    return dataclasses.field(default=default, metadata=metadata)


def check_bounds(config: Any) -> None:
    """Raises UserError unless every number of a config lies within its setting's bounds.

    No number may be larger than TensorFlow's largest whole one.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        least, most, below = (field.metadata[key] for key in ("least", "most", "below"))
        if type(value) in (int, float):
            check(
                not abs(value) >= 2**63,
                f"Found --{field.name}={value!s:.40}, expected a number below 2^63: change it.",
            )
        inside = (
            (least is None or value >= least)
            and (most is None or value <= most)
            and (below is None or value < below)
        )
        if not inside:
            bounds = _bounds(least, most, below)
            raise UserError(f"Found --{field.name}={value}, expected {bounds}.")


def _bounds(least: float | None, most: float | None, below: float | None) -> str:
    """The bounds in words, with what to do."""
    if most is not None or below is not None:
        upper = f"{most}]" if most is not None else f"{below:g})"
        lower = "(-inf" if least is None else f"[{least:g}"
        return f"a value in {lower}, {upper}: change it"
    return "0 or more: raise it" if least == 0 else f"at least {least:g}: raise it"


def check(condition: bool, sentence: str) -> None:
    """Raises UserError(sentence) unless `condition` holds."""
    if not condition:
        raise UserError(sentence)


def check_model(run_dir: str, saved_model: str) -> None:
    """Raises UserError unless exactly one of --run_dir and --saved_model names a folder."""
    check(
        not (run_dir and saved_model),
        "Found --run_dir and --saved_model, expected one of them: leave the other out.",
    )
    check(
        bool(run_dir or saved_model),
        "Found no --run_dir, expected the folder of a training run: pass --run_dir=runs/NAME, or "
        "an exported model as --saved_model=saved_models/NAME/VERSION.",
    )
    if saved_model:
        check(
            Path(saved_model).is_dir(),
            f"--saved_model={saved_model} is not a folder, expected the version folder of an "
            "exported model: check the path.",
        )
    else:
        check_run_dir(run_dir)


def check_run_dir(run_dir: str) -> None:
    """Raises UserError unless --run_dir names a folder."""
    check(
        bool(run_dir),
        "Found no --run_dir, expected the folder of a training run: pass --run_dir=runs/NAME.",
    )
    check(
        Path(run_dir).is_dir(),
        f"--run_dir={run_dir} is not a folder, expected that of a training run: check the path, or "
        "train one with python -m stargan_tf.train.",
    )


def from_dict(config_class: type[Config], values: dict[str, Any], where: Path) -> Config:
    """Makes a config of what `dataclasses.asdict` made of one, with JSON in between.

    Args:
      config_class: a settings class.
      values: by field name.
      where: the file they come from, for the error.

    Raises:
      UserError: there are fields that `config_class` does not have, or values of
        other types than its defaults, or none of the choices.
    """
    fields = {field.name: field for field in dataclasses.fields(config_class)}
    unknown = sorted(set(values) - set(fields))
    check(
        not unknown,
        f"{where} has unknown settings ({', '.join(unknown):.200}): it was written by another "
        "version of stargan_tf; use that one, or start anew.",
    )
    # JSON knows no tuples, and people write 1 for 1.0.
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    for name, value in values.items():
        expected = type(fields[name].default)
        check(
            type(value) is expected or (expected is float and type(value) is int),
            f"{where} has {name}: {value!r:.80}, expected a value of type {expected.__name__}: "
            "correct it.",
        )
        choices = fields[name].metadata["choices"]
        check(
            choices is None or value in choices,
            f"{where} has {name}: {value!r:.80}, expected one of {', '.join(choices or ())}: "
            "correct it.",
        )
    return config_class(**values)


def differing_fields(old: Any, new: Any) -> list[str]:
    """Names of the fixed fields whose values differ between two configs."""
    return [
        field.name
        for field in dataclasses.fields(old)
        if field.metadata["fixed"] and getattr(old, field.name) != getattr(new, field.name)
    ]
