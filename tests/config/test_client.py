import dataclasses

import pytest

from stargan_tf.config.client import ClientConfig
from stargan_tf.errors import UserError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "photo.jpg").touch()
    (tmp_path / "photos").mkdir()
    return ClientConfig(
        model="pets",
        src=str(tmp_path / "photo.jpg"),
        target_domain="cat",
        out=str(tmp_path / "out"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"server": "grpc://localhost:8500"},
        {"server": "https://gateway.example/models"},
        {"server": "grpcs://[::1]:8500"},
        {"out": "a.png"},
        {"out": "a.JPG"},
        {"num_outputs": 4},
        {"version": 3},
        {"label": "stable"},
        {"psi": 0.0},
    ],
)
def test_what_works(config, changes):
    dataclasses.replace(config, **changes).validate()


def test_a_status_needs_no_images():
    ClientConfig(model="pets", status=True).validate()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"server": "localhost:8501"}, "--server=localhost:8501"),
        ({"server": "http://"}, "expected the address"),
        ({"server": "http://localhost:port"}, "expected the address"),
        ({"server": ""}, "expected the address"),
        ({"model": ""}, "Found no --model"),
        ({"model": "saved_models/pets"}, "without its folder"),
        ({"version": -1}, "--version=-1"),
        ({"version": 3, "label": "stable"}, "--version=3 and --label=stable"),
        ({"timeout": 0.0}, "--timeout=0.0"),
        ({"timeout": float("nan")}, "--timeout=nan"),
        ({"timeout": float("inf")}, "--timeout=inf"),
        ({"src": ""}, "Found no --src"),
        ({"src": "missing.jpg"}, "--src=missing.jpg does not exist"),
        ({"ref": "missing.jpg"}, "--ref=missing.jpg does not exist"),
        ({"target_domain": ""}, "Found no --target_domain"),
        ({"psi": 1.5}, "--psi=1.5, expected a value in [0, 1]"),
        ({"psi": float("nan")}, "--psi=nan"),
        ({"seed": -1}, "--seed=-1"),
        ({"seed": 2**63 - 2, "num_outputs": 4}, "64 bits"),
        ({"num_outputs": 0}, "--num_outputs=0"),
        ({"concurrency": 0}, "--concurrency=0"),
        ({"batch_size": 0}, "--batch_size=0"),
        ({"out": ""}, "Found no --out"),
        ({"out": "a.png", "num_outputs": 2}, "more than one image"),
    ],
)
def test_mistakes(config, changes, sentence):
    with pytest.raises(UserError) as error:
        dataclasses.replace(config, **changes).validate()
    assert sentence in str(error.value)
    assert ": " in str(error.value)  # what to do comes last


def test_references_are_not_truncated(config):
    config = dataclasses.replace(config, ref=config.src)
    config.validate()
    with pytest.raises(UserError, match="--psi=0.5 with --ref"):
        dataclasses.replace(config, psi=0.5).validate()


def test_one_file_is_for_one_image(config, tmp_path):
    config = dataclasses.replace(config, out="a.png")
    dataclasses.replace(config, ref=config.src, num_outputs=4).validate()
    for changes in ({"src": str(tmp_path / "photos")}, {"ref": str(tmp_path / "photos")}):
        with pytest.raises(UserError, match="more than one image, expected a folder"):
            dataclasses.replace(config, **changes).validate()


def test_what_is_there_stays(config, tmp_path):
    image = tmp_path / "a.png"
    image.touch()
    as_file = dataclasses.replace(config, out=str(image))
    with pytest.raises(UserError, match="already exists.*--overwrite"):
        as_file.validate()
    dataclasses.replace(as_file, overwrite=True).validate()
    (tmp_path / "out").mkdir()
    config.validate()  # it is empty
    (tmp_path / "out" / "old.png").touch()
    with pytest.raises(UserError, match="not empty.*--overwrite"):
        config.validate()
    dataclasses.replace(config, overwrite=True).validate()


def test_files_and_folders_are_not_mistaken(config, tmp_path):
    (tmp_path / "b.png").mkdir()
    (tmp_path / "file").touch()
    for name, sentence in (("b.png", "is a folder"), ("file", "is a file")):
        with pytest.raises(UserError, match=sentence):
            dataclasses.replace(config, out=str(tmp_path / name), overwrite=True).validate()
