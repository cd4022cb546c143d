import dataclasses

import pytest

from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import UserError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "photo.jpg").touch()
    return SampleConfig(
        run_dir=str(tmp_path), src=str(tmp_path / "photo.jpg"), out=str(tmp_path / "grid.png")
    )


def test_the_minimum_is_enough(config):
    config.validate()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG", "a.mp4", "a.webp", "a.gif"])
def test_formats(config, tmp_path, name):
    config = dataclasses.replace(config, out=str(tmp_path / name))
    config.validate()
    assert config.is_video == name.endswith(("mp4", "webp", "gif"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"run_dir": ""}, "Found no --run_dir"),
        ({"run_dir": "missing"}, "--run_dir=missing is not a folder"),
        ({"src": ""}, "Found no --src"),
        ({"src": "missing.jpg"}, "--src=missing.jpg does not exist"),
        ({"ref": "missing.jpg"}, "--ref=missing.jpg does not exist"),
        ({"psi": 1.5}, "--psi=1.5, expected a value in [0, 1]"),
        ({"psi": -0.1}, "--psi=-0.1, expected a value in [0, 1]"),
        ({"seed": -1}, "--seed=-1"),
        ({"seed": 2**63 - 4, "num_outputs": 4}, "expected 64 bits at most for the seed of each"),
        ({"num_outputs": 0}, "--num_outputs=0"),
        ({"frames": 0}, "--frames=0"),
        ({"fps": 0}, "--fps=0"),
        ({"batch_size": 0}, "--batch_size=0"),
        ({"out": "a.mp4", "num_outputs": 1}, "--num_outputs=1 for a video"),
        ({"out": ""}, "Found no --out"),
        ({"out": "a.tiff"}, "ends in one of .png"),
        ({"out": "a"}, "add --images_only"),
        ({"out": "a.png", "images_only": True}, "expected a folder"),
    ],
)
def test_mistakes(config, changes, sentence):
    with pytest.raises(UserError) as error:
        dataclasses.replace(config, **changes).validate()
    assert sentence in str(error.value)
    assert ": " in str(error.value)  # what to do comes last


def test_a_video_by_references_needs_no_number(config):
    dataclasses.replace(config, ref=config.src, num_outputs=1, out="new.mp4").validate()


def test_an_existing_file_stays(config, tmp_path):
    (tmp_path / "grid.png").touch()
    with pytest.raises(UserError, match="already exists.*--overwrite"):
        config.validate()
    dataclasses.replace(config, overwrite=True).validate()


def test_a_folder_is_no_file(config, tmp_path):
    (tmp_path / "grid.png").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        dataclasses.replace(config, overwrite=True).validate()


def test_an_existing_folder_of_images(config, tmp_path):
    config = dataclasses.replace(config, images_only=True, out=str(tmp_path / "out"))
    config.validate()
    (tmp_path / "out").mkdir()
    config.validate()  # it is empty
    (tmp_path / "out" / "old.png").touch()
    with pytest.raises(UserError, match="not empty.*--overwrite"):
        config.validate()
    dataclasses.replace(config, overwrite=True).validate()


def test_a_file_is_no_folder(config, tmp_path):
    (tmp_path / "out").touch()
    config = dataclasses.replace(config, images_only=True, out=str(tmp_path / "out"))
    with pytest.raises(UserError, match="is a file"):
        config.validate()
