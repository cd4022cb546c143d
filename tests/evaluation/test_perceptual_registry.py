import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation import perceptual_registry
from stargan_tf.evaluation.perceptual_registry import PERCEPTUAL_DISTANCES, load_perceptual_distance


def test_names():
    assert PERCEPTUAL_DISTANCES == ("lpips", "efficientnet_lite0")


def test_the_installed_weights_need_no_file():
    assert load_perceptual_distance("efficientnet_lite0").name == "efficientnet_lite0"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.pth"
    path.touch()
    return str(path)


def test_weights_are_passed_on(file, monkeypatch):
    monkeypatch.setattr(perceptual_registry.LPIPS, "load", lambda *paths: paths)
    assert load_perceptual_distance("lpips", file, file) == (file, file)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("", True), "Found no --alexnet_weights, expected torchvision's AlexNet for LPIPS: "),
        ((True, None), "Found no --lpips_weights, expected LPIPS's linear heads for AlexNet: "),
        ((True, "no.pth"), r"--lpips_weights=no\.pth is not a file, expected LPIPS's"),
    ],
)
def test_missing_weights_are_explained(given, sentence, file):
    paths = [file if path is True else path for path in given]
    with pytest.raises(UserError, match=f"{sentence}.*download https"):
        load_perceptual_distance("lpips", *paths)


def test_an_unknown_name_is_explained():
    expected = "no perceptual distance named psnr, expected one of lpips, efficientnet_lite0"
    with pytest.raises(UserError, match=expected):
        load_perceptual_distance("psnr")
