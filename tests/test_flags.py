"""Flags, each set parsed in a process of its own, since absl keeps them per process."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

import stargan_tf
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings

FLAGFILES = sorted((Path(stargan_tf.__file__).parent / "flagfiles").glob("*.flags"))

PROGRAM = """
import dataclasses, json, sys
from absl import flags
from stargan_tf import flags as config_flags
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError

config_flags.define(StarGANv2Settings)
base = {base}

def main(argv):
    if argv == ["fail"]:
        raise UserError("It failed, as expected: never mind.")
    config = config_flags.parse(StarGANv2Settings, base and StarGANv2Settings(**base))
    print(json.dumps([dataclasses.asdict(config), argv]))
    return {status}

config_flags.run(main, extra_arguments={extra})
"""


def run(*arguments, base=None, status=None, extra=False):
    program = PROGRAM.format(base=base, status=status, extra=extra)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True
    )


def parse(*arguments, base=None):
    process = run(*arguments, base=base)
    assert process.returncode == 0, process.stderr
    return StarGANv2Settings(**json.loads(process.stdout)[0])


def test_without_flags_the_defaults():
    assert parse() == StarGANv2Settings()


def flag(name, value):
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={value}"


def other_value(field):
    """A valid value that is not the default."""
    if field.metadata["choices"]:
        return field.metadata["choices"][-1]
    if isinstance(field.default, bool):
        return not field.default
    return field.default + {str: "/some where", int: 1, float: 0.25}[type(field.default)]


def test_every_setting_is_a_flag():
    values = {field.name: other_value(field) for field in dataclasses.fields(StarGANv2Settings)}
    assert parse(*(flag(*item) for item in values.items())) == StarGANv2Settings(**values)


def test_a_flagfile_and_flags_after_it(tmp_path):
    flagfile = tmp_path / "mine.flags"
    flagfile.write_text("# mine\n--img_size=64\n\n--ema_warmup\n--lr=0.5\n")
    config = parse(f"--flagfile={flagfile}", "--lr=0.25")
    assert config == StarGANv2Settings(img_size=64, ema_warmup=True, lr=0.25)


def test_flags_that_were_not_given_keep_the_base(tmp_path):
    base = {"img_size": 64, "ema_warmup": True, "seed": 5, "run_dir": "old"}
    config = parse("--run_dir=new", "--seed=777", base=base)
    # The default, given, counts as given.
    assert config == StarGANv2Settings(img_size=64, ema_warmup=True, seed=777, run_dir="new")


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_flagfile_of_the_package(path):
    config = parse(f"--flagfile={path}", "--data_dir=data", "--run_dir=run")
    config.validate()
    assert path.read_text().startswith("# ")


def test_published_flagfiles_are_there():
    assert {"portraits_64", "afhq_256", "celeba_hq_256", "smoke"} <= {p.stem for p in FLAGFILES}


@pytest.mark.parametrize(
    "argument", ["--batchsize=4", "--batch_size=four", "--mixed_precision=float8", "--lr"]
)
def test_a_wrong_flag_ends_in_an_error(argument):
    process = run(argument)
    assert process.returncode != 0
    assert argument.split("=")[0].strip("-") in process.stderr
    assert "Traceback" not in process.stderr
    assert process.stdout == ""


def test_an_argument_that_is_no_flag_is_an_error():
    process = run("batch_size=4")
    assert process.returncode == 1
    assert process.stderr.startswith("error: Found the argument 'batch_size=4'")
    assert process.stderr.count("\n") == 1


def test_arguments_of_others_can_be_passed_on():
    process = run("--batch_size=4", "--runner=DirectRunner", "more", extra=True)
    config, argv = json.loads(process.stdout)
    assert config["batch_size"] == 4
    assert argv == ["--runner=DirectRunner", "more"]


def test_a_user_error_is_one_line():
    process = run("fail", extra=True)
    assert process.returncode == 1
    assert process.stderr == "error: It failed, as expected: never mind.\n"


@pytest.mark.parametrize("status", [0, 3])
def test_exit_status_is_mains(status):
    assert run(status=status).returncode == status


def test_help_lists_every_flag():
    process = run("--help")
    assert process.returncode == 0
    for field in dataclasses.fields(StarGANv2Settings):
        assert field.name in process.stdout
