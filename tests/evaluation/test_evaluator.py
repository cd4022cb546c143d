"""The protocol as a whole, with painters in place of trained networks."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.config.evaluate import EvaluateConfig
from stargan_tf.data.input_pipeline import eval_dataset
from stargan_tf.errors import UserError
from stargan_tf.evaluation import outputs as outputs_module
from stargan_tf.evaluation import task_runner
from stargan_tf.evaluation.evaluator import Evaluator
from stargan_tf.evaluation.features.images import quantize_to_8_bit
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.real_images import ImageFeatures, real_images
from stargan_tf.evaluation.statistics_cache import FeatureCache, shard_digests
from stargan_tf.sampling.drawing import to_8_bit
from tests.data import makers
from tests.evaluation.fakes import MeanColours, Painter, fake_networks

DOMAINS = ("cat", "dog")
COLOURS = {0: np.array([-0.5, 0.0, 0.0]), 1: np.array([0.5, 0.0, 0.2])}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Enough images for every metric."""
    root = tmp_path_factory.mktemp("evaluation")
    counts = {f"{s}/{d}": n for s, n in (("train", 12), ("val", 6)) for d in DOMAINS}
    source = makers.folder(root / "source", counts)
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture(scope="module")
def other_data_dir(data_dir, tmp_path_factory):
    """As many images, of which one differs."""
    root = tmp_path_factory.mktemp("other")
    counts = {f"{s}/{d}": n for s, n in (("train", 12), ("val", 6)) for d in DOMAINS}
    source = makers.folder(root / "source", counts)
    image = next((source / "val" / "cat").iterdir())
    image.write_bytes(next((source / "val" / "dog").iterdir()).read_bytes())
    makers.prepared(root / "data", source="folder", input_dir=str(source))
    return root / "data"


@pytest.fixture
def make(data_dir, tmp_path):
    def make_evaluator(out="out", data=data_dir, **settings):
        config = EvaluateConfig(run_dir=".", **{"num_outs_per_domain": 3, **settings})
        config.validate()
        return Evaluator(config, data, tmp_path / out, fake_networks())

    return make_evaluator


def evaluated(painter=None, **changes):
    model = TrainedModel("here", DOMAINS, painter or Painter(COLOURS), step=5, fingerprint="f5")
    return model._replace(**changes)


def test_every_metric_of_every_pair(make, tmp_path):
    results = make().evaluate(evaluated())
    kinds = ["FD_mean_colours", "KD_mean_colours", "accuracy", "precision", "recall"]
    expected = {
        f"{kind}_{mode}/{pair}"
        for kind in kinds
        for mode in ("latent", "reference", "source")
        for pair in ("cat2dog", "dog2cat", "mean")
    }
    expected |= {f"{kind}_real/{name}" for kind in kinds for name in (*DOMAINS, "mean")}
    expected |= {
        f"{kind}_{mode}/{pair}"
        for kind in ("PD_pixels", "change")
        for mode in ("latent", "reference")
        for pair in ("cat2dog", "dog2cat", "mean")
    }
    expected |= {
        f"change_same_{mode}/{name}"
        for mode in ("latent", "reference")
        for name in (*DOMAINS, "mean")
    }
    assert set(results) == expected | {"about"}
    assert all(np.isfinite(value) for key, value in results.items() if key != "about")
    assert json.loads((tmp_path / "out" / "metrics.json").read_text()) == results
    assert "mean_colours" in (tmp_path / "out" / "table.txt").read_text()
    about = results["about"]
    assert about["features"] == "mean_colours" and about["step"] == 5
    assert about["validation_images"] == {"cat": 6, "dog": 6}
    assert about["outputs"] == about["outputs_compared"] == {"cat": 18, "dog": 18}


def test_the_same_command_gives_the_same_metrics(make, tmp_path):
    first = make().evaluate(evaluated())
    for file in (tmp_path / "out" / "tasks").iterdir():
        file.unlink()
    assert make().evaluate(evaluated()) == first


class CountingPainter(Painter):
    """Notes how many images are encoded at each call, too."""

    def encode(self, x):
        note = tf.py_function(lambda x: self.calls.append(("encode", -1, len(x))), [x], [])
        with tf.control_dependencies([note]):
            return tf.identity(x)


def test_no_network_is_asked_twice_for_the_same(make, data_dir, tmp_path):
    """Not for real images, not for sources or references, and never for a task's sake."""
    data = tmp_path / "data"
    shutil.copytree(data_dir, data, ignore=shutil.ignore_patterns("cache"))
    painter, evaluator = CountingPainter(COLOURS), make(data=data)
    evaluator.evaluate(evaluated(painter))
    outputs = 2 * 2 * 6 * 3  # modes, pairs, sources, outputs of each
    assert evaluator._networks.features.seen == 2 * (12 + 6) + outputs
    shown = 4  # first images of each domain, in the images of changes
    numbers = {}
    for mode, domain, number in painter.calls:
        numbers.setdefault((mode, domain), []).append(number)
    assert sorted(numbers["encode", -1]) == [shown, shown, 6, 6]
    assert sorted(numbers["reference", 0]) == sorted(numbers["reference", 1]) == [shown, 6]


@pytest.mark.parametrize("max_sources", [0, 4])
def test_the_same_metrics_as_with_nothing_kept(make, monkeypatch, max_sources):
    # As feature networks must, or sources would not be what real images are.
    monkeypatch.setattr(MeanColours, "prepare", lambda self, images: quantize_to_8_bit(images))
    monkeypatch.setattr(MeanColours, "protocol", "8-bit")
    settings = {"max_sources": max_sources}
    kept = make(**settings).evaluate(evaluated())
    monkeypatch.setattr(outputs_module, "MOST_KEPT_BYTES", 0)
    monkeypatch.setattr(OutputDrawer, "_codes_of", codes_made_anew)
    monkeypatch.setattr(ImageFeatures, "first", lambda self, count: None)
    monkeypatch.setattr(ImageFeatures, "manifold", property(lambda self: self.rows))
    evaluator, painter = make("anew", **settings), CountingPainter(COLOURS)
    anew = evaluator.evaluate(evaluated(painter))
    assert evaluator._networks.features.seen > 2 * 2 * (max_sources or 6) * 3
    assert len([name for name, *_ in painter.calls if name == "encode"]) > 8
    assert kept.pop("about") == anew.pop("about")
    assert kept == pytest.approx(anew, rel=1e-6, abs=1e-9)


def codes_made_anew(self, task, references):
    return self._codes.make(self.modes[task.mode], references, task.index)


def test_modes_and_number_of_sources(make):
    painter = Painter(COLOURS)
    results = make(modes=("latent",), max_sources=4).evaluate(evaluated(painter))
    assert not [key for key in results if "_reference/" in key]
    outputs = [("latent", 1, 12), ("latent", 0, 12)]
    changes = [("latent", domain, 4) for domain in (1, 0, 0, 1)]  # to the other domain, to its own
    image = [("latent", domain, 4) for domain in (0, 1)]
    assert painter.calls == outputs + changes + image


def test_modes_that_the_model_has_not_are_refused(make, tmp_path):
    with pytest.raises(UserError, match="--modes=latent,label, expected some of latent, reference"):
        make(modes=("latent", "label")).evaluate(evaluated())
    assert not (tmp_path / "out").exists()


def test_results_from_before_a_metric_are_still_known(make, tmp_path):
    """How far translations are from sources is added to them, and nothing is measured again."""
    make().evaluate(evaluated())
    for file in (tmp_path / "out" / "tasks").glob("change_*"):
        file.unlink()
    painter, again = Painter(COLOURS), make()
    again.evaluate(evaluated(painter))
    assert again._networks.features.seen == 0
    assert {number for _, _, number in painter.calls} == {6, 4}  # one of each source; the image


def test_change_of_known_translations(make, tmp_path, data_dir):
    """By hand: each image becomes a colour, that of its domain or the mean of its own."""
    results = make(modes=("reference",)).evaluate(evaluated())
    for name in DOMAINS:
        dataset = eval_dataset(data_dir, "val", img_size=8, batch_size=6, domain=name)
        x = to_8_bit(next(dataset.as_numpy_iterator())[0]).astype(float)
        means = np.round(x.mean(axis=(1, 2), keepdims=True))
        expected = np.abs(x - means).mean() / 255
        assert results[f"change_same_reference/{name}"] == pytest.approx(expected, abs=1e-3)
    with Image.open(tmp_path / "out" / "change_reference.png") as image:
        assert image.mode == "RGB" and image.height > 8 * 8


def test_where_the_domain_decides_alone_each_source_has_one_output(make):
    mode = Mode("label", NOTHING, "translations")

    class OneCode(Painter):
        modes = (mode,)

        def make_codes(self, mode, source, y):
            return tf.gather(self.colours, y)

    results = make().evaluate(evaluated(OneCode(COLOURS)))
    assert results["about"]["modes"] == {"label": "translations"}
    assert results["about"]["outputs"] == {"cat": 6, "dog": 6}
    assert "accuracy_label/cat2dog" in results
    assert not [key for key in results if key.startswith("PD_")]
    assert {"change_label/cat2dog", "change_same_label/cat"} <= results.keys()


def test_an_interrupted_evaluation_goes_on_where_it_was(make, monkeypatch):
    done = []

    def interrupted(task, *arguments):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(task.name)
        return measure(task, *arguments)

    measure = task_runner.measure
    monkeypatch.setattr(task_runner, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make().evaluate(evaluated())
    monkeypatch.setattr(
        task_runner, "measure", lambda task, *a: done.append(task.name) or measure(task, *a)
    )
    results = make().evaluate(evaluated())
    assert len(done) == 6 and len(set(done)) == 6
    assert results == make().evaluate(evaluated()) and len(done) == 6


@pytest.mark.parametrize(
    ("settings", "changes"),
    [
        ({}, {"fingerprint": "f6"}),
        ({"seed": 8}, {}),
        ({"num_outs_per_domain": 2}, {}),
        ({"max_sources": 4}, {}),
        ({"data": "other"}, {}),
    ],
)
def test_results_of_other_settings_are_neither_taken_nor_lost(
    make, other_data_dir, settings, changes, tmp_path
):
    settings = {k: other_data_dir if v == "other" else v for k, v in settings.items()}
    first, second, third = (Painter(COLOURS) for _ in range(3))
    results = make(modes=("latent",)).evaluate(evaluated(first))
    with pytest.raises(UserError, match=r"Found results of other settings in .*out \(.*--overwr"):
        make(modes=("latent",), **settings).evaluate(evaluated(second, **changes))
    file = tmp_path / "out" / "metrics.json"
    assert json.loads(file.read_text()) == results and not second.calls
    other = make(modes=("latent",), overwrite=True, **settings)
    assert other.evaluate(evaluated(second, **changes)) != results
    assert first.calls and second.calls
    # What was measured for the first is still known.
    make(modes=("latent",), overwrite=True).evaluate(evaluated(third))
    assert not third.calls and json.loads(file.read_text()) == results


def test_images_of_another_size_are_measured_anew(make):
    make(modes=("latent",)).evaluate(evaluated())
    larger = Painter(COLOURS)
    larger.img_size = 16
    with pytest.raises(UserError, match=r"other settings in .* \(img_size\)"):
        make(modes=("latent",)).evaluate(evaluated(larger))
    make(modes=("latent",), overwrite=True).evaluate(evaluated(larger))
    assert larger.calls


def test_modes_are_measured_one_by_one(make):
    """The full evaluation of a folder goes on with what a partial one has."""
    make(modes=("reference",)).evaluate(evaluated())
    with pytest.raises(UserError, match=r"other settings in .* \(modes\)"):
        make().evaluate(evaluated())
    painter = Painter(COLOURS)
    make(overwrite=True, modes=("reference", "latent")).evaluate(evaluated(painter))
    assert {mode for mode, *_ in painter.calls} == {"latent"}
    make(modes=("latent", "reference")).evaluate(evaluated())  # the same in another order


def test_results_of_an_older_version_are_not_replaced(make, tmp_path):
    (tmp_path / "out").mkdir()
    old = json.dumps({"FD_latent/mean": 1.0, "about": {"step": 5, "seed": 7}})
    (tmp_path / "out" / "metrics.json").write_text(old)
    with pytest.raises(UserError, match="Found results of other settings"):
        make().evaluate(evaluated())
    assert (tmp_path / "out" / "metrics.json").read_text() == old
    make(overwrite=True).evaluate(evaluated())


def test_domains_whose_pairs_read_alike(tmp_path):
    """a to b2c, and a2b to c."""
    domains = ("a", "a2b", "b2c", "c")
    counts = {f"{s}/{d}": 4 for s in ("train", "val") for d in domains}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    colours = {i: np.full(3, 0.4 * i - 0.6) for i in range(4)}
    config = EvaluateConfig(run_dir=".", num_outs_per_domain=2, modes=("latent",))

    def evaluate():
        evaluator = Evaluator(config, tmp_path / "data", tmp_path / "out", fake_networks())
        return evaluator.evaluate(evaluated(Painter(colours), domains=domains))

    results = evaluate()
    found = {key for key in results if key.startswith("accuracy_latent/")}
    kept = list((tmp_path / "out" / "tasks").iterdir())
    assert len(found) == 12 + 1 and len(kept) == 24 + 12 + 4 + 1  # changes, and their image
    assert evaluate() == results


def test_a_read_only_data_set(make, data_dir, tmp_path, capsys):
    """Its features are kept with the results, and a line says so."""
    data = tmp_path / "read_only"
    shutil.copytree(data_dir, data, ignore=shutil.ignore_patterns("cache"))
    (data / "cache").touch()  # no folder can be made there
    results = make(data=data).evaluate(evaluated())
    assert results == make("usual").evaluate(evaluated())
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert f"{data}/cache cannot be written to" in warnings[0]
    assert warnings[0].endswith(f"are kept in {tmp_path / 'out' / 'cache'}.")
    assert len(list((tmp_path / "out" / "cache").iterdir())) == 2 * 4
    again = make(data=data, seed=8, overwrite=True)
    again.evaluate(evaluated())
    assert again._networks.features.seen == 2 * 2 * 6 * 3, "no real image once more"
    assert "warning" not in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(make, tmp_path):
    (tmp_path / "file").touch()
    evaluator = make("file/out")
    with pytest.raises(UserError, match=r"file/out cannot be written to \(Not a directory\)"):
        evaluator.evaluate(evaluated())
    assert not evaluator._networks.features.seen


def test_kept_images(make, tmp_path):
    make(modes=("latent",), max_sources=4, keep_images=True).evaluate(evaluated())
    folder = tmp_path / "out" / "images" / "latent" / "cat2dog"
    assert len(list(folder.glob("*.png"))) == 4 * 3
    fewer = make(modes=("latent",), keep_images=True, num_outs_per_domain=2, overwrite=True)
    fewer.evaluate(evaluated())
    assert len(list(folder.glob("*.png"))) == 6 * 2, "none of the first evaluation stays"


def test_images_that_were_kept_whole_are_not_drawn_again(make, tmp_path, monkeypatch):
    done = []
    measure = task_runner.measure

    def interrupted(task, *arguments):
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(task.name)
        return measure(task, *arguments)

    monkeypatch.setattr(task_runner, "measure", interrupted)
    settings = {"modes": ("latent",), "keep_images": True}
    with pytest.raises(KeyboardInterrupt):
        make(**settings).evaluate(evaluated())
    monkeypatch.setattr(
        task_runner, "measure", lambda task, *a: done.append(task.name) or measure(task, *a)
    )
    make(**settings).evaluate(evaluated())
    assert done.count("latent/cat2dog") == 1 and done.count("latent/dog2cat") == 1
    folders = [tmp_path / "out/images/latent" / pair for pair in ("cat2dog", "dog2cat")]
    assert [len(list(folder.glob("*.png"))) for folder in folders] == [18, 18]


def test_fewer_references_are_measured_anew(make, data_dir, tmp_path):
    """Where they are fewer and the sources are as many as before."""
    source = makers.folder(
        tmp_path / "source", {"train/cat": 12, "train/dog": 12, "val/cat": 4, "val/dog": 9}
    )
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    options = {"data": tmp_path / "data", "modes": ("reference",)}
    make(**options).evaluate(evaluated())
    again = Painter(COLOURS)
    make(**options, max_sources=5, overwrite=True).evaluate(evaluated(again))
    kept = [json.loads(p.read_text()) for p in (tmp_path / "out/tasks").glob("*cat2dog*.json")]
    found = {(k["key"]["task"], k["key"].get("references")) for k in kept}
    assert {("reference/cat2dog", 9), ("reference/cat2dog", 5)} <= found


def test_real_features_are_computed_once(data_dir, tmp_path):
    warnings = []
    options = {
        "img_size": 8,
        "cache": FeatureCache([tmp_path / "cache"], warnings.append),
        "shards": shard_digests(data_dir, "train", "dog"),
    }
    networks = [MeanColours(), MeanColours()]
    first, again = (
        real_images(data_dir, "train", "dog", network=network, **options) for network in networks
    )
    assert [network.seen for network in networks] == [12, 0]
    np.testing.assert_array_equal(first.rows, again.rows)
    np.testing.assert_array_equal(first.statistics.covariance, again.statistics.covariance)
    np.testing.assert_allclose(first.statistics.mean, first.rows.mean(axis=0), atol=1e-6)
    assert not warnings
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(file.read_bytes()[:50])  # damaged: computed again
    third = real_images(data_dir, "train", "dog", network=networks[1], **options)
    assert networks[1].seen == 12 and len(warnings) == 1
    np.testing.assert_array_equal(first.rows, third.rows)


def test_domains_of_another_run(make):
    with pytest.raises(UserError, match="Found the domains cat, dog .* expected those of the run"):
        make().evaluate(evaluated(domains=("dog", "cat")))


def test_one_image_is_too_few(tmp_path):
    counts = {"train/cat": 4, "train/dog": 1, "val/cat": 4, "val/dog": 4}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    config = EvaluateConfig(run_dir=".")
    evaluator = Evaluator(config, tmp_path / "data", tmp_path / "out", fake_networks())
    with pytest.raises(UserError, match="1 images of domain dog in split train .* at least 4"):
        evaluator.evaluate(evaluated())


def test_too_few_sources(make):
    found = "Found 3 validation images of domain cat .* at least 4: raise --max_sources"
    with pytest.raises(UserError, match=found):
        make(max_sources=3).evaluate(evaluated())


def test_more_sources_are_not_asked_for_where_there_are_none(tmp_path):
    counts = {"train/cat": 4, "train/dog": 4, "val/cat": 2, "val/dog": 2}
    source = makers.folder(tmp_path / "source", counts)
    makers.prepared(tmp_path / "data", source="folder", input_dir=str(source))
    config = EvaluateConfig(run_dir=".", max_sources=8)
    evaluator = Evaluator(config, tmp_path / "data", tmp_path / "out", fake_networks())
    with pytest.raises(UserError, match="at least 4: prepare the data set again with more images"):
        evaluator.evaluate(evaluated())
