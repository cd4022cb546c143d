"""`make ablation`, from a data set to the table and the picture."""

import subprocess
import sys

import pytest
from PIL import Image

from tests.data import makers
from tests.source_tree import ROOT

FLAGS = "--total_iters=5 --rows=d --seeds=1 --num_outputs=8"


def make(folder, flags):
    command = ["make", "-f", str(ROOT / "Makefile"), f"PY={sys.executable}", "STAMP=made"]
    return subprocess.run(
        [*command, "ablation", f"ABLATION_FLAGS={flags}"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where make is started: it takes the data set that is there for the portraits."""
    root = tmp_path_factory.mktemp("ablation")
    counts = {f"{split}/{name}": 8 for split in ("train", "val") for name in ("cat", "dog")}
    makers.prepared(
        root / "data/portraits",
        source="folder",
        input_dir=str(makers.folder(root / "source", counts)),
    )
    (root / "scripts").mkdir()
    for name in ("pyproject.toml", "scripts/setup.sh", "made"):
        (root / name).touch()
    return root


@pytest.mark.slow
@pytest.mark.e2e
def test_rows_become_a_table_and_a_picture(folder):
    made = make(folder, FLAGS)
    assert made.returncode == 0, made.stderr
    assert "[1/1] D, seed 1: trains to iteration 5" in made.stdout
    table = (folder / "runs/ablation/table.md").read_text()
    assert table in made.stdout
    (row,) = (line for line in table.splitlines() if line.startswith("| D |"))
    assert "| 32.3 | 0.312 | 5 |" in row and not row.endswith("|  |")
    with Image.open(folder / "runs/ablation/images.png") as image:
        assert image.size[0] > 4 * 64 and image.size[1] > 4 * 64
    again = make(folder, FLAGS)
    assert again.returncode == 0 and again.stdout.count(": complete.") == 1
    assert (folder / "runs/ablation/table.md").read_text() == table


@pytest.mark.slow
@pytest.mark.e2e
def test_a_data_set_that_is_too_small_is_said_at_once(folder):
    made = make(folder, "--num_outputs=10")
    assert made.returncode != 0
    assert "error: Found 8 validation images of a domain in data/portraits, expected at " in (
        made.stderr
    )
    assert "trains" not in made.stdout
