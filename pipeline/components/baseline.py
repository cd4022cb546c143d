"""Which model a new one is compared with: the latest good one that is not itself."""

from typing import Any

import ml_metadata as mlmd
from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

_Latest = tfx.dsl.experimental.LatestBlessedModelStrategy


class OtherBlessedModelStrategy(_Latest):
    """Resolves the latest blessed model other than the candidate.

    TFX's own strategy finds the candidate itself once it has been blessed. The next run would
    then see another input than the last, evaluate the model against itself and push it again.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[Any]]
    ) -> dict[str, list[Any]]:
        """Leaves the artifacts under `candidate` out; see the base class."""
        candidates = {artifact.id for artifact in input_dict["candidate"]}
        models = [model for model in input_dict["model"] if model.id not in candidates]
        resolved = super().resolve_artifacts(
            store, {"model": models, "model_blessing": input_dict["model_blessing"]}
        )
        return {**resolved, "candidate": []}  # TFX wants all keys back


def latest_blessed() -> BaseNode:
    """Makes the node whose output `model` is the latest blessed model, if there is any."""
    return tfx.dsl.Resolver(strategy_class=_Latest, **_all_models())


def other_blessed(candidate: tfx.types.BaseChannel) -> BaseNode:
    """Makes the node whose output `model` is the latest blessed model but the candidate."""
    return tfx.dsl.Resolver(
        strategy_class=OtherBlessedModelStrategy, candidate=candidate, **_all_models()
    )


def _all_models() -> dict[str, tfx.types.BaseChannel]:
    return {
        "model": tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
        "model_blessing": tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
    }
