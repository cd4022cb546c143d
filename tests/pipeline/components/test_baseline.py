import pytest
from tfx import v1 as tfx

from pipeline.components.baseline import OtherBlessedModelStrategy

Model = tfx.types.standard_artifacts.Model
ModelBlessing = tfx.types.standard_artifacts.ModelBlessing


def model(number: int) -> Model:
    artifact = Model()
    artifact.id = number
    return artifact


def blessing(of: int, blessed: int) -> ModelBlessing:
    artifact = ModelBlessing()
    artifact.set_int_custom_property("blessed", blessed)
    artifact.set_int_custom_property("current_model_id", of)
    return artifact


@pytest.mark.parametrize(
    ("blessings", "candidate", "expected"),
    [
        ({}, 3, []),
        ({1: 1}, 3, [1]),
        ({1: 1, 2: 1}, 3, [2]),
        ({1: 1, 2: 0}, 3, [1]),
        ({1: 1, 2: 1, 3: 1}, 3, [2]),  # the candidate is blessed already: a second run
        ({1: 1, 2: 1, 3: 1}, 1, [3]),  # a model from the cache after another was trained
        ({3: 1}, 3, []),
    ],
)
def test_the_latest_good_model_but_the_candidate(
    blessings: dict[int, int], candidate: int, expected: list[int]
) -> None:
    resolved = OtherBlessedModelStrategy().resolve_artifacts(
        None,
        {
            "candidate": [model(candidate)],
            "model": [model(number) for number in (1, 2, 3)],
            "model_blessing": [blessing(of, blessed) for of, blessed in blessings.items()],
        },
    )
    assert [artifact.id for artifact in resolved["model"]] == expected
    assert len(resolved["model_blessing"]) == len(expected)
    assert resolved["candidate"] == []
