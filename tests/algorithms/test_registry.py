"""An algorithm is found by its name, or by the path of a module of one's own."""

import subprocess
import sys

import pytest

from stargan_tf.algorithms.ablation.settings import LatentCodesSettings
from stargan_tf.algorithms.registry import make_algorithm, settings_class
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.errors import UserError
from stargan_tf.training.run_dir import RunDir
from tests.algorithms import toy

TOY = "tests.algorithms.toy"


def train(*arguments):
    command = [sys.executable, "-m", "stargan_tf.train", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_names_and_paths():
    assert settings_class("stargan_v2") is StarGANv2Settings
    assert settings_class("ablation.latent_codes") is LatentCodesSettings
    assert settings_class(TOY) is toy.Settings
    assert isinstance(make_algorithm(toy.Settings(algorithm=TOY), 2), toy.Toy)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "stargan_v3",
            "Found --algorithm=stargan_v3, expected one of stargan_v2, stargan, ablation.multi_task"
            ", ablation.domain_styles, ablation.latent_codes, or the dotted path",
        ),
        ("no.such.module", "Found no module no.such.module .* expected one that Python can import"),
        ("tests.algorithms.missing", "Found no module tests.algorithms.missing"),
        ("tests.algorithms", "module tests.algorithms .* lacks Settings or make"),
    ],
)
def test_what_is_no_algorithm_is_said(name, message):
    with pytest.raises(UserError, match=message):
        settings_class(name)


def test_what_an_own_module_lacks_is_its_own_error(tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "broken.py").write_text("import a_package_that_is_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_installed"):
        settings_class("own.broken")


def test_a_run_remembers_its_algorithm(tmp_path):
    settings = toy.Settings(algorithm=TOY, width=7)
    RunDir(tmp_path / "run").begin(settings, ("cat", "dog"))
    assert RunDir(tmp_path / "run").read().config == settings


def test_a_mistyped_algorithm_is_one_sentence(tmp_path):
    result = train("--algorithm=stargan_v3", "--help")
    assert result.returncode == 1 and result.stderr.startswith("error: Found --algorithm=stargan_v")
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_flagfile_may_choose_the_algorithm(tmp_path):
    (tmp_path / "my.flags").write_text(f"# Mine.\n--algorithm={TOY}\n--lambda_keep=-1\n")
    result = train(
        f"--flagfile={tmp_path / 'my.flags'}", f"--run_dir={tmp_path / 'run'}", "--data_dir=data"
    )
    assert (
        result.returncode == 1 and "Found --lambda_keep=-1.0, expected 0 or more" in result.stderr
    )


@pytest.mark.slow
def test_a_run_is_not_resumed_by_another_algorithm(tmp_path):
    run = tmp_path / "run"
    RunDir(run).begin(toy.Settings(algorithm=TOY, data_dir="data"), ("cat", "dog"))
    result = train(f"--run_dir={run}", "--algorithm=stargan_v2")
    assert result.returncode == 1
    assert f"--algorithm=stargan_v2 for the run in {run}, expected {TOY}, its own" in result.stderr
    # Without the flag it is the run's own, whose settings --help shows.
    assert "--lambda_keep" in train(f"--run_dir={run}", "--help").stdout
