"""Which of the long cases CI runs in one lane only."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def marked(cases: Iterable[str], quick: Sequence[str]) -> list[Any]:
    """Parameters of a fixture, of which all but the quick ones are marked as slow."""
    return [pytest.param(name, marks=() if name in quick else pytest.mark.slow) for name in cases]
