import numpy as np
import pytest
from PIL import Image

from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.real_images import RealImages
from stargan_tf.evaluation.statistics import statistics_of
from stargan_tf.evaluation.tasks import Measures, Task, measure, outputs_of
from tests.evaluation.fakes import MeanColours, Painter, PixelDistance

COLOURS = {0: np.array([-0.5, 0.0, 0.0]), 1: np.array([0.5, 0.0, 0.2])}
LATENT = Task("latent", "cat", "dog", 1)
REFERENCE = Task("reference", "cat", "dog", 1)


def painted(domain, num, seed=0):
    """Real images of a domain: one-coloured, the colours of a normal distribution."""
    rng = np.random.default_rng([seed, domain])
    colours = COLOURS[domain] + 0.1 * rng.standard_normal([num, 3])
    return np.broadcast_to(colours[:, None, None], (num, 8, 8, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def measures():
    network = MeanColours()
    rows = {d: network(painted(d, 400)).numpy() for d in COLOURS}
    classifier = DomainClassifier.fit(np.concatenate(list(rows.values())), np.repeat([0, 1], 400))
    train = {
        name: RealImages(statistics_of([rows[d]]), rows[d]) for d, name in enumerate(["cat", "dog"])
    }
    return Measures(network, PixelDistance(), classifier, train)


def drawn(task, painter, num=6, references=None, **settings):
    settings = {"latent_dim": 4, "num_outs": 5, "batch_size": 4, "seed": 1, **settings}
    references = painted(1, 30) if references is None else references
    return list(outputs_of(task, painter, painted(0, num), references, **settings))


def test_latent_outputs():
    painter = Painter(COLOURS)
    batches = drawn(LATENT, painter)
    assert [batch.shape for batch in batches] == [(4, 5, 8, 8, 3), (2, 5, 8, 8, 3)]
    assert painter.calls == [("random", 1, 20), ("random", 1, 10)]
    whole = np.concatenate(batches).reshape(30, -1)
    assert len(np.unique(whole, axis=0)) == 30  # every output has a latent of its own


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


def test_few_references_repeat():
    batches = drawn(REFERENCE, Painter(COLOURS), references=painted(1, 2))
    assert np.concatenate(batches).shape[:2] == (6, 5)


def test_good_translations_measure_better_than_bad_ones(measures):
    seen = []
    figures = {}
    for name, colours in {"good": COLOURS, "bad": {1: np.array([-0.5, 0.9, -0.9])}}.items():
        outputs = iter(drawn(LATENT, Painter(colours, spread=0.1), num=80))
        figures[name] = measure(LATENT, outputs, measures, seen.append)
    good, bad = figures["good"], figures["bad"]
    assert sum(seen) == 2 * 400 and set(good) == set(bad)
    assert good["FD"] < 0.05 < bad["FD"] and good["KD"] < 0.01 < bad["KD"]
    assert good["accuracy"] == 1 and good["precision"] > 0.7 and good["recall"] > 0.7
    assert bad["accuracy"] < 0.5 and bad["precision"] == bad["recall"] == 0


def test_diversity_is_between_the_outputs_of_a_source(measures):
    def diversity(spread):
        outputs = iter(drawn(LATENT, Painter(COLOURS, spread), num=40))
        return measure(LATENT, outputs, measures, lambda _: None)["diversity"]

    assert diversity(0.0) == pytest.approx(0, abs=1e-6)
    assert diversity(0.05) < diversity(0.2)


def test_sources_as_they_are_have_no_diversity(measures):
    task = Task("source", "cat", "dog", 1)
    outputs = iter([painted(0, 50)[:, np.newaxis]])
    figures = measure(task, outputs, measures, lambda _: None)
    assert "diversity" not in figures and figures["accuracy"] == 0


def test_images_are_measured_as_they_are_shown(measures):
    """Beyond the range and between the 8-bit levels, networks would see what nobody does."""
    bright = np.full([40, 2, 8, 8, 3], 1.0, np.float32)
    tasks = [measure(LATENT, iter([x]), measures, lambda _: None) for x in (bright, 3 * bright)]
    assert tasks[0] == tasks[1]


def test_outputs_are_kept_on_request(measures, tmp_path):
    outputs = drawn(LATENT, Painter(COLOURS))
    measure(LATENT, iter(outputs), measures, lambda _: None, tmp_path / "kept")
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert len(names) == 30 and names[0] == "00000_00.png" and names[-1] == "00005_04.png"
    pixel = np.asarray(Image.open(tmp_path / "kept" / "00004_02.png"))[0, 0]
    expected = np.round((np.clip(outputs[1][0, 2, 0, 0], -1, 1) + 1) * 127.5)
    np.testing.assert_array_equal(pixel, expected)
