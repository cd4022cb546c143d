"""The files of a run's checkpoint."""

import contextlib
import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.errors import UserError
from stargan_tf.training.checkpoint_files import CheckpointFiles, Progress, _digest_of
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from tests.fuzzing.json_mutator import damage_json
from tests.fuzzing.mutator import damage
from tests.fuzzing.targets import STORED, Target

_STEP = 3
_PROGRESS = Progress(({"G/loss": 1.5, "D/loss": 0.25},), 1)


class _File(Target):
    """One file of the only checkpoint of a run of tiny networks."""

    name: str

    def __init__(self, work: Path) -> None:
        self._run = RunDir(shutil.copytree(STORED / "modern_lane" / "run", work / "run"))
        self._files = CheckpointFiles(self._run.checkpoints)
        self._files.write_sidecar(_STEP, _PROGRESS)
        self._path = self._run.checkpoints / self.name
        self._good = self._path.read_bytes()
        settings, domains = self._run.read()
        algorithm = make_algorithm(settings, len(domains))
        self._earlier_paths = algorithm.earlier_paths
        self._part = tf.Module()
        self._part.averages = algorithm.build(algorithm.averaged)
        self._part.step = tf.Variable(0, trainable=False, dtype=tf.int64)

    def valid(self) -> Sequence[bytes]:
        return [self._good]

    def damaged(self, chance: random.Random) -> bytes:
        return damage(self._good, chance)

    def run(self, content: bytes) -> None:
        self._path.write_bytes(content)
        self.restore()

    def restore(self) -> None:
        restore_newest(self._run, self._part, self._earlier_paths)


class _Checked(_File):
    """A file that the sidecar has a digest of."""

    def run(self, content: bytes) -> None:
        """First under the digest of the good file; then TensorFlow's reader meets the damage."""
        sidecar = self._run.checkpoints / f"iteration-{_STEP}.json"
        before = sidecar.read_bytes()
        self._path.write_bytes(content)
        with contextlib.suppress(UserError):
            self.restore()
            assert content == self._good, "the damage was not noticed"
        try:
            self._files.write_sidecar(_STEP, _PROGRESS)
            self.restore()
        finally:
            sidecar.write_bytes(before)


class Data(_Checked):
    """The weights."""

    name = f"iteration-{_STEP}.data-00000-of-00001"


class Index(_Checked):
    """The names, types, shapes and places of the weights."""

    name = f"iteration-{_STEP}.index"


class List(_File):
    """The file that lists the checkpoints that count."""

    name = "checkpoint"


class Sidecar(_File):
    """The digests, and what else a resumed run has to know; half of them under a right digest."""

    name = f"iteration-{_STEP}.json"

    def damaged(self, chance: random.Random) -> bytes:
        document = json.loads(self._good)
        if chance.random() < 0.3:
            return damage(self._good, chance)
        if chance.random() < 0.4:
            return damage_json(document, chance)
        contents = damage_json(document["contents"], chance)
        with contextlib.suppress(ValueError, RecursionError):
            digest = _digest_of(json.loads(contents))
            return b'{"contents": %s, "sha256": "%s"}' % (contents, digest.encode())
        return contents

    def run(self, content: bytes) -> None:
        super().run(content)
        progress = self._files.check(_STEP)
        assert isinstance(progress.rollbacks, int) and progress.rollbacks >= 0, progress
        for losses in progress.window:  # as RunLog takes the mean of them
            assert all(isinstance(value, float | int) for value in losses.values()), progress
