"""Flags, each set parsed in a process of its own, since absl keeps them per process."""

import dataclasses
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline
import stargan_tf
import stargan_tf.config
from stargan_tf import flags as config_flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.benchmark import ExportedModelConfig
from stargan_tf.errors import UserError

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


def run(*arguments, base=None, status=None, extra=False, **environment):
    program = PROGRAM.format(base=base, status=status, extra=extra)
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def parse(*arguments, base=None, **environment):
    process = run(*arguments, base=base, **environment)
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
    return field.default + {str: "/some ~ where", int: 1, float: 0.25}[type(field.default)]


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


def test_a_leading_tilde_is_a_home_folder(tmp_path):
    """The shell leaves it alone after --run_dir=."""
    (tmp_path / "mine.flags").write_text("--warm_start=~/parent\n")
    config = parse(
        *("--flagfile=~/mine.flags", "--run_dir=~/runs/a~b", "--data_dir=a~b"),
        HOME=str(tmp_path),
    )
    assert config.warm_start == f"{tmp_path}/parent"
    assert config.run_dir == f"{tmp_path}/runs/a~b"
    assert config.data_dir == "a~b"
    config = parse("--run_dir=~", "--data_dir=./~/x", "--algorithm=~", HOME="/home/me")
    assert (config.run_dir, config.data_dir, config.algorithm) == ("/home/me", "./~/x", "~")
    assert parse("--run_dir=~nobody-of-this-name/x").run_dir == "~nobody-of-this-name/x"


def settings_classes():
    """Every settings class of the product, by the commands that take them."""
    for package in (stargan_tf.config, pipeline):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if found.ispkg or not ("config" in found.name or found.name == "pipeline.lineage"):
                continue
            module = importlib.import_module(found.name)
            for value in vars(module).values():
                if dataclasses.is_dataclass(value) and value.__module__ == found.name:
                    fields = dataclasses.fields(value)
                    if fields and all("help" in field.metadata for field in fields):
                        yield value


def test_every_setting_that_is_a_path_says_so():
    classes = list(settings_classes())
    assert {"TrainConfig", "SampleConfig", "ServeConfig", "PipelineConfig", "LineageConfig"} <= {
        found.__name__ for found in classes
    }
    path = re.compile(
        r"\b(folder|file|flagfile|dir)s?\b|^(image|reference) to|^image whose", re.IGNORECASE
    )
    # Whose help texts speak of folders and files, and whose values are none.
    others = {"name", "model", "target_domain", "images_only", "features", "formats"}
    others |= {"tflite_types", "mysql", "model_name", "licence", "signature", "keep_images"}
    others |= {"source", "styles", "label", "infrastructure", "tfds_name", "host", "faces"}
    for found in classes:
        for field in dataclasses.fields(found):
            if field.metadata["path"]:
                assert isinstance(field.default, str | tuple), field.name
            elif isinstance(field.default, str) and field.name not in others:
                assert not path.search(field.metadata["help"]), f"{found.__name__}.{field.name}"
    benchmark = {f.name: f for f in dataclasses.fields(ExportedModelConfig)}
    assert benchmark["model"].metadata["path"]


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: path.stem)
def test_flagfile_of_the_package(path):
    name = config_flags.peek("algorithm", arguments=[f"--flagfile={path}"])["algorithm"]
    config = config_flags.read_flagfile(settings_class(name or DEFAULT), str(path))
    dataclasses.replace(config, data_dir="data", run_dir="run").validate()
    assert path.read_text().startswith("# ")


def test_published_flagfiles_are_there():
    assert {"portraits_64", "afhq_256", "celeba_hq_256", "celeba_128", "smoke"} <= {
        p.stem for p in FLAGFILES
    }


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


ERRORS = """
import errno, os, sys
from stargan_tf import flags

class PermissionDeniedError(Exception):  # as TensorFlow has one
    message = "/run/logs; Permission denied"

PermissionDeniedError.__module__ = "tensorflow.python.framework.errors_impl"

def fail():
    {statement}

if {early}:
    flags.run(lambda argv: None, define_flags=fail)
flags.run(lambda argv: fail())
"""


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("open('/nowhere/x')", "/nowhere/x (No such file or directory)"),
        ("os.rename('/nowhere/x', '/y')", "/nowhere/x or /y (No such file or directory)"),
        ("os.mkdir('/proc/x')", "/proc/x (No such file or directory)"),
        ("open('x' * 300)", "(File name too long)"),
        ("os.write(99, b'')", "Bad file descriptor"),
        ("raise OSError('all\\nat once.')", "with all at once: see"),
        ("raise OSError", "with OSError: see"),
        ("raise OSError(errno.ENOSPC, 'No space left', 7)", "disk is full: a file could not be"),
        ("raise OSError(errno.EDQUOT, 'Quota', '/x')", "disk is full: /x could not be written"),
        ("raise PermissionDeniedError", "/run/logs; Permission denied: see"),
    ],
)
def test_an_error_of_the_system_is_one_sentence(statement, words, early):
    program = ERRORS.format(statement=statement, early=early)
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert process.returncode == 1 and process.stdout == ""
    start = "error: The " if "disk" in words else "error: Could not go on with "
    assert process.stderr.startswith(start) and words in process.stderr
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\n\tb\x00\x1b[31m", r"a\r\n\tb\x00\x1b[31m"),
        ("\x85\u2028\u2029\x7f", r"\x85\u2028\u2029\x7f"),
        ("x" * 99_993 + ": do it.", "x" * 4500 + " ... " + "x" * 292 + ": do it."),
        ("Müller\u3000개 \u200d'\\n'", "Müller\u3000개 \u200d'\\n'"),
    ],
    ids=range(5),
)
def test_whatever_a_sentence_quotes_it_is_one_line(found, shown):
    statement = f"from stargan_tf.errors import UserError; raise UserError({ascii(found)})"
    program = ERRORS.format(statement=statement, early=False)
    process = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert process.stderr.decode() == f"error: {shown}\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--noema_warmup=true", "--noema_warmup=true does not take an argument: correct it"),
        (f"--{'x' * 3000}=1", "the name of a flag is too long: correct it"),
        ("--flagfile=a\0b", "embedded null byte"),
        ("--flagfile=/proc/nowhere", "Unable to open flagfile"),
    ],
    ids=range(4),
)
def test_what_absl_has_no_error_of_its_own_for_is_a_mistake_as_well(tmp_path, line, words):
    (tmp_path / "mine.flags").write_text(f"{line}\n")
    process = run(f"--flagfile={tmp_path / 'mine.flags'}")
    assert process.returncode == 1 and process.stderr.count("\n") == 1
    assert process.stderr.startswith("error: ") and words in process.stderr
    with pytest.raises(UserError, match="mine.flags cannot be used"):
        config_flags.read_flagfile(StarGANv2Settings, str(tmp_path / "mine.flags"))


@pytest.mark.parametrize("line", ["--no\x00such=1", "--batch_size=a\x00b", "--lr=\x1b[31m"])
def test_a_mistake_in_a_flagfile_is_one_line(tmp_path, line):
    (tmp_path / "mine.flags").write_text(f"{line}\n")
    process = run(f"--flagfile={tmp_path / 'mine.flags'}")
    assert process.returncode == 1
    assert process.stderr.startswith("error: ") and process.stderr.endswith("\n")
    assert process.stderr[:-1].isprintable()


def test_errors_of_the_code_keep_their_traceback():
    program = ERRORS.format(statement="raise KeyError('x')", early=False)
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert process.returncode == 1 and "Traceback" in process.stderr


def test_a_reader_that_has_gone_is_no_error():
    program = ERRORS.format(statement="print('x' * 2**20, flush=True)", early=False)
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.wait() == 1 and process.stderr.read() == b""
