from pathlib import Path

import pytest

from tests.data import makers
from tests.data.fake_sources import FacesSource, register


@pytest.fixture(scope="module")
def faces_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set whose labels are the attributes smiling, young and glasses."""
    output = tmp_path_factory.mktemp("faces") / "data"
    with pytest.MonkeyPatch.context() as patch:
        register(patch, FacesSource)
        makers.prepared(output, source="fake", img_size=24)
    return output
