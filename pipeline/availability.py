"""Whether TFX is installed, and if not, whether and how it can be.

TFX 1.15 runs on Python 3.10 and 3.11. TFX 1.21 runs on 3.12 and 3.13 too, but its libraries are
built for x86-64 and glibc 2.39 or newer alone. scripts/setup.sh chooses by the same rule.
"""

import importlib.util
import platform
import sys
from typing import NamedTuple

from stargan_tf.config.settings import check

_PACKAGES = ("tfx", "ml_metadata", "tensorflow_data_validation")
_FIRST_MODERN = (3, 12)
_GLIBC = (2, 39)
_PROCESSOR = "x86_64"


class Machine(NamedTuple):
    """What decides about TFX."""

    python: tuple[int, int]
    glibc: tuple[int, ...]  # empty where the C library is another
    has_tfx: bool
    processor: str = _PROCESSOR


def this_machine() -> Machine:
    """Looks at the Python that runs this, without importing TFX, which takes many seconds."""
    library, version = platform.libc_ver()
    glibc = tuple(map(int, version.split("."))) if library == "glibc" else ()
    has_tfx = all(importlib.util.find_spec(package) for package in _PACKAGES)
    return Machine(sys.version_info[:2], glibc, has_tfx, platform.machine())


def can_have_tfx(machine: Machine) -> bool:
    """Whether TFX is installed or can be."""
    built = machine.glibc >= _GLIBC and machine.processor == _PROCESSOR
    return machine.has_tfx or machine.python < _FIRST_MODERN or built


def why_not(machine: Machine) -> str:
    """One sentence about why there is no TFX and what to do; empty where there is."""
    if machine.has_tfx:
        return ""
    python = "Found Python {}.{}".format(*machine.python)
    if can_have_tfx(machine):
        modern = machine.python >= _FIRST_MODERN
        file = "requirements-pipeline-modern.txt" if modern else "requirements.txt"
        return f"{python} and no TFX, expected the packages of {file}: run make setup."
    glibc = "glibc " + ".".join(map(str, machine.glibc)) if machine.glibc else "no glibc"
    return (
        f"{python}, {glibc}, {machine.processor} and no TFX, expected Python 3.10 or 3.11, or "
        "glibc 2.39 or newer (Debian 13, Ubuntu 24.04) on x86_64, where TFX can be installed: "
        "run make PYTHON=/path/to/python3.11 setup."
    )


def require_tfx() -> None:
    """Ends commands that need TFX where there is none.

    Raises:
      UserError: TFX is not installed; the text says how it can be.
    """
    sentence = why_not(this_machine())
    check(not sentence, sentence)
