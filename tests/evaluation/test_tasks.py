import zlib

import numpy as np
import pytest
from PIL import Image

from stargan_tf.evaluation import tasks as tasks_module
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.outputs import OutputDrawer
from stargan_tf.evaluation.real_images import ImageFeatures
from stargan_tf.evaluation.tasks import RealDomains, Task, measure
from tests.evaluation.fakes import Painter, fake_networks, statistics_of

COLOURS = {0: np.array([-0.5, 0.0, 0.0]), 1: np.array([0.5, 0.0, 0.2])}
LATENT = Task("latent", "cat", "dog", 1)
REFERENCE = Task("reference", "cat", "dog", 1)


def painted(domain, num, seed=0):
    """Real images of a domain: one-coloured, the colours of a normal distribution."""
    rng = np.random.default_rng([seed, domain])
    colours = COLOURS[domain] + 0.1 * rng.standard_normal([num, 3])
    return np.broadcast_to(colours[:, None, None], (num, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def networks():
    return fake_networks()


@pytest.fixture(scope="module")
def real(networks):
    network = networks.features
    rows = {d: network(painted(d, 400)).numpy() for d in COLOURS}
    classifier = DomainClassifier.fit(np.concatenate(list(rows.values())), np.repeat([0, 1], 400))
    train = {
        name: ImageFeatures(statistics_of([rows[d]]), rows[d])
        for d, name in enumerate(["cat", "dog"])
    }
    return RealDomains(train, classifier)


@pytest.fixture(scope="module")
def measured(networks, real):
    """Measures batches."""

    def measure_batches(task, batches, on_progress=lambda _: None, keep_in=None):
        batches = list(batches)
        total = sum(batch.shape[0] * batch.shape[1] for batch in batches)
        return measure(task, iter(batches), total, networks, real, on_progress, keep_in)

    return measure_batches


def drawn(task, painter, num=6, references=None, **settings):
    settings = {"num_outs": 5, "batch_size": 4, "seed": 1, **settings}
    references = painted(1, 30) if references is None else references
    return list(OutputDrawer(painter).draw(task, painted(0, num), references, **settings))


def test_latent_outputs():
    batches = drawn(LATENT, Painter(COLOURS))
    assert [batch.shape for batch in batches] == [(4, 5, 8, 8, 3), (2, 5, 8, 8, 3)]
    whole = np.concatenate(batches).reshape(30, -1)
    assert len(np.unique(whole, axis=0)) == 30  # every output has a latent of its own
    np.testing.assert_allclose(whole.reshape(-1, 3).mean(axis=0), COLOURS[1], atol=0.2)


def test_outputs_depend_on_seed_and_task_alone():
    first = np.concatenate(drawn(LATENT, Painter(COLOURS)))
    again = np.concatenate(drawn(LATENT, Painter(COLOURS), batch_size=4))
    np.testing.assert_array_equal(first, again)
    other_seed = np.concatenate(drawn(LATENT, Painter(COLOURS), seed=2))
    other_task = np.concatenate(drawn(LATENT._replace(source="bird"), Painter(COLOURS)))
    assert np.abs(first - other_seed).min() > 0 and np.abs(first - other_task).min() > 0


def test_references_are_the_targets_and_do_not_repeat():
    references = painted(1, 7)
    batches = drawn(REFERENCE, Painter(COLOURS), references=references)
    colours = np.concatenate(batches)[:, :, 0, 0]
    known = {tuple(np.round(c, 5)) for c in references[:, 0, 0]}
    for row in colours:
        used = {tuple(np.round(colour, 5)) for colour in row}
        assert len(used) == 5 and used <= known


@pytest.mark.parametrize(("mode", "num_outs"), [("latent", 1), ("reference", 1), ("latent", 3)])
def test_outputs_do_not_depend_on_how_many_are_drawn_at_once(mode, num_outs):
    task = LATENT._replace(mode=mode)
    settings = {"num": 70, "num_outs": num_outs}
    few, many = (
        np.concatenate(drawn(task, Painter(COLOURS), batch_size=size, **settings))
        for size in (2, 64)
    )
    assert few.shape[:2] == (70, num_outs)
    np.testing.assert_allclose(few, many, atol=1e-6)


def test_few_references_repeat():
    batches = drawn(REFERENCE, Painter(COLOURS), references=painted(1, 2))
    assert np.concatenate(batches).shape[:2] == (6, 5)


def test_good_translations_measure_better_than_bad_ones(measured):
    seen = []
    metrics = {}
    for name, colours in {"good": COLOURS, "bad": {1: np.array([-0.5, 0.9, -0.9])}}.items():
        outputs = drawn(LATENT, Painter(colours, spread=0.1), num=80)
        metrics[name] = measured(LATENT, outputs, seen.append)
    good, bad = metrics["good"], metrics["bad"]
    assert sum(seen) == 2 * 400 and set(good) == set(bad)
    assert good["FD"] < 0.05 < bad["FD"] and good["KD"] < 0.01 < bad["KD"]
    assert good["accuracy"] == 1 and good["precision"] > 0.7 and good["recall"] > 0.7
    assert bad["accuracy"] < 0.5 and bad["precision"] == bad["recall"] == 0


def test_diversity_is_between_the_outputs_of_a_source(measured):
    def diversity(spread):
        return measured(LATENT, drawn(LATENT, Painter(COLOURS, spread), num=40))["diversity"]

    assert diversity(0.0) == pytest.approx(0, abs=1e-6)
    assert diversity(0.05) < diversity(0.2)


def test_sources_as_they_are_have_no_diversity(measured):
    task = Task("source", "cat", "dog", 1)
    metrics = measured(task, [painted(0, 50)[:, np.newaxis]])
    assert "diversity" not in metrics and metrics["accuracy"] == 0


def test_images_are_measured_as_they_are_shown(measured):
    """Beyond the range and between the 8-bit levels, networks would see what nobody does."""
    bright = np.full([40, 2, 8, 8, 3], 1.0, np.float32)
    assert measured(LATENT, [bright]) == measured(LATENT, [3 * bright])


def test_outputs_are_kept_on_request(measured, tmp_path):
    outputs = drawn(LATENT, Painter(COLOURS))
    measured(LATENT, outputs, keep_in=tmp_path / "kept")
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert len(names) == 30 and names[0] == "00000_00.png" and names[-1] == "00005_04.png"
    pixel = np.asarray(Image.open(tmp_path / "kept" / "00004_02.png"))[0, 0]
    expected = np.round((np.clip(outputs[1][0, 2, 0, 0], -1, 1) + 1) * 127.5)
    np.testing.assert_array_equal(pixel, expected)


def test_every_source_counts(measured, monkeypatch):
    """Beyond the number of outputs that are compared one by one: the first half is perfect."""
    good = painted(1, 100, seed=5)
    bad = -good  # of the other domain, and of colours that it has not
    batches = [part[i : i + 7, np.newaxis] for part in (good, bad) for i in range(0, 100, 7)]
    whole = measured(LATENT, batches)
    monkeypatch.setattr(tasks_module, "MAX_ROWS", 40)
    some = measured(LATENT, batches)
    assert (some["FD"], whole["accuracy"]) == (whole["FD"], 0.5)
    assert some["accuracy"] == pytest.approx(0.5)
    assert some["precision"] == pytest.approx(whole["precision"], abs=0.1)
    assert some["KD"] == pytest.approx(whole["KD"], rel=0.3)
    assert some == measured(LATENT, batches), "nothing is drawn at random"


@pytest.mark.parametrize("total", [2, 39, 40])
def test_few_outputs_are_all_compared(measured, monkeypatch, total):
    compared = []
    monkeypatch.setattr(tasks_module, "MAX_ROWS", 40)
    monkeypatch.setattr(
        tasks_module, "compare", lambda task, found, real: compared.append(found) or {}
    )
    images = painted(1, total)
    measured(LATENT, [images[i : i + 9, np.newaxis] for i in range(0, total, 9)])
    (found,) = compared
    np.testing.assert_allclose(found.rows[:, :3], images[:, 0, 0], atol=0.005)


def test_names_seeds_and_files_as_they_always_were():
    """Published tables can be made again."""
    assert (LATENT.name, LATENT.seed(7)) == ("latent/cat2dog", [7, 2984586948])
    portraits = Task("reference", "open-peeps", "pixel-art", 1)
    assert portraits.name == "reference/open-peeps2pixel-art"
    assert portraits.seed(7) == [7, zlib.crc32(b"reference/open-peeps2pixel-art")]
    assert Task("latent", "50%", "cat", 1).name == "latent/50%2cat"


def test_no_two_tasks_share_a_name_or_a_seed():
    """A 2 in a domain's name could belong to it or stand between two."""
    domains = ("a", "b2c", "a2b", "c", "2", "22", "a2", "2b", "%32", "a%32b", "b", "a%25", "%25")
    tasks = [
        Task(mode, source, target, index)
        for mode in ("latent", "reference", "source")
        for source in domains
        for index, target in enumerate(domains)
    ]
    assert len({task.name for task in tasks}) == len(tasks)
    assert len({tuple(task.seed(0)) for task in tasks}) == len(tasks)
    assert all("/" not in task.pair for task in tasks)
