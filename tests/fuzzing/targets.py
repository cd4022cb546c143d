"""What is given damaged input: a table of targets, and what each of them can do."""

import abc
import importlib
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

MIB = 2**20
STORED = Path(__file__).parents[1] / "stored"


class Target(abc.ABC):
    """Something that reads what others have written.

    Attributes:
      most_bytes: how much a case may add to the memory of its process at its peak.
    """

    most_bytes = 256 * MIB

    @abc.abstractmethod
    def __init__(self, work: Path) -> None:
        """Makes the valid inputs and whatever reads them, once.

        Args:
          work: an empty folder.
        """

    @abc.abstractmethod
    def valid(self) -> Sequence[bytes]:
        """Inputs that must be accepted as they are; the same in every process."""

    @abc.abstractmethod
    def damaged(self, chance: random.Random) -> bytes:
        """Makes the input of a case."""

    @abc.abstractmethod
    def run(self, content: bytes) -> None:
        """Gives an input to the functions that a command uses.

        Whatever is wrong with what comes of it, beside exceptions, fails an assertion.

        Raises:
          UserError: the input is rejected; see `stargan_tf.flags.run` for what else ends in a
            sentence.
        """

    def close(self) -> None:
        """Ends what was started."""
        return


class Entry(NamedTuple):
    """A line of the table.

    Attributes:
      place: module and class of the target.
      share: of the cases, in proportion to the other shares.
    """

    place: str
    share: int


_HERE = "tests.fuzzing"
TARGETS = {
    "jpeg": Entry(f"{_HERE}.of_images:Jpeg", 12),
    "png": Entry(f"{_HERE}.of_images:Png", 14),
    "webp": Entry(f"{_HERE}.of_images:WebP", 8),
    "tfrecord": Entry(f"{_HERE}.of_data:TFRecord", 10),
    "dataset_info": Entry(f"{_HERE}.of_data:Info", 8),
    "run_config": Entry(f"{_HERE}.of_runs:RunConfig", 8),
    "metrics": Entry(f"{_HERE}.of_runs:Metrics", 2),
    "events": Entry(f"{_HERE}.of_runs:Events", 4),
    "flagfile": Entry(f"{_HERE}.of_runs:Flagfile", 6),
    "model_json": Entry(f"{_HERE}.of_runs:ModelJson", 6),
    "checkpoint_data": Entry(f"{_HERE}.of_checkpoints:Data", 4),
    "checkpoint_index": Entry(f"{_HERE}.of_checkpoints:Index", 4),
    "checkpoint_list": Entry(f"{_HERE}.of_checkpoints:List", 2),
    "checkpoint_sidecar": Entry(f"{_HERE}.of_checkpoints:Sidecar", 4),
    "rest_body": Entry(f"{_HERE}.of_servers:RestBody", 8),
    "http": Entry(f"{_HERE}.of_servers:Http", 4),
    "grpc_predict": Entry(f"{_HERE}.of_servers:GrpcPredict", 8),
    "grpc_model": Entry(f"{_HERE}.of_servers:GrpcModel", 4),
}


def place_of(name: str) -> str:
    """Module and class of a target: by its name in the table, or as they stand."""
    return TARGETS[name].place if name in TARGETS else name


def make(name: str, work: Path) -> Target:
    """Makes a target, in a folder of its own in `work`."""
    module, _, kind = place_of(name).partition(":")
    folder = tempfile.mkdtemp(prefix=f"{kind}-", dir=work)
    return getattr(importlib.import_module(module), kind)(Path(folder))


def case(target: Target, name: str, seed: int, number: int) -> bytes:
    """The input of a case: a function of the arguments alone."""
    return target.damaged(random.Random(f"{name}:{seed}:{number}"))


def shared_out(cases: int, names: Sequence[str]) -> dict[str, int]:
    """How many cases each target gets, by the shares; together as many as there are."""
    shares = [TARGETS[name].share if name in TARGETS else 1 for name in names]
    ends = [cases * sum(shares[: i + 1]) // sum(shares) for i in range(len(shares))]
    return {name: end - start for name, start, end in zip(names, [0, *ends], ends, strict=False)}
