import math

import pytest

from pipeline.judgement import Metric, Thresholds, decisive_metrics, reasons_against, summary

NAMES = {"FD": "FID", "diversity": "LPIPS", "accuracy": "accuracy"}


def metrics(distance=10.0, diversity=0.4, accuracy=0.9):
    results = {
        f"{name}_{mode}/mean": value
        for mode in ("latent", "reference")
        for name, value in zip(NAMES.values(), (distance, diversity, accuracy), strict=True)
    }
    about = {"modes": {"latent": "random styles", "reference": "styles of references"}}
    return decisive_metrics({**results, "FID_source/mean": 99.0, "about": about}, NAMES)


def test_metrics_are_the_means_of_both_modes():
    assert metrics()[0] == Metric("FD", "random styles", "FID_latent", 10.0)
    assert [m.name for m in metrics()] == [
        *("FID_latent", "LPIPS_latent", "accuracy_latent"),
        *("FID_reference", "LPIPS_reference", "accuracy_reference"),
    ]


def test_without_thresholds_every_model_is_good():
    assert reasons_against(metrics(1e9, 0.0, 0.0), None, Thresholds()) == []


def test_thresholds_are_inclusive():
    assert reasons_against(metrics(), None, Thresholds(10.0, 0.4, 0.9)) == []


@pytest.mark.parametrize(
    ("thresholds", "reason"),
    [
        (
            Thresholds(max_distance=9.5),
            "FID_latent (random styles) is 10, above --max_distance=9.5",
        ),
        (
            Thresholds(min_diversity=0.5),
            "LPIPS_latent (random styles) is 0.4, below --min_diversit",
        ),
        (
            Thresholds(min_domain_accuracy=0.95),
            "accuracy_latent (random styles) is 0.9, below --mi",
        ),
    ],
)
def test_each_limit_that_is_missed_is_a_reason(thresholds, reason):
    found = reasons_against(metrics(), None, thresholds)
    assert found[0].startswith(reason)
    assert "(styles of references)" in found[1]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("worse", "reason"),
    [
        (
            {"distance": 11.1},
            "FID_latent (random styles) is 11.1 after 10 of the latest good model",
        ),
        ({"diversity": 0.35}, "LPIPS_latent (random styles) is 0.35 after 0.4 of the latest good"),
        ({"accuracy": 0.8}, "accuracy_latent (random styles) is 0.8 after 0.9 of the latest good"),
    ],
)
def test_a_model_that_got_worse_is_rejected(worse, reason):
    found = reasons_against(metrics(**worse), metrics(), Thresholds(max_worsening=0.1))
    assert found[0].startswith(reason)
    assert found[0].endswith("worse by more than --max_worsening=0.1")
    assert len(found) == 2
    assert reasons_against(metrics(**worse), metrics(), Thresholds(max_worsening=0.2)) == []


def test_a_model_that_got_better_or_stayed_is_not():
    strict = Thresholds(max_worsening=0.0)
    assert reasons_against(metrics(), metrics(), strict) == []
    assert reasons_against(metrics(5.0, 0.5, 0.95), metrics(), strict) == []


def test_nan_is_never_good_enough():
    broken = metrics(math.nan, math.nan, math.nan)
    assert len(reasons_against(broken, None, Thresholds(10, 0.1, 0.1))) == 6
    assert len(reasons_against(broken, metrics(), Thresholds())) >= 6


def test_a_line_for_people():
    assert summary(metrics(), None) == "FD 10, diversity 0.4, accuracy 0.9"
    assert (
        summary(metrics(), metrics(12.0)) == "FD 10 (12), diversity 0.4 (0.4), accuracy 0.9 (0.9)"
    )
