"""python -m stargan_tf.client, as a user runs it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.serving.client.fake_rest import rest_server
from tests.serving.client.fakes import UNLIKED_WIDTH, make_image
from tests.waiting import until

ASTRONAUT = Path(__file__).parents[2] / "faces" / "astronaut.jpg"
COMMAND = [sys.executable, "-m", "stargan_tf.client"]
# Prints at the end what the command imported of what it should not.
WATCHED = """
import atexit, runpy, sys
def tell():
    heavy = {"tensorflow", "keras", "tensorflow_serving", "apache_beam"} & sys.modules.keys()
    print("imported", sorted(heavy), file=sys.stderr)
atexit.register(tell)
runpy.run_module("stargan_tf.client", run_name="__main__", alter_sys=True)
"""


def run(*arguments, command=COMMAND):
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(make_image())
    return folder


def assert_error(result, *words):
    """One sentence on stderr, and no success."""
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    for word in words:
        assert str(word) in lines[0]


def test_help_is_quick_and_teaches():
    start = time.monotonic()
    result = run("--help")
    assert time.monotonic() - start < 2
    assert result.returncode == 0
    for flag in ("server", "model", "src", "ref", "target_domain", "out", "concurrency", "status"):
        assert f"--{flag}" in result.stdout or f"--[no]{flag}" in result.stdout


def test_one_image_without_tensorflow(server, images, tmp_path):
    out = tmp_path / "new" / "cat.png"
    arguments = [f"--src={images / 'a.png'}", "--target_domain=cat", "--seed=99", f"--out={out}"]
    arguments += [f"--server={server}", "--model=pets"]
    result = run(*arguments, command=[sys.executable, "-c", WATCHED])
    assert result.returncode == 0, result.stderr
    assert str(out) in result.stdout and "1 image" in result.stdout
    assert result.stderr == "imported []\n"
    with Image.open(out) as image:
        assert image.getpixel((0, 0))[1] == 99
    assert_error(run(*arguments), out, "already exists", "--overwrite")
    assert run(*arguments, "--overwrite").returncode == 0


def test_a_folder(server, images, tmp_path):
    (images / "notes.txt").write_text("no image")
    (images / "ugly.png").write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    out = tmp_path / "out"
    result = run(
        f"--server={server}",
        "--model=pets",
        f"--src={images}",
        "--target_domain=dog",
        "--num_outputs=2",
        "--batch_size=3",
        f"--out={out}",
    )
    assert result.returncode == 0, result.stderr
    names = [f"{name}__to_dog__seed7_{index}.png" for name in "ab" for index in (0, 1)]
    assert sorted(path.name for path in out.iterdir()) == names
    assert "Wrote 4 images" in result.stdout and str(out) in result.stdout
    assert f"warning: rejected: {images / 'notes.txt'} cannot be used" in result.stderr
    assert f"warning: rejected: {images / 'ugly.png'} (Found an ugly image" in result.stderr
    assert result.stderr.count("warning: ") == 2
    assert "8/8" in result.stderr  # the bar


def test_references(server, images, tmp_path):
    out = tmp_path / "out"
    result = run(
        f"--server={server}",
        "--model=pets",
        f"--src={images}",
        f"--ref={images / 'a.png'}",
        "--target_domain=dog",
        f"--out={out}",
    )
    assert result.returncode == 0, result.stderr
    assert {p.name for p in out.iterdir()} == {f"{n}__to_dog__ref_a.png" for n in "ab"}


def test_faces_are_aligned_first_without_tensorflow(server, model, images, tmp_path):
    shutil.copy(ASTRONAUT, images)
    out = tmp_path / "out"
    arguments = [f"--server={server}", "--model=pets", "--target_domain=dog", "--align"]
    result = run(
        *arguments, f"--src={images}", f"--out={out}", command=[sys.executable, "-c", WATCHED]
    )
    assert result.returncode == 0, result.stderr
    assert [path.name for path in out.iterdir()] == ["astronaut__to_dog__seed7_0.png"]
    for name in ("a.png", "b.png"):
        assert f"{images / name} cannot be aligned (no face found)" in result.stderr
    assert result.stderr.endswith("imported []\n")


def test_aligning_without_litert_is_told(server, images, tmp_path):
    without = "import sys; sys.modules['ai_edge_litert.interpreter'] = None\n" + WATCHED
    arguments = [f"--server={server}", "--model=pets", "--target_domain=dog", f"--src={images}"]
    command = [sys.executable, "-c", without]
    result = run(*arguments, "--align", f"--out={tmp_path / 'out'}", command=command)
    assert_error(result, "Found no LiteRT", "pip install ai-edge-litert")
    assert run(*arguments, f"--out={tmp_path / 'out'}", command=command).returncode == 0


def test_a_wrong_domain_is_told_once_with_the_right_ones(server, images, tmp_path):
    arguments = [f"--server={server}", "--model=pets", f"--src={images}", f"--out={tmp_path / 'o'}"]
    assert_error(run(*arguments, "--target_domain=fox"), '"fox", expected one of cat, dog, wild')
    assert_error(run(*arguments), "no --target_domain")
    assert not (tmp_path / "o").exists()


def test_a_folder_of_which_nothing_can_be_used(server, tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    arguments = [f"--server={server}", "--model=pets", f"--src={tmp_path}", "--target_domain=cat"]
    result = run(*arguments, f"--out={tmp_path / 'out'}")
    assert_error(result, "None of the 1 files")
    assert "notes.txt" in result.stderr


def test_status(server, model):
    result = run(f"--server={server}", "--model=pets", "--status")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"pets at {server}:",
        "  version 3: AVAILABLE",
        "Signatures of version 3:",
        "  encode_style(reference_bytes string [N]) -> style_code float [N, 4]",
        "  translate_random(image_bytes string [N], seed int64 [N]) -> image_bytes string [N]",
        "Domains: a server does not list them, but its refusal of an unknown --target_domain "
        "names them.",
    ]
    model.versions = [(3, "END", "No saved_model.pb."), (4, "LOADING", "")]
    result = run(f"--server={server}", "--model=pets", "--status")
    assert result.returncode == 1
    assert result.stdout.splitlines()[1:] == [
        "  version 4: LOADING",
        "  version 3: END (No saved_model.pb.)",
    ]
    assert_error(run(f"--server={server}", "--model=pests", "--status"), "Servable not found")


def test_no_server():
    start = time.monotonic()
    result = run("--server=http://127.0.0.1:9", "--model=pets", "--status", "--timeout=1")
    assert_error(result, "http://127.0.0.1:9", "refused", "start it")
    assert time.monotonic() - start < 5


def test_a_file_that_cannot_be_written(server, images):
    arguments = [f"--server={server}", "--model=pets", f"--src={images}", "--target_domain=cat"]
    assert_error(run(*arguments, "--out=/dev/null/folder"), "/dev/null", "pass another --out")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_stopping_keeps_what_is_finished(server, model, images, tmp_path, kind):
    model.delay = 0.05
    out = tmp_path / "out"
    arguments = [f"--server={server}", "--model=pets", f"--src={images}", "--target_domain=cat"]
    process = subprocess.Popen(
        [*COMMAND, *arguments, "--num_outputs=1000", f"--out={out}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: out.is_dir() and len(list(out.iterdir())) > 3)
    model.delay = 20.0  # what is under way is not waited for
    start = time.monotonic()
    os.kill(process.pid, kind)
    _, error = process.communicate(timeout=30)
    assert time.monotonic() - start < 10
    assert process.returncode == 1
    assert "Traceback" not in error
    finished = list(out.iterdir())
    assert f"error: Interrupted ({len(finished)} finished in {out};" in error
    assert all(path.name.endswith(".png") and path.name[0] in "ab" for path in finished)
    for path in finished:
        with Image.open(path) as image:
            image.load()


def test_a_server_that_breaks_off(model, images, tmp_path):
    # It answers what signatures there are, and translates one image.
    model.before = [0, 0, ConnectionAbortedError(), *[ConnectionAbortedError()] * 50]
    out = tmp_path / "out"
    with rest_server(model) as address:
        result = run(
            f"--server={address}",
            "--model=pets",
            f"--src={images}",
            "--target_domain=cat",
            "--concurrency=1",
            "--timeout=0.5",
            f"--out={out}",
        )
    assert_error(result, address, f"(1 finished in {out};")
    assert len(list(out.iterdir())) == 1
