import pytest

from stargan_tf.errors import UserError
from stargan_tf.evaluation.features import registry
from stargan_tf.evaluation.features.registry import FEATURE_NETWORKS, load_feature_network


def test_names():
    assert FEATURE_NETWORKS == ("inception", "inception_keras", "efficientnet_lite0")


def test_the_installed_weights_need_no_file():
    network = load_feature_network("efficientnet_lite0")
    assert network.name == "efficientnet_lite0"


@pytest.mark.parametrize("network", [registry.Inception, registry.InceptionKeras])
def test_weights_are_passed_on(network, monkeypatch, tmp_path):
    path = tmp_path / "weights"
    path.touch()
    monkeypatch.setattr(network, "load", lambda path: f"made of {path}")
    assert load_feature_network(network.name, str(path)) == f"made of {path}"


@pytest.mark.parametrize(
    ("weights", "found"),
    [(None, "Found no --inception_weights"), ("no.pth", r"--inception_weights=no\.pth is not a")],
)
def test_missing_weights_are_explained(weights, found):
    with pytest.raises(UserError, match=rf"{found}.*inception_v3_google-0cc3c7bd\.pth and pass"):
        load_feature_network("inception", weights)


def test_an_unknown_name_is_explained():
    expected = "no feature network named vgg, expected one of inception, inception_keras, "
    with pytest.raises(UserError, match=expected):
        load_feature_network("vgg")
