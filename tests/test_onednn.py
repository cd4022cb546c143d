"""Convolutions are oneDNN's, on processors where TensorFlow alone would take Eigen's too."""

import os
import platform
import subprocess
import sys

ON = "oneDNN custom operations are on"
X86 = platform.machine().lower() in ("x86_64", "amd64")


def start(program, **environment):
    """What TensorFlow says at its start, in a process that begins without the setting."""
    rest = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=rest | {"TF_CPP_MIN_LOG_LEVEL": "0"} | environment,
        check=True,
    )
    return done.stderr


def test_the_package_asks_for_onednn():
    rest = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    program = "import os, stargan_tf; print(os.environ.get('TF_ENABLE_ONEDNN_OPTS'))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=rest, check=True)
    assert done.stdout.strip() == ("1" if X86 else "None")


def test_the_package_has_tensorflow_use_onednn():
    assert (ON in start("import stargan_tf, tensorflow")) == X86


def test_who_turns_it_off_has_it_off():
    assert ON not in start("import stargan_tf, tensorflow", TF_ENABLE_ONEDNN_OPTS="0")
