import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys

import pytest

from stargan_tf.errors import UserError
from stargan_tf.locks import LOCK, exclusive_lock
from stargan_tf.serving.publishing import next_version
from tests import waiting

HOLD = """
import sys, time
from pathlib import Path
from stargan_tf.locks import exclusive_lock
path = Path(sys.argv[1])
with exclusive_lock(path, path.parent, "training", "choose another"):
    print("held", flush=True)
    time.sleep(600)
"""


def lock(path):
    return exclusive_lock(path, path.parent, "training", "choose another --run_dir")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / LOCK


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_hears_who_is_the_first(path, holder):
    before = path.read_bytes(), sorted(path.parent.iterdir())
    with pytest.raises(UserError) as error, lock(path):
        raise AssertionError("locked twice")
    said = str(error.value)
    assert f"(process {holder.pid} on {socket.gethostname()}, since 2" in said
    assert said.startswith(f"Found another training at work in {path.parent} (")
    assert said.endswith("expected none: wait for its end, or choose another --run_dir.")
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_a_lock_dies_with_its_process(path, holder, kind):
    holder.send_signal(kind)
    holder.wait()
    assert path.exists()  # and says nothing by itself
    with lock(path) as alone:
        assert alone
        assert path.read_text().startswith(f"process {os.getpid()} on ")


def test_nothing_stays(path, tmp_path):
    with lock(path):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_got_contents_stays(path):
    with lock(path):
        (path.parent / "config.json").write_text("{}")
    assert [p.name for p in path.parent.iterdir()] == ["config.json"]


def test_a_lock_that_was_removed_between_opening_and_locking_is_taken_anew(path, monkeypatch):
    """Its holder ended at this moment; a third may have made and locked a new file since."""
    flock = fcntl.flock

    def removed_first(descriptor, operation):
        monkeypatch.setattr(fcntl, "flock", flock)
        path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with lock(path):
        with pytest.raises(UserError), lock(path):
            pass


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_work_goes_on_with_a_warning(path, monkeypatch, capsys, code):
    def none(descriptor, operation):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", none)
    with lock(path) as alone:
        assert not alone
    said = capsys.readouterr().err
    assert said.startswith(f"warning: {path} cannot be locked (") and said.count("\n") == 1


def test_a_lock_is_no_version(tmp_path):
    with lock(tmp_path / LOCK):
        assert next_version(tmp_path) == 1


def test_many_at_once_never_hold_it_together(tmp_path):
    """Each of six processes takes the lock again and again, and notes when it is not alone."""
    script = """
import os, sys, time
from pathlib import Path
from stargan_tf.errors import UserError
from stargan_tf.locks import exclusive_lock
folder = Path(sys.argv[1])
held = 0
deadline = time.monotonic() + 60
while held < 30 and time.monotonic() < deadline:
    try:
        with exclusive_lock(folder / ".lock", folder, "x", "y"):
            (folder / "inside").mkdir()
            (folder / "inside").rmdir()
            held += 1
    except UserError:
        pass
sys.exit(held < 30)
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    waiting.until(lambda: all(p.poll() is not None for p in processes), 120)
    assert [(p.returncode, p.stderr.read()) for p in processes] == [(0, b"")] * 6
