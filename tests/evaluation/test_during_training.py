import numpy as np
import pytest

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.evaluation.during_training import QuickMetrics
from tests.data import makers
from tests.evaluation.fakes import Painter, fake_networks

DOMAINS = ("cat", "dog")


class PaintingAlgorithm:
    """Its networks are what draws."""

    settings = StarGANv2Settings(img_size=8)

    def __init__(self):
        self.made = []

    def drawable(self, networks):
        self.made.append(networks)
        return networks


def quick_metrics(data_dir, domains=DOMAINS, algorithm=None, load=fake_networks):
    return QuickMetrics(algorithm or PaintingAlgorithm(), data_dir, domains, load)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    root = tmp_path_factory.mktemp("during_training")
    counts = {f"{s}/{d}": n for s, n in (("train", 12), ("val", 6)) for d in DOMAINS}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


def test_metrics_are_the_same_every_time_and_follow_the_networks(data_dir):
    algorithm = PaintingAlgorithm()
    grey = Painter({0: np.zeros(3), 1: np.zeros(3)})
    measure = quick_metrics(data_dir, algorithm=algorithm)
    first = measure(grey)
    assert set(first) == {
        f"val/{metric}_{mode}"
        for metric in ("KD_mean_colours", "accuracy", "PD_pixels")
        for mode in ("latent", "reference")
    }
    assert first == measure(grey)
    grey.paint({0: np.full(3, 0.9), 1: np.full(3, -0.9)})
    far = measure(grey)
    assert far["val/KD_mean_colours_latent"] > first["val/KD_mean_colours_latent"]
    assert far["val/KD_mean_colours_reference"] == first["val/KD_mean_colours_reference"]
    assert algorithm.made == [grey]  # compiled once


def test_networks_that_measure_are_loaded_when_needed(data_dir):
    calls = []
    measure = quick_metrics(data_dir, load=lambda: calls.append(1) or fake_networks())
    assert not calls
    painter = Painter({0: np.zeros(3), 1: np.zeros(3)})
    measure(painter)
    measure(painter)
    assert calls == [1]


def test_too_few_images_are_said_once_and_end_nothing(tmp_path, capsys):
    counts = {"train/cat": 2, "train/dog": 5, "val/cat": 2, "val/dog": 2}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    measure = quick_metrics(tmp_path / "data")
    painter = Painter({0: np.zeros(3), 1: np.zeros(3)})
    assert measure(painter) == {} and measure(painter) == {}
    assert capsys.readouterr().err.count("warning: distances are not measured: Found") == 1


def test_one_domain_has_nothing_to_translate_into(data_dir):
    assert quick_metrics(data_dir, ("cat",))(None) == {}
