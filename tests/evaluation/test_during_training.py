import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.train import TrainConfig
from stargan_tf.evaluation.during_training import MAX_PAIRS, QuickMetrics, spread_pairs
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


def test_nothing_of_earlier_weights_is_kept(data_dir):
    """Codes of references and encoded sources are made once for all pairs, and at every call."""

    class Mixing(Painter):
        def make_codes(self, mode, source, y):
            return super().make_codes(mode, source, y) + tf.gather(self.colours, y)

        def encode(self, x):
            return x + self.colours[0, 0]

        def draw(self, encoded, codes):
            return 0.5 * encoded + super().draw(encoded, codes)

    painter = Mixing({0: np.zeros(3), 1: np.zeros(3)})
    measure = quick_metrics(data_dir)
    first = measure(painter)
    painter.paint({0: np.full(3, 0.4), 1: np.full(3, -0.4)})
    later = measure(painter)
    assert later == quick_metrics(data_dir)(painter)
    assert all(later[name] != first[name] for name in later if "KD" in name)


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


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 11, 12, 13, 30, 1000])
def test_pairs_are_bounded_and_spread(count):
    pairs = spread_pairs(count)
    assert len(pairs) == len(set(pairs)) == min(MAX_PAIRS, count * (count - 1))
    assert all(0 <= s < count and 0 <= t < count and s != t for s, t in pairs)
    sources, targets = ({pair[side] for pair in pairs} for side in (0, 1))
    assert len(sources) == min(count, MAX_PAIRS)
    if count <= MAX_PAIRS:
        assert sources == targets == set(range(count))
    else:
        assert max(sources) - min(sources) > 0.8 * count and len(targets) > MAX_PAIRS / 2


def test_the_flag_tells_how_many_pairs_are_measured():
    flag = next(field for field in dataclasses.fields(TrainConfig) if field.name == "eval_every")
    assert f"at most {MAX_PAIRS} pairs of domains" in flag.metadata["help"]


@pytest.mark.slow
def test_many_domains_take_no_longer_than_a_dozen_pairs(tmp_path, capsys):
    domains = tuple(f"domain{number:02}" for number in range(14))
    counts = {f"{s}/{d}": n for s, n in (("train", 5), ("val", 2)) for d in domains}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    measure = quick_metrics(tmp_path / "data", domains)
    painter = Painter(dict.fromkeys(range(14), np.zeros(3)))
    first = measure(painter)
    assert len([mode for mode, *_ in painter.calls if mode == "latent"]) == MAX_PAIRS
    references = [domain for mode, domain, _ in painter.calls if mode == "reference"]
    assert len(references) == len({target for _, target in spread_pairs(14)})
    assert measure(painter) == first and "val/KD_mean_colours_reference" in first
    said = capsys.readouterr().err
    assert said.count("16 validation images for 12 of the 182 pairs of domains;") == 1
