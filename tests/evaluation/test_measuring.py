"""Every network of the tables is loaded with the weights files that the flags name."""

import importlib

import pytest

from stargan_tf.config.measuring import MeasuringConfig
from stargan_tf.errors import UserError
from stargan_tf.evaluation import measuring
from stargan_tf.evaluation.features.base import FeatureNetwork
from stargan_tf.evaluation.features.names import FEATURES, NetworkRow, WeightsFile
from stargan_tf.evaluation.measuring import load_measuring_networks
from stargan_tf.evaluation.perceptual.base import PerceptualDistance
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL
from tests.evaluation.fakes import MeanColours

FILES = {"inception_weights": "i.pth", "alexnet_weights": "a.pth", "lpips_weights": "l.pth"}


def class_of(folder, name, row):
    module = importlib.import_module(f"stargan_tf.evaluation.{folder}.{name}")
    return getattr(module, row.class_name)


@pytest.fixture
def loaded(monkeypatch):
    """What networks are loaded of, in place of loading them."""
    for folder, table in (("features", FEATURES), ("perceptual", PERCEPTUAL)):
        for name, row in table.items():
            load = lambda *paths, made=(folder, name): (*made, *paths)  # noqa: E731
            monkeypatch.setattr(class_of(folder, name, row), "load", load)
    return lambda **settings: load_measuring_networks(MeasuringConfig(**settings))


def test_rows_are_of_their_classes():
    for folder, table, base in (
        ("features", FEATURES, FeatureNetwork),
        ("perceptual", PERCEPTUAL, PerceptualDistance),
    ):
        for name, row in table.items():
            found = class_of(folder, name, row)
            assert issubclass(found, base) and found.name == name


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_network_gets_its_weights_files(loaded, name):
    flags = [file.flag for file in FEATURES[name].weights]
    given = {flag: FILES[flag] for flag in flags}
    expected = ("features", name, *(FILES[flag] for flag in flags))
    assert loaded(features=name, **given).features == expected


def test_weights_that_are_not_given_are_none(loaded):
    assert loaded(features="inception_keras").features == ("features", "inception_keras", None)


def test_perceptual_distances(loaded):
    assert loaded().perceptual == ("perceptual", "efficientnet_lite0")
    given = {flag: FILES[flag] for flag in ("alexnet_weights", "lpips_weights")}
    assert loaded(**given).perceptual == ("perceptual", "lpips", "a.pth", "l.pth")


def test_the_installed_weights_need_no_file():
    networks = load_measuring_networks(MeasuringConfig())
    assert networks.features.name == networks.perceptual.name == "efficientnet_lite0"


def test_a_row_is_all_that_a_new_network_needs(monkeypatch):
    """Beside its file."""

    class New(MeanColours):
        name = "new"

        @classmethod
        def load(cls, path):
            made = cls()
            made.path = path
            return made

    row = NetworkRow(
        "New", "is new", (WeightsFile("inception_weights", "weights", "https://x/y.z"),)
    )
    monkeypatch.setitem(FEATURES, "new", row)
    modules = {"stargan_tf.evaluation.features.new": type("Module", (), {"New": New})}
    real = importlib.import_module
    monkeypatch.setattr(
        measuring.importlib, "import_module", lambda name: modules.get(name) or real(name)
    )
    config = MeasuringConfig(features="new", inception_weights="y.z")
    config.validate_networks()
    assert load_measuring_networks(config).features.path == "y.z"


def test_a_class_of_another_name_than_its_row_is_refused(loaded, monkeypatch):
    """Its results would pass for those of the network of that name."""
    found = class_of("features", "efficientnet_lite0", FEATURES["efficientnet_lite0"])
    monkeypatch.setattr(found, "name", "thumbnail")
    with pytest.raises(UserError, match="name thumbnail of EfficientNetLite0, expected efficientn"):
        loaded()
