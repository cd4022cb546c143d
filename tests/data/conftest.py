from pathlib import Path

import pytest

from tests.data import makers


@pytest.fixture(scope="session")
def uneven_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set whose domains differ in size: 60, 7 and 2 images."""
    root = tmp_path_factory.mktemp("uneven")
    counts = {"train/big": 60, "train/mid": 7, "train/tiny": 2}
    counts |= {"val/big": 5, "val/mid": 3, "val/tiny": 1}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"
