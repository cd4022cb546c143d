"""Any exported model works on the page, and what is none is rejected in a sentence."""

import contextlib
import json
import os
import signal
import socket
import subprocess

import numpy as np
import pytest
import requests
from tensorflow.lite.tools import flatbuffer_utils

from stargan_tf.serving.tflite.interpreters import open_file
from stargan_tf.serving.tflite.metadata import add_metadata
from tests.page.browser import NODE, png
from tests.page.conftest import build, noise
from tests.serving.exports import export_joint, export_stargan, export_toy, read_metadata
from tests.source_tree import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

MODES = "return page.locator('#modes label').allInnerTexts()"
LABELS = "return page.locator('#domains label').allInnerTexts()"


def without(file, signature):
    """A model as an earlier version of the exporter wrote it."""
    model = flatbuffer_utils.read_model(str(file))
    model.signatureDefs = [s for s in model.signatureDefs if s.signatureKey != signature]
    model.metadata = None
    content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return add_metadata(content, read_metadata(file))


def open_model(page, name, content):
    page.do("await page.evaluate(() => { document.querySelector('#time').value = ''; })")
    page.choose("#model-file", name, content)
    page.drawn()


def exported(make, folder):
    make(folder, formats=("tflite",), tflite_types=("float32",))
    return (folder / "pets/tflite/1/float32.tflite").read_bytes()


def test_without_map_latent_there_is_no_mixture(page, site):
    assert page.do(MODES) == ["Random", "Mixture", "From a reference"]
    page.pick("Mixture")
    open_model(page, "old.tflite", without(site.file, b"map_latent_float"))
    assert page.do(MODES) == ["Random", "From a reference"]
    assert page.do("return page.isHidden('#mixture')")
    assert page.do("return page.inputValue('#model')") == ""
    assert "old.tflite" in page.text("#model")


def test_stargan_takes_labels(page, tmp_path):
    open_model(page, "stargan.tflite", exported(export_stargan, tmp_path))
    assert page.text("#domains legend") == "Label" and page.do("return page.isHidden('#modes')")
    assert page.pixels("#result canvas").shape == (16, 16, 3)
    before = page.pixels("#result canvas")
    page.act("await page.getByText('dog', {exact: true}).click()")
    assert (page.pixels("#result canvas") != before).any()
    boxes = "return page.locator('#domains input:checked').count()"
    assert page.do(boxes) == 2
    page.do("await page.click('#draw-grid'); await page.waitForSelector('#save-grid:visible')")
    assert page.saved("#save-grid")[1].shape == (3 * 16, 2 * 16, 3)


def test_a_tile_of_the_grid_keeps_its_label(page, tmp_path):
    """Whatever is ticked after it was pressed; a translation is saved under all that was ticked."""
    open_model(page, "stargan.tflite", exported(export_stargan, tmp_path))
    page.do("await page.click('#draw-grid'); await page.waitForSelector('#save-grid:visible')")
    page.act("await page.click('#tiles button >> nth=1')")
    first = page.pixels("#result canvas")
    assert page.saved("#save")[0] == "pets_dog.png"
    page.act("await page.click('#domains input >> nth=0')")
    assert page.saved("#save")[0] == "pets_cat+dog.png"
    page.act("await page.click('#tiles button >> nth=1')")
    np.testing.assert_array_equal(page.pixels("#result canvas"), first)


def test_labels_of_two_data_sets(page, tmp_path):
    """They come with the mask of the set that is meant, and exclude each other."""
    content = exported(export_joint, tmp_path)
    open_model(page, "joint.tflite", content)
    file = tmp_path / "pets/tflite/1/float32.tflite"
    (first, second), domains = (s.names for s in read_metadata(file).label_sets), page.do(LABELS)
    assert domains == [*first, *second]
    runner = open_file(file, runtime="litert").get_signature_runner("translate_label_float")
    # Of the first set one label is ticked at the start.
    for index, mask in ((len(first), [0, 1]), (0, [1, 0])):
        page.act(f"await page.click('#domains input >> nth={index}')")
        on = page.do(
            "return page.locator('#domains input').evaluateAll(a => a.map(b => b.checked))"
        )
        assert on == [other == index for other in range(len(domains))]
        label = [*map(float, on), *mask]
        image = page.pixels("#source canvas")[None].astype(np.float32) / 127.5 - 1
        (expected,) = runner(image=image, label=np.array([label], np.float32)).values()
        expected = np.clip(np.round((expected[0] + 1) * 127.5), 0, 255)
        assert np.abs(page.pixels("#result canvas") - expected).max() <= 1
    page.do("await page.click('#draw-grid'); await page.waitForSelector('#save-grid:visible')")


def test_an_algorithm_that_is_not_ours(page, tmp_path):
    """Its codes come from domains alone, and its images have another size."""
    open_model(page, "toy.tflite", exported(export_toy, tmp_path))
    assert page.text("#domains legend") == "Domain" and page.do("return page.isHidden('#modes')")
    assert page.pixels("#source canvas").shape == (16, 16, 3)
    page.choose_image(noise(1, 16))
    page.pick("wild")
    assert page.pixels("#result canvas").shape == (16, 16, 3)


@pytest.mark.parametrize("name", ["notes.tflite", "cut.tflite", "bare.tflite", "other.tflite"])
def test_what_is_no_model_is_said_in_a_sentence(page, site, name):
    """And the one before goes on."""
    content = site.file.read_bytes()
    bare = content[: content.rindex(b"PK\x03\x04")]
    wrong = content.replace(b'"img_size": 32', b'"img_size": -1')
    contents = {
        "notes.tflite": (b"Dear diary", "is not a TFLite file"),
        "cut.tflite": (content[:1000], "is damaged, or has no model.json"),
        "bare.tflite": (bare, "is damaged, or has no model.json"),
        "other.tflite": (wrong, "whose img_size cannot be used"),
    }
    data, words = contents[name]
    before = page.pixels("#result canvas")
    page.choose("#model-file", name, data)
    sentence = page.problem()
    assert sentence.startswith(name) and words in sentence and sentence.endswith(".")
    np.testing.assert_array_equal(page.pixels("#result canvas"), before)
    page.act("await page.click('#another')")
    assert page.do("return page.inputValue('#model')") == "0"


def test_a_page_without_a_model(browser, site):
    """As it is built before anything was exported; visitors can open a model of theirs."""
    build(site.folder / "nothing", site.folder / "empty")
    browser.open(f"{site.url}empty/", until="")
    assert browser.problem().startswith("This page has no model yet: open a .tflite file")
    browser.choose("#model-file", "own.tflite", site.file.read_bytes())
    browser.do("await page.waitForSelector('main:visible')")
    assert browser.text("#time") == "waits for a source"
    browser.choose_image(noise(9))
    assert browser.wrong() == []


def test_a_source_that_is_gone_when_another_model_wants_it(page, tmp_path):
    """It is forgotten, in a sentence, and the new model takes another one."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(noise(5)))
    page.act("await page.setInputFiles('#source-file', args.photo)", photo=str(photo))
    photo.unlink()
    page.choose("#model-file", "toy.tflite", exported(export_toy, tmp_path))
    assert page.problem() == "photo.png can no longer be read: choose it again."
    page.do("await page.waitForFunction(() => document.querySelector('#time').value != '')")
    assert page.text("#time") == "waits for a source" and page.do("return page.isDisabled('#save')")
    assert "toy.tflite" in page.do("return page.innerText('#model option:checked')")
    page.choose_image(noise(5, 16))
    assert page.pixels("#result canvas").shape == (16, 16, 3)
    page.do("page.wrong = []")  # the browser's own line about the file


def test_a_model_that_does_not_arrive_holds_nothing_up(page, site):
    page.do("await page.route('**/*.tflite', () => {})")  # never answered
    page.do(
        "await page.evaluate(() => document.querySelector('#model')"
        ".dispatchEvent(new Event('change')))"
    )
    page.do(
        "await page.waitForFunction(() => /^Fetching pets/.test("
        "document.querySelector('#status').textContent))"
    )
    before = page.pixels("#result canvas")
    page.do("await page.evaluate(() => { document.querySelector('#time').value = ''; })")
    page.do("await page.click('#another')")
    page.do("await page.waitForFunction(() => /ms/.test(document.querySelector('#time').value))")
    assert (page.pixels("#result canvas") != before).any()
    open_model(page, "own.tflite", site.file.read_bytes())
    assert "own.tflite" in page.do("return page.innerText('#model option:checked')")
    assert page.do("return page.isHidden('#problem')")


def test_the_build_replaces_no_other_folder(site, tmp_path):
    models, there = site.folder.parent / "models", tmp_path / "there"
    there.mkdir()
    (there / "thesis.txt").write_text("mine")
    for out in (there, there / "thesis.txt"):
        done = subprocess.run(
            [NODE, ROOT / "page/build.js", models, out], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"error: Found something else than a page in {out}")
    assert (there / "thesis.txt").read_text() == "mine"
    for _ in range(2):  # a built page is replaced, with or without a slash at its end
        build(models, f"{tmp_path}/page/")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["page", "there"]


def test_make_page(site, tmp_path):
    """The command builds the page and serves it; a port that is taken is said to be."""
    models = site.folder.parent / "models"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            make_page(models, tmp_path, port), cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode != 0
        assert f"error: Port {port} cannot be had: give another" in done.stderr
    process = subprocess.Popen(
        make_page(models, tmp_path, port),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert "Built" in process.stdout.readline()
        assert f"Open http://127.0.0.1:{port}/" in process.stdout.readline()
        until(lambda: is_served(port))
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # as Ctrl-C does, which reaches the server too
        process.wait(timeout=30)
    (model,) = json.loads((tmp_path / "page/models.json").read_text())
    assert (model["name"], model["version"], len(model["examples"])) == ("pets", 1, 2)
    assert (tmp_path / "page" / model["file"]).read_bytes() == site.file.read_bytes()


def make_page(models, folder, port):
    settings = [f"MODELS={models}", f"PAGE_DIR={folder}/page", f"PAGE_PORT={port}"]
    # The tests themselves are run by make, and a make within another tells of its folder.
    silent = "--no-print-directory"
    return ["make", silent, "--old-file=.venv/.installed", *settings, "page"]


def is_served(port):
    with contextlib.suppress(requests.ConnectionError):
        return "Translate an image" in requests.get(f"http://127.0.0.1:{port}/", timeout=30).text


def test_a_model_that_the_runtime_cannot_open(page, site):
    """With the right names behind it, and damage within."""
    content = bytearray(site.file.read_bytes())
    content[8 : len(content) // 2] = bytes(len(content) // 2 - 8)
    page.choose("#model-file", "damaged.tflite", bytes(content))
    sentence = page.problem()
    assert sentence.startswith("damaged.tflite cannot be run in this browser (it is damaged")
    page.act("await page.click('#another')")
