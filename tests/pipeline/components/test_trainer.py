"""run_fn as TFX's Trainer calls it: a model, its run, and a run that outlives a crash."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tensorflow as tf
from tfx import v1 as tfx

from pipeline.components import trainer
from pipeline.components.trainer import run_fn, run_key
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from stargan_tf.loading import load_run
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.training.run_dir import RunDir
from tests.pipeline.artifacts import examples_of
from tests.training import tiny

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "algorithm": "stargan_v2",
    "img_size": 32,
    "base_channels": 4,
    "max_conv_dim": 8,
    "mapping_hidden_dim": 8,
    "batch_size": 4,
    "total_iters": 2,
    "log_every": 1,
    "sample_every": 0,
    "eval_every": 0,
    "save_every": 1,
}


@pytest.fixture(scope="module")
def examples(two_domains_dir, tmp_path_factory):
    return examples_of(two_domains_dir, tmp_path_factory.mktemp("examples") / "7")


def arguments(examples, root, number, base_model=None, source_hash="abc", **settings):
    """What the Trainer's execution `number` gives to run_fn; `root` is the pipeline's."""
    return {
        "train_files": [str(examples / "Split-train" / "*")],
        "eval_files": [str(examples / "Split-val" / "*")],
        "serving_model_dir": str(root / "model" / str(number) / "Format-Serving"),
        "model_run_dir": str(root / "model_run" / str(number)),
        "base_model": base_model,
        "custom_config": {
            "train": {**SETTINGS, **settings},
            "source_hash": source_hash,
            "working_dir": str(root / "training"),
            "warm_start": base_model is not None,
            "model_name": "pets",
        },
    }


def trained(*args, **settings):
    with tiny.eagerly():
        run_fn(tfx.components.FnArgs(**arguments(*args, **settings)))


@pytest.fixture
def no_export(monkeypatch):
    """For executions whose SavedModel nobody looks at: making one takes long."""
    monkeypatch.setattr(trainer, "_export", lambda config, name, folder: folder.mkdir(parents=True))


def runs_in(root):
    return sorted(root.glob("training/*/run"))


@pytest.fixture(scope="module")
def root(examples, tmp_path_factory):
    """Where a first execution has trained a model."""
    root = tmp_path_factory.mktemp("pipeline")
    trained(examples, root, 1)
    return root


def test_the_model_can_be_served(root):
    serving = root / "model" / "1" / "Format-Serving"
    assert (serving / "saved_model.pb").is_file()
    assert (serving / "assets.extra" / "tf_serving_warmup_requests").is_file()
    info = ModelInfo.of_saved_model(serving)
    assert (info.name, info.domains, info.step) == ("pets", ("cat", "dog"), 2)
    assert abs(info.version - time.time()) < 3600
    assert [path.name for path in serving.parent.iterdir() if path.name.startswith(".")] == []


def test_the_run_is_kept_with_the_model(root):
    (work,) = runs_in(root)
    kept, original = load_run(root / "model" / "1" / "run"), load_run(work)
    assert kept.step == original.step == 2
    assert kept.fingerprint == original.fingerprint
    names = [path.name for path in (root / "model/1/run/checkpoints").glob("*.index")]
    assert names == ["iteration-2.index"]
    assert any((root / "model_run" / "1" / "logs").iterdir())
    assert (root / "model_run" / "1" / "samples").is_dir()


def test_a_finished_run_is_not_trained_again(root, examples, no_export, capsys):
    (work,) = runs_in(root)
    before = (work / "metrics.jsonl").read_text()
    trained(examples, root, 2)
    assert "trained to iteration 2 already" in capsys.readouterr().out
    assert runs_in(root) == [work]
    assert (work / "metrics.jsonl").read_text() == before
    assert load_run(root / "model" / "2" / "run").step == 2


def test_another_model_to_start_from_is_another_run(root, examples, no_export, capsys):
    base = str(root / "model" / "1" / "Format-Serving")
    trained(examples, root, 3, base_model=base, total_iters=1)
    assert "are those of " + str(root / "model" / "1" / "run") in capsys.readouterr().out
    assert len(runs_in(root)) == 2
    assert RunDir(root / "model/3/run").read().config.warm_start.endswith("model/1/run")


def test_the_key_holds_all_that_decides_the_result(examples, two_domains_dir, tmp_path):
    settings = StarGANv2Settings(**SETTINGS)
    key = run_key(str(examples), settings, "abc")
    copy = examples_of(two_domains_dir, tmp_path / "8")
    assert run_key(str(copy), settings, "abc") == key
    others = {
        run_key(str(copy), dataclasses.replace(settings, lr=0.5), "abc"),
        run_key(str(copy), settings, "abd"),
        run_key(str(copy), settings, "abc", "parent"),
    }
    shard = next(copy.glob("Split-train/*.tfrecord"))
    content = bytearray(shard.read_bytes())
    content[100] ^= 1
    shard.write_bytes(content)
    others.add(run_key(str(copy), settings, "abc"))
    assert len(others | {key}) == 5


def test_mistyped_settings_are_named(examples, tmp_path):
    with pytest.raises(UserError, match="Trainer's settings has unknown settings .learning_rate"):
        trained(examples, tmp_path, 1, learning_rate=0.1)


def test_only_one_machine_trains_in_a_pipeline(examples, tmp_path):
    with pytest.raises(UserError, match="Found --train.multi_worker, expected training on one"):
        trained(examples, tmp_path, 1, multi_worker=True)


def test_a_signal_stops_the_pipeline_and_makes_no_model(examples, tmp_path):
    def stop_after_a_checkpoint():
        while not list(tmp_path.glob("training/*/run/checkpoints/*.index")):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop_after_a_checkpoint)
    thread.start()
    words = r"stopped by SIGTERM after iteration \d+, and everything is saved"
    with pytest.raises(UserError, match=words) as stopped:
        trained(examples, tmp_path, 1, total_iters=100_000)
    thread.join()
    # By which the command knows that nothing has failed.
    assert repr(stopped.value.__cause__) == "KeyboardInterrupt(15)"
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
@pytest.mark.e2e
def test_a_killed_trainer_goes_on_from_its_last_checkpoint(examples, tmp_path, no_export, capsys):
    total = 6
    values = arguments(examples, tmp_path, 1, total_iters=total)
    killed_after_a_checkpoint(values, tmp_path)
    (work,) = runs_in(tmp_path)
    reached = saved_iteration(work)
    assert 0 < reached < total
    assert not (tmp_path / "model").exists()

    trained(examples, tmp_path, 2, total_iters=total)
    assert f"Resuming {work} at iteration {reached}" in capsys.readouterr().out
    assert runs_in(tmp_path) == [work]
    records = [json.loads(line) for line in (work / "metrics.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == list(range(1, total + 1))
    assert load_run(tmp_path / "model" / "2" / "run").step == total


def killed_after_a_checkpoint(values, root):
    """Runs run_fn in a process of its own, and kills it as soon as it has saved something."""
    code = (
        "import json, sys\n"
        "import tensorflow as tf\n"
        "from tfx import v1 as tfx\n"
        "from pipeline.components.trainer import run_fn\n"
        "tf.config.run_functions_eagerly(True)  # compiling would take longer than training\n"
        "run_fn(tfx.components.FnArgs(**json.loads(sys.argv[1])))\n"
    )
    command = [sys.executable, "-c", code, json.dumps(values)]
    log = root / "killed.log"
    with log.open("w") as out, subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out) as it:
        deadline = time.monotonic() + 600
        while not any(saved_iteration(work) for work in runs_in(root)):
            assert it.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        it.send_signal(signal.SIGKILL)
    assert it.returncode == -signal.SIGKILL


def saved_iteration(work):
    newest = tf.train.latest_checkpoint(str(work / "checkpoints"))
    return int(newest.rpartition("-")[2]) if newest else 0
