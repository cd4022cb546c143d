import os
import signal
import subprocess
import sys

import pytest

from stargan_tf.serving.tflite.native_output import shown_on_failure

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
        "from stargan_tf.serving.tflite.native_output import shown_on_failure\n"
        f"with shown_on_failure():\n    {NATIVE}; os.abort()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.splitlines() == [f"line {n}" for n in range(10, 30)]
