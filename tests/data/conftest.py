from pathlib import Path

import pytest

from tests.data import makers
from tests.data.fake_sources import FacesSource, register


@pytest.fixture(scope="session")
def uneven_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set whose domains differ in size: 60, 7 and 2 images."""
    root = tmp_path_factory.mktemp("uneven")
    counts = {"train/big": 60, "train/mid": 7, "train/tiny": 2}
    counts |= {"val/big": 5, "val/mid": 3, "val/tiny": 1}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture(scope="session")
def faces_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set with attributes in place of domains: see `FacesSource`."""
    output = tmp_path_factory.mktemp("faces") / "data"
    with pytest.MonkeyPatch.context() as patch:
        register(patch, FacesSource)
        makers.prepared(output, source="fake", img_size=24)
    return output
