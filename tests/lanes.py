"""The two sets of packages that the tests run on.

Full: requirements.txt, Python 3.10 and 3.11. Modern: requirements-modern.txt, Python 3.12 and
3.13.
"""

import sys

import pytest

MODERN = sys.version_info >= (3, 12)


def only_in_full_lane(reason: str) -> None:
    """Skips the tests of the module that calls it, in the modern lane."""
    if MODERN:
        pytest.skip(reason, allow_module_level=True)
