"""A terminal that closes; Ctrl-C and SIGTERM are tried in test_loop.py."""

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios

import pytest

from tests.waiting import until

WORK = """
import sys, time
from pathlib import Path
from stargan_tf.training.signals import StopRequest

with StopRequest() as request:
    print("working", flush=True)
    Path(sys.argv[1], "working").touch()
    while request.signal is None:
        time.sleep(0.01)
    for stream in (sys.stdout, sys.stderr):
        print("saving", file=stream, flush=True)
    Path(sys.argv[1], "saving").touch()
    while not Path(sys.argv[1], "go on").exists():
        time.sleep(0.01)
    Path(sys.argv[1], "saved").write_text(request.signal.name)
"""


@pytest.fixture
def start(tmp_path):
    """Starts work whose output and controlling terminal is one that the test holds."""

    def start(ignored=False):
        master, slave = pty.openpty()

        def prepare():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)

        process = subprocess.Popen(
            [sys.executable, "-c", WORK, str(tmp_path)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=prepare,
        )
        os.close(slave)
        until((tmp_path / "working").exists)
        return process, master

    return start


def test_a_terminal_that_closes_stops_the_run_and_lets_it_save(start, tmp_path):
    process, terminal = start()
    os.close(terminal)
    until((tmp_path / "saving").exists)
    process.send_signal(signal.SIGHUP)  # that of the shell
    (tmp_path / "go on").touch()
    assert process.wait(60) == 0
    assert (tmp_path / "saved").read_text() == "SIGHUP"


def test_nohup_holds(start, tmp_path):
    process, terminal = start(ignored=True)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    (tmp_path / "go on").touch()
    assert process.wait(60) == 0
    os.close(terminal)
    assert (tmp_path / "saved").read_text() == "SIGTERM"
