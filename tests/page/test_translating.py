"""The page translates as Python does, and each of its settings does what it says."""

import numpy as np
import pytest

from stargan_tf.serving.tflite.interpreters import open_file
from tests.page.conftest import noise
from tests.serving.exports import DOMAINS

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

SOURCE, REFERENCE = noise(3), noise(4)
# Calls worker.js as the page does, and gives what all signatures make of the inputs.
CALL = """
return page.evaluate(async ({file, calls}) => {
  const worker = new Worker("worker.js");
  const ask = (message) => new Promise((resolve, reject) => {
    worker.onmessage = ({data}) => data.error ? reject(data.error) : resolve(data.result);
    worker.postMessage({id: 0, ...message});
  });
  const bytes = new Uint8Array(await (await fetch(file)).arrayBuffer());
  const names = await ask({action: "open", bytes});
  const outputs = {};
  for (const [signature, inputs] of Object.entries(calls)) {
    outputs[signature] = [...(await ask({action: "run", signature, inputs})).numbers];
  }
  worker.terminate();
  return {names, outputs};
}, args)
"""


def floats(image):
    return image.astype(np.float32) / 127.5 - 1


def pixels(image):
    return np.clip(np.round((image + 1) * 127.5), 0, 255).astype(np.uint8)


def assert_same(shown, expected):
    """To one level of 255: both are rounded."""
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).max() <= 1


def test_every_signature_computes_what_python_computes(page, site):
    interpreter = open_file(site.file, runtime="litert")
    random = np.random.default_rng(0)
    calls, expected = {}, {}
    for name, signature in interpreter.get_signature_list().items():
        runner = interpreter.get_signature_runner(name)
        inputs = {}
        for key in signature["inputs"]:
            shape = runner.get_input_details()[key]["shape"]
            inputs[key] = random.uniform(-1, 1, shape).astype(np.float32)
        inputs |= {"target_domain": np.array([2], np.int32)} if "target_domain" in inputs else {}
        inputs |= {"psi": np.array([0.6], np.float32)} if "psi" in inputs else {}
        calls[name] = {key: value.ravel().tolist() for key, value in inputs.items()}
        (expected[name],) = runner(**inputs).values()
    file = "models/pets/1/float32.tflite"
    answer = page.do(CALL, file=file, calls=calls)
    assert sorted(answer["names"]) == sorted(calls) and len(calls) == 5
    for name, output in answer["outputs"].items():
        np.testing.assert_allclose(output, expected[name].ravel(), atol=1e-4, err_msg=name)


def test_domains_and_truncation(page, site):
    """Wholly truncated, the style is the domain's mean style, whatever was drawn."""
    page.choose_image(SOURCE)
    np.testing.assert_array_equal(page.pixels("#source canvas"), SOURCE)
    page.slide("#psi", 0)
    latent = np.zeros(site.info.latent_dim, np.float32)
    for index, domain in enumerate(DOMAINS):
        page.pick(domain)
        inputs = {"image": floats(SOURCE), "latent": latent, "psi": np.float32(0)}
        expected = site.run("translate_latent", target_domain=np.int32(index), **inputs)
        shown = page.pixels("#result canvas")
        assert_same(shown, pixels(expected))
        name, saved = page.saved("#save")
        assert name == f"pets_{domain}.png"
        np.testing.assert_array_equal(saved, shown)
    assert "0.00" in page.text("#truncation")


def test_another_style(page):
    page.slide("#psi", 1)
    before = page.pixels("#result canvas")
    page.act("await page.click('#another')")
    assert (page.pixels("#result canvas") != before).any()


def test_a_reference(page, site):
    page.choose_image(SOURCE)
    page.pick("dog")
    page.do("await page.getByText('From a reference', {exact: true}).click()")
    page.do("await page.waitForFunction(() => /waits/.test(document.querySelector('#time').value))")
    assert page.text("#time") == "waits for a reference"
    assert page.do("return page.isDisabled('#save')")
    page.choose_image(REFERENCE, "#reference-file")
    inputs = {"image": floats(SOURCE), "reference": floats(REFERENCE)}
    expected = site.run("translate_reference", target_domain=np.int32(1), **inputs)
    assert_same(page.pixels("#result canvas"), pixels(expected))


def test_a_mixture_goes_from_one_style_to_the_other(page):
    page.slide("#psi", 1)
    page.pick("Mixture")
    shown = {}
    for weight in (0, 0.5, 1):
        page.slide("#weight", weight)
        shown[weight] = page.pixels("#result canvas")
    first, second = page.pixels("#first canvas"), page.pixels("#second canvas")
    np.testing.assert_array_equal(shown[0], first)
    np.testing.assert_array_equal(shown[1], second)
    assert (first != second).any()
    assert (shown[0.5] != first).any() and (shown[0.5] != second).any()
    page.act("await page.click('#first')")
    assert (page.pixels("#first canvas") != first).any()
    np.testing.assert_array_equal(page.pixels("#second canvas"), second)


def test_a_grid(page):
    page.choose_image(SOURCE)
    page.do("await page.click('#draw-grid'); await page.waitForSelector('#save-grid:visible')")
    assert page.do("return page.locator('#tiles button').count()") == 18
    name, saved = page.saved("#save-grid")
    assert (name, saved.shape) == ("pets_grid.png", (3 * 32, 7 * 32, 3))
    tiles = saved.reshape(3, 32, 7, 32, 3).swapaxes(1, 2)
    for row in tiles:
        np.testing.assert_array_equal(row[0], SOURCE)
    page.act("await page.click('#tiles button >> nth=13')")  # the third domain, its second style
    np.testing.assert_array_equal(page.pixels("#result canvas"), tiles[2, 2])
    assert page.do("return page.isChecked('#domains input >> nth=2')")


def test_a_translation_becomes_the_source(page):
    result = page.pixels("#result canvas")
    page.act("await page.click('#again')")
    np.testing.assert_array_equal(page.pixels("#source canvas"), result)


def test_examples(page):
    assert page.do("return page.locator('#source .examples button').count()") == 2
    np.testing.assert_array_equal(page.pixels("#source canvas"), noise(1))  # there at the start
    page.act("await page.getByRole('button', {name: 'Example cat 2'}).first().click()")
    np.testing.assert_array_equal(page.pixels("#source canvas"), noise(2))


def test_nobody_else_is_asked(page, site):
    """And it does so without the headers of cross-origin isolation."""
    page.choose_image(SOURCE)
    addresses = [url for url in page.asked() if not url.startswith("blob:")]
    assert len(addresses) >= 8 and all(url.startswith(site.url) for url in addresses)
    assert not page.do("return page.evaluate(() => crossOriginIsolated)")
    fetched = (
        "return page.evaluate((url) => fetch(url).then(() => 'sent', () => 'blocked'), args.url)"
    )
    assert page.do(fetched, url=site.url.replace("127.0.0.1", "localhost")) == "blocked"
    page.do("page.wrong = []")


def test_the_model_is_described(page, site):
    about = page.text("#about")
    assert "pets, version 1; 32 x 32 pixels; 7 iterations of training" in about
    assert site.info.licence in about
    licence = (site.folder / "litert/LICENSE.txt").read_text()
    assert "Copyright 2025 Google LLC" in licence and "Apache License" in licence
    assert "LiteRT.js 2.5.3" in page.text("footer")
