import dataclasses

import pytest

from stargan_tf.config.align import AlignConfig
from stargan_tf.errors import UserError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("wing.ckpt", "mean.npz"):
        (tmp_path / name).touch()
    return AlignConfig(input_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))


def test_the_defaults_are_fine(config):
    config.validate()
    assert config.least_pixels == 128 and not config.needs_wing


@pytest.mark.parametrize(
    ("changes", "pixels"), [({"img_size": 0}, 64), ({"img_size": 64}, 32), ({"min_size": 7}, 7)]
)
def test_the_least_pixels(config, changes, pixels):
    assert dataclasses.replace(config, **changes).least_pixels == pixels


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"input_dir": ""}, "Found no --input_dir"),
        ({"input_dir": "nowhere"}, "nowhere is not a folder"),
        ({"output_dir": ""}, "Found no --output_dir"),
        ({"output_dir": "{tmp}/in/aligned"}, "lies inside --input_dir"),
        ({"output_dir": "{tmp}/in"}, "lies inside --input_dir"),
        ({"img_size": -1}, "--img_size=-1, expected 0 or more"),
        ({"max_outside": 1.5}, r"--max_outside=1.5, expected a value in \[0, 1\]"),
        ({"landmarks": "wing"}, "Found --landmarks=wing and no --wing_path"),
        (
            {"landmarks": "wing", "wing_path": "{tmp}/wing.ckpt"},
            "--landmarks=wing and no --lm_path",
        ),
        ({"compare": True}, "Found --compare and no --wing_path, expected the published wing.ckpt"),
        ({"compare": True, "wing_path": "{tmp}/no.ckpt"}, "no.ckpt is not a file"),
    ],
)
def test_mistakes_are_told(config, tmp_path, changes, sentence):
    changes = {
        name: value.format(tmp=tmp_path) if isinstance(value, str) else value
        for name, value in changes.items()
    }
    with pytest.raises(UserError, match=sentence):
        dataclasses.replace(config, **changes).validate()


def test_the_published_files_are_accepted(config, tmp_path):
    files = {"wing_path": str(tmp_path / "wing.ckpt"), "lm_path": str(tmp_path / "mean.npz")}
    dataclasses.replace(config, landmarks="wing", **files).validate()
    dataclasses.replace(config, compare=True, **files).validate()
