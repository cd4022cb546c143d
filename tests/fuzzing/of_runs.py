"""What describes runs and exported models: config.json, flagfiles, model.json."""

import dataclasses
import json
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from absl import flags as absl_flags
from tensorboard.compat.proto.event_pb2 import Event

from stargan_tf import flags
from stargan_tf.algorithms.registry import make_algorithm, settings_class
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.loading import load_run
from stargan_tf.serving.model_info import FILE, ModelInfo
from stargan_tf.training.event_files import event_files
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.run_log import RunLog
from tests.fuzzing.json_mutator import damage_json
from tests.fuzzing.json_target import JsonTarget
from tests.fuzzing.mutator import damage, damage_records, tfrecord
from tests.fuzzing.targets import STORED, Target

_RUN = STORED / "modern_lane" / "run"
_MODELS = (STORED / "modern_lane/models/modern/1", STORED / "old_version/models/old/1")


class RunConfig(JsonTarget):
    """config.json of a run, as resuming, sampling and exporting read it."""

    def __init__(self, work: Path) -> None:
        self._run = RunDir(shutil.copytree(_RUN, work / "run"))
        runs = (_RUN, STORED / "old_version" / "run")
        self._documents = [json.loads((run / "config.json").read_text()) for run in runs]

    def run(self, content: bytes) -> None:
        self._run.config_file.write_bytes(content)
        found = self._run.read()
        assert settings_class(found.config.algorithm) is type(found.config)
        load_run(self._run.root)


class _Log(Target):
    """A file of a run's log, from whose iterations after _STEP a resumed run cuts it off."""

    _STEP = 2

    def __init__(self, work: Path) -> None:
        self._run = RunDir(shutil.copytree(_RUN, work / "run"))
        self._run.logs.mkdir(exist_ok=True)
        settings, domains = self._run.read()
        self._algorithm = make_algorithm(settings, len(domains))
        self._valid = self.make()

    def make(self) -> Sequence[bytes]:
        raise NotImplementedError

    def valid(self) -> Sequence[bytes]:
        return self._valid

    def resume(self, path: Path, content: bytes) -> bytes:
        """Opens the log on a damaged file; returns what became of it."""
        path.write_bytes(content)
        with RunLog(self._run, self._algorithm, self._STEP, chief=True):
            kept = path.read_bytes() if path.exists() else b""
        for written in event_files(self._run.logs):
            written.unlink()
        return kept


class Metrics(_Log):
    """metrics.jsonl."""

    def make(self) -> Sequence[bytes]:
        return [(_RUN / "metrics.jsonl").read_bytes()]

    def damaged(self, chance: random.Random) -> bytes:
        if chance.random() < 0.4:
            return damage(self._valid[0], chance)
        lines = self._valid[0].splitlines()
        place = chance.randrange(len(lines))
        lines[place] = damage_json(json.loads(lines[place]), chance)
        return b"\n".join(lines)

    def run(self, content: bytes) -> None:
        for line in self.resume(self._run.metrics_file, content).splitlines():
            assert json.loads(line)["step"] <= self._STEP


class Events(_Log):
    """A file of TensorBoard's: damaged as a file, or in its events under right checksums."""

    def make(self) -> Sequence[bytes]:
        events = [Event(step=0, file_version="brain.Event:2")]
        for step in range(1, 5):
            event = Event(step=step)
            event.summary.value.add(tag="D/latent_real", simple_value=step / 2)
            events.append(event)
        return [tfrecord([event.SerializeToString() for event in events])]

    def damaged(self, chance: random.Random) -> bytes:
        if chance.random() < 0.5:
            return damage(self._valid[0], chance)
        return damage_records(self._valid[0], chance, damage)

    def run(self, content: bytes) -> None:
        path = self._run.logs / "events.out.tfevents.1.a"
        kept = self.resume(path, content)
        assert kept == content[: len(kept)] or len(kept) < len(content)


class Flagfile(Target):
    """A flagfile, as the train command and the pipeline read it."""

    def __init__(self, work: Path) -> None:
        self._path = work / "a.flags"
        stored = Path(flags.__file__).parent / "flagfiles"
        named = b"--data_dir=data/a\n--run_dir=runs/a\n"
        contents = [path.read_bytes() for path in sorted(stored.glob("*.flags"))]
        self._valid = [named + c for c in contents if b"--algorithm=" not in c]
        if "run_dir" not in absl_flags.FLAGS:
            flags.define(StarGANv2Settings)

    def valid(self) -> Sequence[bytes]:
        return self._valid

    def damaged(self, chance: random.Random) -> bytes:
        content = chance.choice(self._valid)
        if chance.random() < 0.5:
            return damage(content, chance, self._valid)
        lines = content.splitlines()
        for _ in range(chance.choice((1, 1, 2, 5))):
            lines.insert(chance.randrange(len(lines) + 1), _odd_line(chance))
        return b"\n".join(lines)

    def run(self, content: bytes) -> None:
        """Both ways, the first of which raises and the second ends the process."""
        self._path.write_bytes(content)
        flags.read_flagfile(StarGANv2Settings, str(self._path)).validate()
        absl_flags.FLAGS.unparse_flags()
        with mock.patch.object(sys, "argv", ["train", f"--flagfile={self._path}"]):
            flags.run(lambda argv: flags.parse(StarGANv2Settings).validate())


def _odd_line(chance: random.Random) -> bytes:
    """A line with a flag and a value that it may not take."""
    names = [field.name for field in dataclasses.fields(StarGANv2Settings)]
    name = chance.choice([*names, "flagfile", "no_such", "undefok", "", "-", "noema_warmup", "é"])
    values = (
        *("", "0", "-1", "1e400", "nan", "inf", "-inf", "9" * 5000, "1_000", "0x10", "1.0", "true"),
        *(
            "x" * 100_000,
            "a\0b",
            "\ud800",
            "~",
            "~nobody_at_all/x",
            "/",
            ".",
            "'",
            "a b",
            "é",
            "\t",
        ),
        *("tests.no_such_module", "os", "stargan_v2", "..", "a..b", ".a", "/dev/null", "١٢"),
    )
    form = chance.choice(("--{}={}", "--{}={}", "--{} {}", "-{}={}", "{}={}", "--{}", "# {} {}"))
    return form.format(name, chance.choice(values)).encode("utf-8", "surrogatepass")


class ModelJson(JsonTarget):
    """model.json of an exported model, which every command that takes one reads first."""

    def __init__(self, work: Path) -> None:
        self._folder = work
        (work / "assets").mkdir()
        self._documents = [json.loads((m / "assets" / FILE).read_text()) for m in _MODELS]

    def run(self, content: bytes) -> None:
        (self._folder / "assets" / FILE).write_bytes(content)
        info = ModelInfo.of_saved_model(self._folder)
        assert ModelInfo.from_json(info.to_json()).to_json() == info.to_json()
        assert all(mode.name and mode.source for mode in info.modes)
        "".join((*info.domains, info.name, info.licence, info.image_format))
        assert info.img_size > 0 <= info.latent_dim
