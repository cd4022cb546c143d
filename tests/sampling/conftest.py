import pytest

from stargan_tf.sampling.pictures import Sources
from stargan_tf.sampling.translate import Translator
from tests.sampling.fakes import SIZE, SOURCES, FakeGenerator, save_image


@pytest.fixture
def translator():
    return Translator(FakeGenerator(), batch_size=3)


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "photos"
    paths = [save_image(folder / name, colour) for name, colour in SOURCES.items()]
    return Sources(folder, paths, SIZE)
