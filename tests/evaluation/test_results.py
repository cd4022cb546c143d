import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.evaluation.results import MetricNames, in_short, table, with_means, write_curves
from stargan_tf.evaluation.tasks import Task

PAPER = MetricNames("inception", "lpips")
OFFLINE = MetricNames("efficientnet_lite0", "efficientnet_lite0")
TASK = Task("latent", "cat", "dog", 1)
ABOUT = {
    "step": 12,
    "tasks": "ordered pairs of domains",
    "modes": {"latent": "random styles", "reference": "styles of references"},
    "num_outs_per_domain": 10,
    "features_dim": 90,
    "training_images": {"cat": 200, "dog": 100},
    "validation_images": {"cat": 91, "dog": 92},
    "outputs_each": 10,
    "outputs": {"cat": 910, "dog": 920},
    "outputs_compared": {"cat": 910, "dog": 920},
}


def test_official_names_are_for_the_official_networks_alone():
    assert PAPER.key("FD", TASK) == "FID_latent/cat2dog"
    assert PAPER.key("KD", TASK) == "KID_latent/cat2dog"
    assert PAPER.key("diversity", TASK) == "LPIPS_latent/cat2dog"
    assert OFFLINE.key("FD", TASK) == "FD_efficientnet_lite0_latent/cat2dog"
    assert OFFLINE.key("diversity", TASK) == "PD_efficientnet_lite0_latent/cat2dog"
    assert MetricNames("inception_keras", "lpips").key("FD", TASK).startswith("FD_inception_keras")
    assert OFFLINE.key("accuracy", TASK) == "accuracy_latent/cat2dog"
    assert OFFLINE.key("change", TASK) == "change_latent/cat2dog"
    same = Task("latent", "dog", "dog", 1)
    assert OFFLINE.key("change_same", same) == "change_same_latent/dog"
    assert OFFLINE.key("accuracy", Task("real", "dog", "dog", 1)) == "accuracy_real/dog"


def test_means_are_over_the_tasks_of_one_kind():
    metrics = {"FID_latent/a2b": 1.0, "FID_latent/b2a": 3.0, "FID_reference/a2b": 7.0}
    found = with_means(metrics)
    assert found["FID_latent/mean"] == 2 and found["FID_reference/mean"] == 7
    assert metrics.items() <= found.items() and len(found) == 5


@pytest.mark.parametrize("names", [PAPER, OFFLINE])
def test_table(names):
    metrics = {
        names.key(metric, task): value
        for value, task in enumerate(
            [
                TASK,
                TASK._replace(mode="source"),
                Task("real", "dog", "dog", 1),
            ],
            start=41,
        )
        for metric in ("FD", "accuracy")
    }
    text = table(with_means(metrics) | {"about": ABOUT}, names)
    lines = text.splitlines()
    assert names.published("FD") in lines[0]
    assert [line.split("  ")[0] for line in lines[1:4]] == [
        "random styles",
        "sources as they are (no translation)",
        "real validation images",
    ]
    assert [line.split()[-8:] for line in lines[1:4]] == [
        [str(n), "-", "-", str(n), "-", "-", "-", "-"] for n in (41, 42, 43)
    ]
    assert "12 iterations" in text and "Lower is better" in text and "10 times" in text
    assert "than features" not in text and "at most" not in text
    many = ABOUT | {"outputs_compared": {"cat": 900, "dog": 900}}
    assert "come of 900 outputs at most" in table(with_means(metrics) | {"about": many}, names)
    assert "change_same:" not in text
    changes = {"change_latent/cat2dog": 0.25, "change_same_latent/cat": 0.125}
    changed = table(with_means(metrics | changes) | {"about": ABOUT}, names)
    assert changed.splitlines()[1].split()[-2:] == ["0.25", "0.125"]
    assert "change_same:" in changed and "0 is best" in changed
    alone = ABOUT | {"outputs_each": 1}
    assert "times" not in table(with_means(metrics) | {"about": alone}, names)
    sources = ABOUT | {"outputs": {"cat": 900, "dog": 920}}
    of_sources = table(with_means(metrics) | {"about": sources}, names)
    assert "No more images of a domain (90) than features (90)" in of_sources
    few = with_means(metrics) | {"about": ABOUT | {"features_dim": 91}}
    assert "No more images of a domain (91) than features (91)" in table(few, names)


def test_what_one_asks_first():
    metrics = {
        "FID_latent/cat2dog": 60.0,
        "FID_reference/cat2dog": 40.0,
        "FID_source/cat2dog": 120.0,
        "FID_real/dog": 20.0,
        "KID_latent/cat2dog": 0.1,
        "KID_source/cat2dog": 0.4,
        "KID_real/dog": 0.0,
        "accuracy_latent/cat2dog": 0.75,
        "accuracy_latent/dog2cat": 0.5,
        "LPIPS_latent/cat2dog": 0.3,
        "LPIPS_reference/cat2dog": 0.4,
    }
    assert in_short(with_means(metrics) | {"about": ABOUT}, PAPER) == [
        "FID where perfection is 0 and doing nothing 1: "
        "0.40 in random styles, 0.20 in styles of references.",
        "KID where perfection is 0 and doing nothing 1: 0.25 in random styles.",
        "Lowest accuracy in random styles: 0.50, of dog2cat.",
        "Random styles are 0.75 as diverse as references'.",
        "",
    ]


@pytest.mark.parametrize(
    "metrics",
    [
        {"FID_latent/cat2dog": 9.0, "FID_source/cat2dog": 20.0, "FID_real/dog": 20.0},
        {"FID_source/cat2dog": 20.0, "FID_real/dog": 10.0},
        {"FID_latent/cat2dog": 9.0, "LPIPS_latent/cat2dog": 0.3},
    ],
)
def test_nothing_is_said_of_what_was_not_measured(metrics):
    results = with_means(metrics) | {"about": ABOUT}
    assert in_short(results, PAPER) == []
    assert "\n\n\n" not in table(results, PAPER)


def test_scalars_for_tensorboard(tmp_path):
    image = np.zeros([4, 6, 3], np.uint8)
    results = {"FID_latent/mean": 2.5, "about": {"step": 40}}
    write_curves(results, {"change_latent": image}, tmp_path)
    (file,) = tmp_path.iterdir()
    events = [e for e in tf.compat.v1.train.summary_iterator(str(file)) if e.summary.value]
    (value,) = events[0].summary.value
    assert (events[0].step, value.tag) == (40, "FID_latent/mean")
    assert float(tf.make_ndarray(value.tensor)) == 2.5
