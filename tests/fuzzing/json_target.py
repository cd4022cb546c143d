"""A target of JSON documents."""

import json
import random
from collections.abc import Sequence

from tests.fuzzing.json_mutator import damage_json
from tests.fuzzing.mutator import damage
from tests.fuzzing.targets import Target


class JsonTarget(Target):
    """Damages documents, mostly as JSON, sometimes as bytes; subclasses set `_documents`."""

    _documents: list[dict[str, object]]

    def valid(self) -> Sequence[bytes]:
        return [json.dumps(document).encode() for document in self._documents]

    def damaged(self, chance: random.Random) -> bytes:
        if chance.random() < 0.3:
            return damage(chance.choice(self.valid()), chance, self.valid())
        return damage_json(chance.choice(self._documents), chance)
