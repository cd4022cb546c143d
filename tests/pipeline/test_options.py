"""Flags, each set parsed in a process of its own, since absl keeps them per process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import dataclasses, json
from pipeline import options
from stargan_tf import flags

def main(argv):
    print(json.dumps([dataclasses.asdict(part) for part in options.parse()]))

flags.run(main, define_flags=options.define_flags)
"""
PORTRAITS = "--data.source=portraits"


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True
    )


def parse(*arguments: str) -> list[dict[str, Any]]:
    process = run(*arguments)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_parts_have_flags_of_the_same_name() -> None:
    pipeline, data, train = parse(
        PORTRAITS, "--data.img_size=64", "--train.img_size=32", "--beam_args=--a=1,--b=2"
    )
    assert (data["img_size"], train["img_size"]) == (64, 32)
    assert pipeline["beam_args"] == ["--a=1", "--b=2"]


def test_by_default_no_image_may_be_broken() -> None:
    assert parse(PORTRAITS)[1]["max_rejected"] == 0
    assert parse(PORTRAITS, "--data.max_rejected=0.1")[1]["max_rejected"] == 0.1


def test_flags_overrule_flagfiles(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("--source=portraits\n--val_per_domain=7\n")
    (tmp_path / "train").write_text("# Comment\n--seed=1\n--batch_size=4\n")
    _, data, train = parse(
        f"--data_flags={tmp_path / 'data'}",
        f"--train_flags={tmp_path / 'train'}",
        "--train.seed=2",
    )
    assert (data["source"], data["val_per_domain"], data["max_rejected"]) == ("portraits", 7, 0)
    assert (train["seed"], train["batch_size"]) == (2, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Found no --data.input_dir"),
        ([PORTRAITS, "--data.output_dir=x"], "--data.output_dir=x, which the pipeline chooses"),
        ([PORTRAITS, "--train.run_dir=x"], "--train.run_dir=x, which the pipeline chooses"),
        ([PORTRAITS, "--train.data_dir2=x"], "--train.data_dir2=x, expected one data set"),
        ([PORTRAITS, "--train.img_size=48"], "Found --train.img_size=48, expected a power of two"),
        ([PORTRAITS, "--eval_outputs=1"], "Found --eval_outputs=1"),
        (["--data.input_dir=ROOT", "--pipeline_root=ROOT/runs"], "lies inside --data.input_dir"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    process = run(*(argument.replace("ROOT", str(tmp_path)) for argument in arguments))
    assert process.returncode == 1
    assert process.stderr.startswith("error: ") and process.stderr.count("\n") == 1
    assert message in process.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [("--colour=red", "Unknown command line flag 'colour'"), ("seed 3", "Found 'seed 3'")],
)
def test_a_mistake_in_a_flagfile_is_one_line(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "train").write_text(f"{line}\n")
    process = run(PORTRAITS, f"--train_flags={tmp_path / 'train'}")
    assert process.returncode == 1
    assert process.stderr.count("\n") == 1
    assert message in process.stderr


def test_missing_weights_are_told_before_anything_runs(tmp_path: Path) -> None:
    flags = [PORTRAITS, "--features=inception", "--inception_weights=no.pth"]
    command = [sys.executable, "-m", "pipeline.run_local", f"--pipeline_root={tmp_path / 'root'}"]
    done = subprocess.run([*command, *flags], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: --inception_weights=no.pth is not a file, expected torch")
    assert not (tmp_path / "root").exists()
    parse(*flags)  # to be compiled for other machines


@pytest.mark.parametrize("flag", ["pipeline_root", "push_dir"])
@pytest.mark.parametrize("relative", [False, True])
def test_folders_that_beam_would_take_for_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str, relative: bool
) -> None:
    """Their parents count as well, those of relative paths too."""
    odd = tmp_path / "a [v2]"
    odd.mkdir()
    monkeypatch.chdir(odd if relative else tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    plain = {"pipeline_root": tmp_path / "root", "push_dir": tmp_path / "models"}
    given = plain | {flag: "folder" if relative else odd / "folder"}
    process = run(PORTRAITS, *(f"--{name}={path}" for name, path in given.items()))
    assert process.returncode == 1 and process.stderr.startswith("error: Found [ and ] in ")
    assert f"that --{flag} means" in process.stderr and process.stderr.count("\n") == 1
    parse(PORTRAITS, *(f"--{name}={path}" for name, path in plain.items()))
