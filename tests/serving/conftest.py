from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set with the domains of the exported model."""
    from tests.data import makers
    from tests.serving.exports import DOMAINS

    root = tmp_path_factory.mktemp("three_domains")
    counts = {f"{split}/{name}": 4 for split in ("train", "val") for name in DOMAINS}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, data_dir: Path):
    """A model in every format, exported once."""
    from tests.serving.exports import make_export

    return make_export(tmp_path_factory.mktemp("models"), data_dir=str(data_dir))
