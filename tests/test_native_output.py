import os
import signal
import subprocess
import sys

import pytest

from stargan_tf.native_output import shown_on_failure

# What native code does: it writes past Python's own streams.
NATIVE = "import os; [os.write(2 - n % 2, b'line %d\\n' % n) for n in range(30)]"


def test_nothing_is_shown_when_all_goes_well(capfd):
    with shown_on_failure():
        exec(NATIVE)
    os.write(1, b"after\n")
    assert capfd.readouterr() == ("after\n", "")


def test_an_error_shows_the_last_lines(capfd):
    with pytest.raises(ValueError, match="converter"), shown_on_failure():
        exec(NATIVE)
        raise ValueError("converter")
    os.write(1, b"after\n")
    out, error = capfd.readouterr()
    assert out == "after\n"
    assert error.splitlines() == [f"line {n}" for n in range(10, 30)]


def test_an_interrupt_shows_nothing(capfd):
    with pytest.raises(KeyboardInterrupt), shown_on_failure():
        exec(NATIVE)
        raise KeyboardInterrupt
    assert capfd.readouterr() == ("", "")


def test_a_process_that_is_ended_by_native_code_says_why():
    program = (
        "from stargan_tf.native_output import shown_on_failure\n"
        f"with shown_on_failure():\n    {NATIVE}; os.abort()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.splitlines() == [f"line {n}" for n in range(10, 30)]


def import_tensorflow(tmp_path, package, **environment):
    """A process in which another package goes by the name of TensorFlow."""
    (tmp_path / "tensorflow.py").write_text(package)
    program = (
        "from stargan_tf.native_output import quieten_tensorflow\n"
        "quieten_tensorflow()\n"
        "import os, tensorflow, sys\n"
        "import tensorflow, json\n"
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'], tensorflow.version, 'after', flush=True)\n"
        f"{NATIVE}\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:."} | environment,
    )


@pytest.fixture
def no_level(monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


def test_tensorflow_starts_quietly(tmp_path, no_level):
    done = import_tensorflow(tmp_path, f"{NATIVE}\nversion = 2")
    assert done.stdout.splitlines()[0] == "3 2 after"
    assert done.stdout.count("line") == done.stderr.count("line") == 15, "what comes later is shown"


def test_who_sets_the_level_lower_sees_everything(tmp_path):
    done = import_tensorflow(tmp_path, f"{NATIVE}\nversion = 2", TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stdout.count("line") == done.stderr.count("line") == 30


@pytest.mark.parametrize("end", ["raise ImportError('no AVX')", "os.abort()"])
def test_tensorflow_that_cannot_start_says_why(tmp_path, no_level, end):
    done = import_tensorflow(tmp_path, f"{NATIVE}; {end}")
    assert done.returncode
    assert "line 29" in done.stderr
    assert "after" not in done.stdout
