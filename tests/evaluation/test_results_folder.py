import json
import os

import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.evaluation.results_folder import ResultsFolder, writing_error

SETTINGS = {"seed": 7, "modes": ["latent"]}
KEY, OTHER_KEY = {"task": "latent/cat2dog", "seed": 7}, {"task": "latent/cat2dog", "seed": 8}


def folder(path, settings=SETTINGS, overwrite=False):
    return ResultsFolder(path, settings, overwrite=overwrite)


def test_results_of_the_same_settings_may_be_written_again(tmp_path):
    folder(tmp_path / "new" / "out").write(
        {"FD": 1.0, "about": SETTINGS | {"step": 3}}, "table", {}
    )
    assert sorted(os.listdir(tmp_path / "new" / "out")) == ["metrics.json", "table.txt"]
    folder(tmp_path / "new" / "out").write({"FD": 2.0, "about": SETTINGS}, "table", {})
    assert json.loads((tmp_path / "new" / "out" / "metrics.json").read_text())["FD"] == 2


@pytest.mark.parametrize("content", ['{"about": {"seed": 8}}', "{}", "half of a"])
def test_other_results_are_replaced_on_request_alone(tmp_path, content):
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(UserError, match="metrics.json is not valid|pass another --out, or add --o"):
        folder(tmp_path)
    assert (tmp_path / "metrics.json").read_text() == content
    folder(tmp_path, overwrite=True)


def test_the_differing_settings_are_named(tmp_path):
    folder(tmp_path).write({"about": SETTINGS}, "", {})
    with pytest.raises(UserError, match=r"other settings in \S+ \(modes\), expected none"):
        folder(tmp_path, SETTINGS | {"modes": ["reference"]})


def test_tasks_are_kept_by_key(tmp_path):
    results = folder(tmp_path)
    results.keep_task("latent/cat2dog", KEY, {"FD": 1.0})
    assert results.task_metrics("latent/cat2dog", OTHER_KEY) is None
    results.keep_task("latent/cat2dog", OTHER_KEY, {"FD": 2.0})
    assert results.task_metrics("latent/cat2dog", KEY) == {"FD": 1.0}
    assert results.task_metrics("latent/cat2dog", OTHER_KEY) == {"FD": 2.0}


@pytest.mark.parametrize("content", ["", "half of a", "[]", "{}", '{"key": {"seed": 9}}'])
def test_damaged_tasks_are_measured_again(tmp_path, content):
    results = folder(tmp_path)
    results.keep_task("latent/cat2dog", KEY, {"FD": 1.0})
    (file,) = (tmp_path / "tasks").iterdir()
    file.write_text(content)
    assert results.task_metrics("latent/cat2dog", KEY) is None


def test_images_are_kept_by_key(tmp_path):
    results = folder(tmp_path)
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    results.keep_image("change_latent", KEY, image)
    assert results.task_image("change_latent", OTHER_KEY) is None
    np.testing.assert_array_equal(results.task_image("change_latent", KEY), image)
    results.write({"about": SETTINGS}, "", {"change_latent": image})
    with Image.open(tmp_path / "change_latent.png") as written:
        np.testing.assert_array_equal(np.asarray(written), image)


@pytest.mark.parametrize("kept", [0, 10, 40, 60])
def test_damaged_images_are_drawn_again(tmp_path, kept):
    results = folder(tmp_path)
    results.keep_image("change_latent", KEY, np.zeros([40, 40, 3], np.uint8))
    (file,) = (tmp_path / "tasks").iterdir()
    file.write_bytes(file.read_bytes()[:kept])
    assert results.task_image("change_latent", KEY) is None


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    assert writing_error(tmp_path / "file" / "out").strerror == "Not a directory"
    with pytest.raises(UserError, match=r"file/out cannot be written to \(Not a directory\)"):
        folder(tmp_path / "file" / "out")
    assert writing_error(tmp_path / "new") is None and not os.listdir(tmp_path / "new")


def test_long_names_of_domains_fit(tmp_path):
    folder = ResultsFolder(tmp_path / "out", {}, overwrite=False)
    names = [f"latent/{'개' * 80}2{'x' * length}" for length in (200, 201)]
    for number, name in enumerate(names):
        folder.keep_task(name, {"task": name}, {"FD": float(number)})
        folder.images(name).mkdir(parents=True)
    found = [folder.task_metrics(name, {"task": name}) for name in names]
    assert found == [{"FD": 0.0}, {"FD": 1.0}]
    assert len(list((tmp_path / "out/images/latent").iterdir())) == 2
