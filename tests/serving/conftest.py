from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir(three_domains_dir: Path) -> Path:
    """The data set of the exported model."""
    return three_domains_dir
