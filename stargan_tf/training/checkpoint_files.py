"""The files of a run's checkpoints: which there are, whether they are whole, which stay.

A checkpoint N is what TensorFlow writes, iteration-N.index and iteration-N.data-*, and beside
them iteration-N.json with their digests and what else a resumed run has to know. The file
`checkpoint` lists those that count, in TensorFlow's format, and is written last: one that was
cut short is in no list.
"""

import dataclasses
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from stargan_tf.files import write_text

NETWORKS, AVERAGES, OPTIMIZERS = "networks", "averages", "optimizers"
AVERAGED = "averaged"
_WORDS = {
    NETWORKS: "the networks as they are trained",
    AVERAGES: "the moving averages",
    AVERAGED: "the networks whose averages it has",
    OPTIMIZERS: "the optimizers",
}
_INDEX = "checkpoint"
# Of TensorFlow and of ours, finished or not; other files in the folder are somebody else's.
_OWN = re.compile(
    r"iteration-(?P<step>\d+)"
    r"(_temp|(?P<suffix>\.(index|json|data-\d+-of-\d+))(?P<tempstate>\.tempstate\d+)?)"
    r"|\.unfinished-\d+-[0-9a-f]{8}(\.json)?|checkpoint\.tmp[0-9a-f]+"
)
_CHUNK_BYTES = 2**20


class DamagedError(Exception):
    """A checkpoint whose files are not what was written; the text says what is wrong."""


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a resumed run has to know beside its state.

    Attributes:
      window: the losses of the iterations that are in no record yet, by log key.
      rollbacks: how often the run went back for a number that was none.
      lacks: what the checkpoint of an imported or a stripped run does not have of a `TrainState`.
        Of an imported one, NETWORKS are copies of their averages, and fresh where there are none;
        AVERAGES copies of the networks; OPTIMIZERS fresh. A stripped one has no OPTIMIZERS, and
        none of the AVERAGED networks: who restores those gets their averages.
      domains: that the weights know, in their order; none in checkpoints of earlier versions.
      data: fingerprint of the data set that the run was trained on; empty in checkpoints of earlier
        versions and in those that were imported.
    """

    window: tuple[dict[str, float], ...] = ()
    rollbacks: int = 0
    lacks: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    data: str = ""

    @property
    def lacking(self) -> str:
        """What it lacks, in words."""
        parts = [part for part in self.lacks if part != AVERAGED or NETWORKS not in self.lacks]
        return " and ".join(_WORDS[part] for part in parts)


class CheckpointFiles:
    """The checkpoints in a folder, by their iterations.

    Attributes:
      index: the file that lists those that count.
    """

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is read yet."""
        self._folder = folder
        self.index = folder / _INDEX

    def prefix(self, step: int) -> str:
        """What TensorFlow calls the checkpoint of an iteration."""
        return str(self._folder / f"iteration-{step}")

    def listed(self) -> list[int] | None:
        """The iterations in the list, the newest last; None when the list cannot be read.

        The newest is the one that its first line names, which people may change to go back.
        """
        try:
            text = self.index.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        entry = r'^%s: "(?:.*/)?iteration-(\d{1,18})"$'
        newest = re.findall(entry % "model_checkpoint_path", text, re.MULTILINE)
        others = re.findall(entry % "all_model_checkpoint_paths", text, re.MULTILINE)
        if len(newest) != 1:
            return None
        return [*sorted({int(step) for step in others} - {int(newest[0])}), int(newest[0])]

    def candidates(self) -> list[int]:
        """The iterations to try one after the other, the one to go on from first."""
        listed = self.listed()
        whole = self._on_disk("index") & self._on_disk("json")
        if listed == []:  # a lone .index is what TensorFlow was killed after
            return sorted(whole, reverse=True)
        if listed is None:
            return sorted(whole or self._on_disk("index"), reverse=True)
        newest, others = listed[-1], set(listed[:-1])
        if newest not in self._on_disk("index"):
            return [newest, *sorted(others | whole, reverse=True)]
        # What is newer than the newest was left behind by going back.
        return [newest, *sorted((step for step in others if step < newest), reverse=True)]

    def check(self, step: int) -> Progress:
        """Compares the files of a checkpoint with its sidecar; returns what that tells.

        Checkpoints of earlier versions have no sidecar; TensorFlow's own checksums must do.

        Raises:
          DamagedError: a file is missing, or differs from what was written.
          PermissionError: a file may not be read, which says nothing about it.
        """
        try:
            text = self._sidecar(step).read_text(encoding="utf-8")
        except FileNotFoundError:
            return Progress()
        except PermissionError:
            raise
        except (OSError, ValueError) as error:
            raise DamagedError(f"{self._sidecar(step).name}: {error}") from error
        try:
            values = json.loads(text)
            contents = values["contents"]
            intact = values["sha256"] == _digest_of(contents)
            files = dict(contents["files"])
            # Earlier versions had none of these.
            lacks, domains = (tuple(contents.get(name, ())) for name in ("lacks", "domains"))
            data = contents.get("data", "")
            window, rollbacks = tuple(contents["window"]), contents["rollbacks"]
            progress = Progress(window, rollbacks, lacks, domains, data)
            # Not one of another folder: /dev/zero would be read for ever.
            intact = intact and all(self._is_part(name, step) for name in files)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedError(f"{self._sidecar(step).name} is altered") from error
        if not intact or not _is_progress(progress):
            raise DamagedError(f"{self._sidecar(step).name} is altered")
        for name, digest in files.items():
            try:
                found = _digest(self._folder / name)
            except PermissionError:
                raise
            except OSError as error:
                raise DamagedError(f"{name}: {error.strerror}") from error
            if found != digest:
                raise DamagedError(f"{name} is cut short or altered")
        return progress

    def write_sidecar(self, step: int, progress: Progress) -> None:
        """Writes the sidecar of a checkpoint that TensorFlow has written."""
        data = sorted(self._folder.glob(f"iteration-{step}.data-*-of-*[0-9]"))
        files = [self._folder / f"iteration-{step}.index", *data]
        contents = {"files": {p.name: _digest(p) for p in files}, **dataclasses.asdict(progress)}
        values = {"contents": contents, "sha256": _digest_of(contents)}
        write_text(self._sidecar(step), json.dumps(values, allow_nan=False) + "\n")

    def keep(self, steps: Iterable[int]) -> None:
        """Lists these checkpoints alone, the last as the newest, and removes all others.

        It also removes what a process that was killed has left half written.

        Args:
          steps: the newest is on the disk; those that are not are passed over.
        """
        there = self._on_disk("index")
        steps = [step for step in steps if step in there]
        entries = [f'model_checkpoint_path: "iteration-{steps[-1]}"']
        entries += [f'all_model_checkpoint_paths: "iteration-{step}"' for step in steps]
        # Without their times, earlier versions would not remove these when their turn comes.
        for step in steps:
            time = Path(self.prefix(step) + ".index").stat().st_mtime
            entries.append(f"all_model_checkpoint_timestamps: {time}")
        write_text(self.index, "\n".join(entries) + "\n")
        self.sweep()

    def sweep(self) -> None:
        """Removes what is in no list; nothing, when the list is missing or cannot be read."""
        if listed := self.listed():
            self._remove(lambda step, finished: not (finished and step in listed))

    def remove(self, step: int) -> None:
        """Removes what there is of a checkpoint that could not be written."""
        self._remove(lambda other, finished: other == step)

    def _remove(self, condition: Callable[[int, bool], bool]) -> None:
        """Removes files by their iteration, 0 for those of none, and whether they are finished."""
        for path in list(self._folder.iterdir()):
            if not (match := _OWN.fullmatch(path.name)):
                continue
            finished = bool(match["suffix"]) and not match["tempstate"]
            if not condition(int(match["step"] or 0), finished):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    @staticmethod
    def _is_part(name: str, step: int) -> bool:
        """Whether a name is that of a file that TensorFlow writes for a checkpoint."""
        return bool(re.fullmatch(rf"iteration-{step}\.(index|data-\d+-of-\d+)", name))

    def _sidecar(self, step: int) -> Path:
        return self._folder / f"iteration-{step}.json"

    def _on_disk(self, suffix: str) -> set[int]:
        """The iterations that have a file of this suffix."""
        pattern = re.compile(rf"iteration-(\d+)\.{suffix}")
        entries = self._folder.iterdir() if self._folder.is_dir() else ()
        names = [pattern.fullmatch(path.name) for path in entries]
        return {int(name[1]) for name in names if name}


def _is_progress(progress: Progress) -> bool:
    """Whether what a sidecar tells is of the types that were written."""
    is_count = type(progress.rollbacks) is int and progress.rollbacks >= 0
    is_text = isinstance(progress.data, str)
    return (
        is_count
        and is_text
        and all(
            isinstance(losses, dict) and {*map(type, losses.values())} <= {float, int}
            for losses in progress.window
        )
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _digest_of(contents: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
