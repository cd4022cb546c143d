import pytest

from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.sampling.stills import Sources
from tests.sampling.fakes import SIZE, SOURCES, FakeDrawable, save_image


@pytest.fixture
def drawer():
    return BatchDrawer(FakeDrawable(), batch_size=3)


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "photos"
    paths = [save_image(folder / name, colour) for name, colour in SOURCES.items()]
    return Sources(folder, paths, SIZE)
