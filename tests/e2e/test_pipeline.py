"""`python -m pipeline.run_local` as its users meet it, from images to a pushed model."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config import PipelineConfig
from pipeline.history import Execution, History
from pipeline.metadata import connection_config, open_store
from tests.data import makers
from tests.reliability.disks import SmallDisk, small_disk

pytestmark = pytest.mark.e2e

REPOSITORY = Path(__file__).parents[2]
COMMAND = [
    *(sys.executable, "-m", "pipeline.run_local"),
    "--flagfile=pipeline/flagfiles/tiny.flags",
]
COMPONENTS = [
    *("ImageExampleGen", "ImportSchemaGen", "StatisticsGen", "ExampleValidator", "AnomalyGate"),
    *("Trainer", "Baseline", "InfraCheck", "ModelEvaluator", "Pusher"),
]
TOTAL_ITERS = 20
SECONDS = 600  # on a machine that has much else to do


class Place:
    """The folders of a pipeline, and its command."""

    def __init__(self, folder: Path, images: Path) -> None:
        self.root = folder / "root"
        self.models = folder / "models"
        self.flags = [
            f"--data.input_dir={images}",
            f"--pipeline_root={self.root}",
            f"--push_dir={self.models}",
        ]

    def start(self, *flags: str) -> subprocess.Popen:
        return subprocess.Popen(
            [*COMMAND, *self.flags, *flags],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *flags: str) -> "Run":
        with self.start(*flags) as process:
            return Run(process)

    def latest(self, node: str) -> Execution | None:
        store = open_store(connection_config(PipelineConfig(pipeline_root=str(self.root))))
        return History(store).latest("tiny", node)


class Run:
    """What a command that has ended said."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.stdout, self.stderr = process.communicate(timeout=SECONDS)
        self.status = process.returncode
        first, *self.lines = self.stdout.splitlines()
        self.log = Path(first.removeprefix("Everything but these lines goes to "))

    def columns(self) -> list[list[str]]:
        """Name and time, or `cached`, of each component."""
        return [line.split()[:2] for line in self.lines if line.split()[0] in COMPONENTS]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train/cat": 6, "train/dog": 6, "val/cat": 4, "val/dog": 4}
    return makers.folder(tmp_path_factory.mktemp("images") / "pets", counts)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk | None]:
    """A file system of its own, where it may be mounted: as root."""
    if os.geteuid() != 0:
        yield None
        return
    with small_disk(tmp_path_factory.mktemp("disk") / "mounted", 800) as disk:
        yield disk


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, images: Path, disk: SmallDisk | None) -> Place:
    return Place(disk.root if disk else tmp_path_factory.mktemp("pipeline"), images)


@pytest.fixture(scope="module")
def full(place: Place, disk: SmallDisk | None) -> "list[Run]":
    """Runs on a full disk: one without room for the metadata, one with a little more."""
    runs = []
    for leave in (0, 300_000) if disk else ():
        disk.fill(leave)
        runs.append(place.run())
        disk.make_room()
    return runs


@pytest.fixture(scope="module")
def crashed(place: Place, full: "list[Run]") -> int:
    """A run whose process was killed in the midst of training, after a checkpoint."""
    with place.start() as process:
        try:
            for _ in range(SECONDS * 10):
                if any(place.root.glob("training/*/run/checkpoints/*.index")):
                    break
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
        finally:
            process.kill()
    assert process.wait() == -signal.SIGKILL
    return len(list(place.root.glob("training/*")))


@pytest.fixture(scope="module")
def first(place: Place, crashed: int) -> Run:
    return place.run()


@pytest.fixture(scope="module")
def second(place: Place, first: Run) -> Run:
    return place.run()


@pytest.fixture(scope="module")
def strict(place: Place, second: Run) -> Run:
    return place.run("--max_distance=0.001")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[tuple[Place, Run]]:
    folder = tmp_path_factory.mktemp("broken")
    shutil.copytree(images, folder / "images")
    (folder / "images/train/cat/cut.png").write_bytes(makers.encoded(makers.pixels(1))[:100])
    (folder / "images/train/dog/empty.png").write_bytes(b"")
    place = Place(folder, folder / "images")
    return place, place.run()


def versions(place: Place) -> list[str]:
    return [path.name for path in place.models.iterdir()]


def test_a_full_disk_is_told(place: Place, full: list[Run]) -> None:
    """With room again, the same command goes on: see the tests below."""
    if not full:
        pytest.skip("only root may mount a small disk to fill")
    for run in full:
        assert run.status == 1
        assert run.stderr.startswith("error: The disk is full: "), run.stderr
        assert "could not be written" in run.stderr and run.stderr.count("\n") == 1
    assert not place.models.exists()


def test_a_model_is_pushed(place: Place, first: Run) -> None:
    assert first.status == 0, first.stderr
    assert [name for name, _ in first.columns()] == COMPONENTS
    (version,) = versions(place)
    assert first.lines[-1] == f"Pushed to {place.models / version}"
    assert (place.models / version / "saved_model.pb").is_file()
    assert first.stderr == ""


def test_what_was_done_before_the_crash_is_taken_over(
    place: Place, crashed: int, first: Run
) -> None:
    times = dict(first.columns())
    assert times["AnomalyGate"] == "cached" and times["Trainer"] != "cached"
    assert crashed == len(list(place.root.glob("training/*"))) == 1
    assert "Resuming" in first.log.read_text()
    run = place.latest("Trainer").uri("model") / "run"
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [record["step"] for record in records if "lambda_ds" in record]
    assert steps == list(range(1, TOTAL_ITERS + 1))


def test_a_second_run_comes_from_the_cache(place: Place, first: Run, second: Run) -> None:
    assert second.status == 0, second.stderr
    assert {name for name, time in second.columns() if time != "cached"} == {"Baseline"}
    assert second.lines[-1] == first.lines[-1]
    assert len(versions(place)) == 1


def test_a_model_that_is_not_good_enough_is_not_pushed(place: Place, strict: Run) -> None:
    assert strict.status == 2
    assert dict(strict.columns())["Trainer"] == "cached"
    assert strict.lines[-1].startswith("Not pushed: FD_")
    assert "above --max_distance=0.001" in strict.lines[-1]
    assert len(versions(place)) == 1
    assert place.latest("ModelEvaluator").output_property("blessing", "blessed") == 0


def test_a_pushed_model_can_be_followed_back(place: Place, first: Run) -> None:
    command = [sys.executable, "-m", "pipeline.lineage", *versions(place), "--json"]
    done = subprocess.run(
        [*command, f"--pipeline_root={place.root}"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    origin = json.loads(done.stdout)
    assert origin["data"]["counts"]["train"] == {"cat": 6, "dog": 6}
    assert origin["training"]["settings"]["total_iters"] == TOTAL_ITERS


def test_broken_images_stop_at_the_gate(broken: tuple[Place, Run]) -> None:
    place, run = broken
    assert run.status == 1
    assert [name for name, _ in run.columns()] == COMPONENTS[:5]
    assert run.lines[-1].split()[::3] == ["AnomalyGate", "failed"]
    assert run.stderr.startswith("error: Found 2 of 22 images rejected: train/cat/cut.png (")
    assert "; train/dog/empty.png (empty file); expected" in run.stderr
    assert run.stderr.endswith(f"Everything is in {run.log}.\n") and run.stderr.count("\n") == 1
    assert not place.models.exists()


def test_the_metadata_holds_the_failure(broken: tuple[Place, Run]) -> None:
    place, _ = broken
    assert place.latest("ImageExampleGen").state == "COMPLETE"
    assert place.latest("AnomalyGate").state == "FAILED"
    assert place.latest("Trainer") is None


def test_the_log_holds_what_people_are_spared(first: Run, broken: tuple[Place, Run]) -> None:
    assert "Component Trainer is running." in first.log.read_text()
    assert "Traceback" in broken[1].log.read_text()
