"""No name in a file leads out of its folder, as SECURITY.md promises."""

import dataclasses
import json
from pathlib import Path

import pytest

from stargan_tf.algorithms.drawable import Mode
from stargan_tf.config.train import TrainConfig
from stargan_tf.data.schema import DatasetInfo, shard_paths
from stargan_tf.devserver.discovery import find_models, find_versions
from stargan_tf.errors import UserError
from stargan_tf.locks import exclusive_lock
from stargan_tf.serving.model_info import FILE, ModelInfo
from stargan_tf.training import checkpoint_files
from stargan_tf.training.checkpoint_files import CheckpointFiles, DamagedError, Progress
from stargan_tf.training.run_dir import RunDir
from tests.data.infos import INFO

# As path of its own, at the end of one, and where other systems would see one.
OUTSIDE = [
    "../../x",
    "/etc/x",
    "cat/../../../x",
    "a/b",
    "..",
    ".",
    "",
    "..\\x",
    "C:\\x",
    "cat\0",
    "cat\nx",
    "\x1b[2J",
]
# What people call domains, whatever the tool that wrote the file allowed.
INSIDE = ["dog", "..cat", "my cats", "a.b", "Müller", "คน", "2", "cat2dog", "%2e%2e"]
SENTENCE = r"^\S+ names a \w+ .*, expected a name without / or \\ that .*: restore the file, .*\.$"


def write_dataset(folder, name):
    dataclasses.replace(INFO, domains=("cat", name)).save(folder)
    return lambda: DatasetInfo.load(folder).domains


def write_run(folder, name):
    run = RunDir(folder / "run")
    run.begin(TrainConfig(data_dir="data", run_dir=str(run.root)), ("cat", name))
    return lambda: run.read().domains


def model_file(folder, **changes):
    info = ModelInfo("pets", 1, ("cat", "dog"), 64, 16, 64, 10, "png", "CC0", {}, "1.0")
    (folder / "assets").mkdir()
    text = dataclasses.replace(info, **changes).to_json()
    (folder / "assets" / FILE).write_text(text, encoding="utf-8")


def write_model(folder, name):
    model_file(folder, domains=("cat", name))
    return lambda: ModelInfo.of_saved_model(folder).domains


def write_modes(folder, name):
    model_file(folder, modes=(Mode("cat", "image", ""), Mode(name, "latent", "random styles")))
    return lambda: tuple(mode.name for mode in ModelInfo.of_saved_model(folder).modes)


WRITERS = [write_dataset, write_run, write_model, write_modes]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_lead_out_are_rejected(tmp_path, write, name):
    read = write(tmp_path, name)
    with pytest.raises(UserError, match=SENTENCE) as error:
        read()
    assert str(error.value).isprintable()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", INSIDE)
def test_names_that_stay_are_taken(tmp_path, write, name):
    assert write(tmp_path, name)() == ("cat", name)


def test_shards_are_those_of_the_folder(tmp_path):
    """Whatever the names of others: files of other folders are never looked at."""
    data, other = tmp_path / "data", tmp_path / "other"
    for folder in (data, other):
        folder.mkdir()
        (folder / "train-cat-00000-of-00001.tfrecord").touch()
    with pytest.raises(UserError, match="Found no shards"):
        shard_paths(data, "train", "/../other/train-cat")
    assert shard_paths(data, "train", "cat") == [str(data / "train-cat-00000-of-00001.tfrecord")]


@pytest.fixture
def checkpoints(tmp_path):
    """A checkpoint 5, of files whose contents do not matter here."""
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    for name in ("iteration-5.index", "iteration-5.data-00000-of-00001"):
        (folder / name).write_bytes(b"numbers")
    files = CheckpointFiles(folder)
    files.write_sidecar(5, Progress())
    return files


@pytest.mark.parametrize(
    "entry",
    [
        "/etc/iteration-5",
        "../other/iteration-5",
        "/etc/passwd",
        "../../iteration-6",
        "iteration-5/../../x",
        "9" * 5000,
        "iteration-" + "9" * 5000,
    ],
)
def test_the_list_of_checkpoints_names_none_elsewhere(checkpoints, entry):
    checkpoints.index.write_text(f'model_checkpoint_path: "{entry}"\n')
    folder = checkpoints.index.parent
    steps = checkpoints.candidates()
    assert 5 in steps or steps == [6]  # of whose files there are none
    for step in steps:
        assert Path(checkpoints.prefix(step)).parent == folder


@pytest.mark.parametrize(
    "name",
    [
        "/dev/zero",
        "../secret",
        "/etc/passwd",
        "iteration-5.index/../../secret",
        "iteration-4.index",
        "iteration-5.json",
        "",
        ".",
    ],
)
def test_a_sidecar_names_no_files_elsewhere(checkpoints, name, monkeypatch):
    sidecar = checkpoints.index.parent / "iteration-5.json"
    values = json.loads(sidecar.read_text())
    contents = values["contents"] | {"files": {name: "0" * 64}}
    sha256 = checkpoint_files._digest_of(contents)
    sidecar.write_text(json.dumps({"contents": contents, "sha256": sha256}))
    monkeypatch.setattr(checkpoint_files, "_digest", lambda path: pytest.fail(f"read {path}"))
    with pytest.raises(DamagedError, match=r"^iteration-5\.json is altered$"):
        checkpoints.check(5)


def test_a_whole_checkpoint_is_taken(checkpoints):
    assert checkpoints.check(5) == Progress()


def test_the_lock_is_no_link(tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    (tmp_path / "run").mkdir()
    lock = tmp_path / "run" / ".lock"
    lock.symlink_to(kept)
    with (
        pytest.raises(OSError, match="symbolic links"),
        exclusive_lock(lock, lock.parent, "training", "choose another"),
    ):
        pytest.fail("locked")
    assert kept.read_text() == "mine"


def test_models_may_be_links(tmp_path):
    """As the one who serves them laid them; a request names a model, never a path."""
    (tmp_path / "elsewhere" / "1").mkdir(parents=True)
    (tmp_path / "models" / "real").mkdir(parents=True)
    (tmp_path / "models" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "models" / "real" / "2").symlink_to(tmp_path / "elsewhere" / "1")
    found = {model.name: model.base_path for model in find_models(tmp_path / "models")}
    assert {name: sorted(find_versions(path)) for name, path in found.items()} == {
        "link": [1],
        "real": [2],
    }
