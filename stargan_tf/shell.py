"""Commands as people paste them into a shell."""

import shlex
from pathlib import Path


def command(name: str, **values: str | Path) -> str:
    """A command of stargan_tf with its flags, quoted where a shell needs it.

    Args:
      name: such as train.
      **values: of flags, by their names.
    """
    words = ["python", "-m", f"stargan_tf.{name}"]
    return shlex.join([*words, *(f"--{flag}={value}" for flag, value in values.items())])
