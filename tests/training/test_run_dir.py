import dataclasses
import json
import os
import unicodedata

import pytest

from stargan_tf import labels
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet
from stargan_tf.training.run_dir import RunDir
from tests.training.tiny import CONFIG

DOMAINS = ("cat", "dog")


@pytest.fixture
def run(tmp_path):
    run = RunDir(tmp_path / "runs" / "first")
    run.begin(CONFIG, DOMAINS)
    return run


def assert_one_sentence(error):
    text = str(error.value)
    assert text.endswith(".") and "\n" not in text


def test_a_new_folder_gets_its_parts_and_the_settings(run):
    names = {path.name for path in run.root.iterdir()}
    assert names == {"config.json", "checkpoints", "logs", "samples"}
    assert run.read() == (CONFIG, DOMAINS)


def test_names_of_earlier_runs_are_read_in_one_form_of_unicode(tmp_path):
    run = RunDir(tmp_path / "run")
    run.begin(CONFIG, ("cat", unicodedata.normalize("NFD", "Müller")))
    assert run.read().domains == ("cat", "Müller")
    run.begin(CONFIG, ("cat", "Müller"))  # the data set, prepared again


def test_naming_a_folder_creates_nothing(tmp_path):
    assert not RunDir(tmp_path / "nothing").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_same_run_may_go_on(run):
    run.begin(CONFIG, DOMAINS)
    assert run.read() == (CONFIG, DOMAINS)


def test_what_does_not_change_the_run_may_change(run):
    changes = {
        "total_iters": 999,
        "data_dir": "/elsewhere",
        "log_every": 3,
        "sample_every": 4,
        "save_every": 5,
        "eval_every": 6,
        "keep_checkpoints": 7,
        "on_nan": "rollback",
        "max_rollbacks": 9,
        "virtual_replicas": 2,
    }
    run.begin(dataclasses.replace(CONFIG, **changes), DOMAINS)
    assert run.read().config == dataclasses.replace(CONFIG, **changes)


PATHS = ("data_dir", "warm_start")


def resumed_anywhere(run, monkeypatch, folders):
    """The paths that config.json gives in each working directory."""
    found = []
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(folder)
        config = RunDir(os.path.relpath(run, folder)).read().config
        found.append({name: getattr(config, name) for name in PATHS})
    return found


def test_paths_hold_in_every_working_directory(tmp_path, monkeypatch):
    started, elsewhere = tmp_path / "a" / "b", tmp_path / "c"
    for folder in (started, elsewhere / "data", tmp_path / "a" / "data"):
        folder.mkdir(parents=True)
    monkeypatch.chdir(started)
    RunDir("runs/first").begin(
        dataclasses.replace(
            CONFIG, run_dir="runs/first", data_dir="../data", warm_start="runs/parent"
        ),
        DOMAINS,
    )
    expected = {
        "data_dir": str(tmp_path / "a" / "data"),
        "warm_start": str(started / "runs" / "parent"),
    }
    run = started / "runs" / "first"
    folders = (started, elsewhere, elsewhere / "deep", run)
    assert resumed_anywhere(run, monkeypatch, folders) == [expected] * 4


@pytest.mark.parametrize("run_dir", ["runs/first", "./runs/first/", "runs//x/../first"])
def test_relative_paths_of_earlier_versions(tmp_path, monkeypatch, run_dir):
    """They count from where training was started, also where another folder would fit."""
    started, elsewhere = tmp_path / "a", tmp_path / "c"
    for folder in (started / "data", started / "parent", elsewhere / "data"):
        folder.mkdir(parents=True)
    run = RunDir(started / "runs" / "first")
    run.begin(CONFIG, DOMAINS)
    values = json.loads(run.config_file.read_text())
    values |= {"run_dir": run_dir, "data_dir": "data", "warm_start": "../a/parent"}
    run.config_file.write_text(json.dumps(values))
    expected = {"data_dir": str(started / "data"), "warm_start": str(started / "parent")}
    found = resumed_anywhere(run.root, monkeypatch, (started, elsewhere))
    assert found == [expected] * 2


@pytest.mark.parametrize(
    "run_dir", ["../runs/first", "/old/runs/first", "first_name", "", "x/../.."]
)
def test_where_they_counted_from_may_be_unknown(run, monkeypatch, run_dir):
    """Then they count from here, as before."""
    values = json.loads(run.config_file.read_text())
    values |= {"run_dir": run_dir, "data_dir": "data", "warm_start": ""}
    run.config_file.write_text(json.dumps(values))
    assert run.read().config.data_dir == "data"
    monkeypatch.chdir(run.root)
    run.begin(run.read().config, DOMAINS)
    assert run.read().config.data_dir == str(run.root / "data")


def test_a_data_set_that_is_gone_is_told_with_the_flag(run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    run.begin(dataclasses.replace(CONFIG, data_dir=str(data)), DOMAINS)
    with pytest.raises(UserError, match=f"no data set at {data}, .*: pass --data_dir") as error:
        run.check_data_dir("info.json")
    assert_one_sentence(error)
    (data / "info.json").touch()
    run.check_data_dir("info.json")


def test_the_run_it_started_from_may_be_named_in_other_ways(tmp_path, monkeypatch):
    parent = tmp_path / "parent"
    parent.mkdir()
    run = RunDir(tmp_path / "run")
    config = dataclasses.replace(CONFIG, warm_start=str(parent))
    run.begin(config, DOMAINS)
    monkeypatch.chdir(tmp_path)
    run.begin(dataclasses.replace(CONFIG, warm_start="parent"), DOMAINS)
    with pytest.raises(UserError, match="warm_start"):
        run.begin(dataclasses.replace(CONFIG, warm_start="other"), DOMAINS)
    parent.rename(tmp_path / "moved")  # with or without the run
    run.begin(dataclasses.replace(CONFIG, warm_start="moved"), DOMAINS)
    assert run.read().config.warm_start == str(parent), "where its weights came from"


def test_other_settings_are_refused_and_named(run):
    other = dataclasses.replace(CONFIG, batch_size=8, lambda_ds=0.5, total_iters=999)
    with pytest.raises(UserError) as error:
        run.begin(other, DOMAINS)
    assert "batch_size (4 there, 8 here); lambda_ds (2.0 there, 0.5 here)." in str(error.value)
    assert "total_iters" not in str(error.value)
    assert run.read().config == CONFIG


@pytest.mark.parametrize(
    "field",
    [
        *("img_size", "base_channels", "max_conv_dim", "latent_dim", "style_dim"),
        *("mapping_hidden_dim", "w_hpf", "lambda_reg", "lambda_sty", "lambda_ds", "lambda_cyc"),
        *("ds_iter", "batch_size", "beta1", "beta2", "weight_decay", "ema_decay"),
        *("randcrop_prob", "seed", "r1_every", "fused_passes"),
    ],
)
def test_every_setting_that_decides_the_training_is_kept(run, field):
    other = dataclasses.replace(CONFIG, **{field: getattr(CONFIG, field) + 1})
    with pytest.raises(UserError, match=f" {field} "):
        run.begin(other, DOMAINS)


def test_other_domains_are_refused(run):
    with pytest.raises(UserError, match=r"domains \(cat, dog there, dog, cat here\)"):
        run.begin(CONFIG, ("dog", "cat"))


@pytest.mark.parametrize(
    ("records", "goes_on"),
    [
        ("", True),
        ('{"step": 5}\n', True),  # killed while the first checkpoint was written
        ('{"step": 4}\n{"step": 6}\n{"st', False),
        ('null\n{"step": 6, "loss": NaN}\n', False),
    ],
)
def test_a_run_whose_checkpoints_are_gone_is_not_begun_again(tmp_path, records, goes_on):
    """Beginning again would remove all records of the old run."""
    run = RunDir(tmp_path / "run")
    config = dataclasses.replace(CONFIG, save_every=5)
    run.begin(config, DOMAINS)
    run.metrics_file.write_text(records)
    if goes_on:
        run.begin(config, DOMAINS)
    else:
        with pytest.raises(UserError, match="Found no checkpoint .* to iteration 6: put") as error:
            run.begin(dataclasses.replace(config, save_every=50), DOMAINS)
        assert_one_sentence(error)
        assert run.read().config.save_every == 5
        (run.checkpoints / "iteration-5.index").touch()
        (run.checkpoints / "iteration-5.json").touch()
        run.begin(config, DOMAINS)  # its checkpoints decide
    assert run.metrics_file.read_text() == records


def test_foreign_files_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="Found other files"):
        RunDir(tmp_path).begin(CONFIG, DOMAINS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_a_run_that_was_killed_at_once_has_left_is_no_obstacle(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / ".unfinished-12-0123abcd.json").write_text("{")
    (tmp_path / ".lock").write_text("12")
    run = RunDir(tmp_path)
    run.begin(CONFIG, DOMAINS)
    (run.samples / ".unfinished-12-0123abcd.png").write_text("half")
    run.begin(CONFIG, DOMAINS)
    names = {path.name for path in tmp_path.rglob("*")}
    assert names == {"config.json", "checkpoints", "logs", "samples", ".lock"}


def test_an_empty_folder_may_become_a_run(tmp_path):
    RunDir(tmp_path).begin(CONFIG, DOMAINS)
    assert RunDir(tmp_path).read().config == CONFIG


def test_reading_where_there_is_no_run(tmp_path):
    with pytest.raises(UserError, match="Found no config.json") as error:
        RunDir(tmp_path).read()
    assert_one_sentence(error)


def settings(**changes):
    values = {**dataclasses.asdict(StarGANv2Settings()), "domains": DOMAINS, **changes}
    return json.dumps({name: value for name, value in values.items() if value is not None})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (settings()[:-30].encode(), "is not valid JSON"),
        (b"", "is not valid JSON"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        (b"[" * 100_000, "is not valid JSON"),
        (b"[1, 2]", "holds no JSON object"),
        (settings(domains=None).encode(), "lacks the list of domains"),
        (settings(lambda_new=3).encode(), r"unknown settings \(lambda_new\)"),
    ],
)
def test_damaged_settings_end_in_one_sentence(run, content, message):
    run.config_file.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        run.read()
    assert_one_sentence(error)
    assert "config.json" in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("img_size", "64"), ("ema_warmup", 1), ("lambda_ds", None), ("domains", 5), ("domains", [1])],
)
def test_values_of_another_type_are_named(run, name, value):
    values = json.loads(run.config_file.read_text())
    run.config_file.write_text(json.dumps(values | {name: value}))
    with pytest.raises(UserError, match=name) as error:
        run.read()
    assert_one_sentence(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("img_size", size) for size in (-1, 0, 33, 2**20, 2**64)),
        *((name, 2**17) for name in ("latent_dim", "max_conv_dim", "base_channels")),
        *((name, 2**64) for name in ("style_dim", "mapping_hidden_dim")),
        *(("lr", lr) for lr in (-1, float("nan"), float("inf"), 1e300)),
        *(("seed", -1), ("seed", 10**400), ("beta1", 1.0), ("total_iters", 2**63), ("w_hpf", -1)),
        *((name, "x" * 10**5) for name in ("mixed_precision", "on_nan")),
    ],
    ids=range(21),
)
def test_values_that_no_run_can_have_are_named(run, name, value):
    """They would end in errors of TensorFlow, or fill the memory."""
    values = json.loads(run.config_file.read_text())
    run.config_file.write_text(json.dumps(values | {name: value}))
    with pytest.raises(UserError, match=f"config.json .*{name}") as error:
        run.read()
    assert_one_sentence(error)
    assert len(str(error.value)) < 1000


def test_a_whole_number_will_do_for_a_fraction(run):
    values = json.loads(run.config_file.read_text())
    run.config_file.write_text(json.dumps(values | {"lambda_ds": 2}))
    assert run.read().config.lambda_ds == 2


SETS = (LabelSet(("cat",), True, (("cat",),)), LabelSet(("dog",), False))


def test_what_the_labels_are_is_kept(tmp_path):
    run = RunDir(tmp_path)
    run.begin(CONFIG, ("cat", "dog"), SETS)
    assert run.label_sets() == SETS and run.read() == (CONFIG, ("cat", "dog"))
    run.begin(CONFIG, ("cat", "dog"), SETS)  # resumed
    assert run.label_sets() == SETS


def test_a_run_of_an_earlier_version_learns_what_its_labels_are_on_resume(run):
    assert run.label_sets() == ()
    known = (LabelSet(DOMAINS, False),)
    run.begin(CONFIG, DOMAINS, known)
    assert run.label_sets() == known


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "wrong label_sets"),
        ("x", "wrong label_sets"),
        ([{"names": ["cat"]}], "wrong label_sets"),
        (labels.to_json(SETS[:1]), "other names in label_sets than in domains"),
    ],
)
def test_damaged_label_sets_end_in_one_sentence(tmp_path, value, sentence):
    run = RunDir(tmp_path)
    run.begin(CONFIG, ("cat", "dog"), SETS)
    values = json.loads(run.config_file.read_text()) | {"label_sets": value}
    run.config_file.write_text(json.dumps(values))
    with pytest.raises(UserError, match=f"config.json has {sentence}") as error:
        run.label_sets()
    assert_one_sentence(error)
