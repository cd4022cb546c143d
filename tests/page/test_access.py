"""On small screens, by keyboard, and where the browser cannot."""

import base64
import re

import numpy as np
import pytest

from tests.devserver import stand_ins
from tests.devserver.running import running_server
from tests.page.browser import read

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

PHONE = {"viewport": {"width": 360, "height": 740}, "hasTouch": True, "isMobile": True}
# Everything that can be used, with its size.
SIZES = """
return page.evaluate(() => [...document.querySelectorAll("button, select, .button, .choices label")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.innerText, element.getBoundingClientRect()])
  .map(([text, {left, right, width, height}]) => ({text, left, right, width, height})))
"""
FOCUS = "return page.evaluate(() => document.activeElement.id || document.activeElement.name)"


def test_a_narrow_screen(browser, site):
    browser.open(site.url, **PHONE)
    for words in ("Mixture", "Random"):
        browser.pick(words)
        assert browser.do("return page.evaluate(() => document.documentElement.scrollWidth)") <= 360
        for element in browser.do(SIZES):
            assert 0 <= element["left"] and element["right"] <= 360, element
            assert element["height"] >= 40 and element["width"] >= 40, element
    browser.do("await page.click('#draw-grid'); await page.waitForSelector('#save-grid:visible')")
    assert browser.do("return page.evaluate(() => document.documentElement.scrollWidth)") <= 360
    assert browser.wrong() == []


def test_all_of_it_is_reached_by_keyboard(page):
    reached = []
    for _ in range(20):
        page.do("await page.keyboard.press('Tab')")
        reached.append(page.do(FOCUS))
    expected = ["model", "model-file", "source-file", "save", "again", "domains", "modes"]
    expected += ["another", "psi", "draw-grid"]
    assert [name for name in dict.fromkeys(reached) if name in expected] == expected


def test_settings_by_keyboard(page):
    page.do("await page.focus('#domains input')")
    page.act("await page.keyboard.press('ArrowRight')")
    assert page.do("return page.isChecked('#domains input >> nth=1')")
    page.do("await page.focus('#psi')")
    page.act("await page.keyboard.press('Home')")
    assert page.do("return page.inputValue('#psi')") == "0"
    page.do("await page.focus('#draw-grid'); await page.keyboard.press('Enter')")
    page.do("await page.waitForSelector('#save-grid:visible')")
    page.do("await page.focus('#tiles button')")
    page.act("await page.keyboard.press('Space')")
    outline = "return page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle)"
    page.do("await page.focus('#another'); await page.keyboard.press('Tab')")
    assert page.do(outline) == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser, site, scheme):
    """Contrast of at least 4.5, as WCAG 2 has it."""
    browser.open(site.url, colorScheme=scheme)
    colors = browser.do(
        "return page.evaluate(() => [['h1', 'body'], ['footer p', 'body'], ['.hint', '.controls'], "
        "['.choices label:has(:checked)', '.choices label:has(:checked)'], ['a', 'body'], "
        "['#save', '#save'], ['#problem', '#problem']].map(([text, back]) => ["
        "getComputedStyle(document.querySelector(text)).color, "
        "getComputedStyle(document.querySelector(back)).backgroundColor]))"
    )
    for text, back in colors:
        assert contrast(text, back) >= 4.5, (text, back)
    is_dark = luminance(colors[0][1]) < 0.2
    assert is_dark == (scheme == "dark")


def test_the_choice_is_seen_in_colours_of_the_reader(browser, site):
    """Such as Windows' high contrast, which replaces those of the page."""
    browser.open(site.url, forcedColors="active")
    take = (
        "return (await page.locator('#domains label').nth(args.n).screenshot()).toString('base64')"
    )
    # The pixels near a corner have no letters.
    corner = [read(base64.b64decode(browser.do(take, n=n)))[8:12, 16:20] for n in (0, 1)]
    chosen, other = (pixels.mean(axis=(0, 1)) for pixels in corner)
    assert np.abs(chosen - other).max() > 50


def luminance(color):
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first, second):
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"javaScriptEnabled": False}, "found no working JavaScript"),
        ({"script": "delete globalThis.WebAssembly"}, "has no WebAssembly"),
        ({"script": "WebAssembly.validate = () => false"}, "has no WebAssembly"),
        ({"script": "delete globalThis.Worker"}, "has no web workers"),
    ],
)
def test_a_browser_that_cannot_is_told(browser, site, options, words):
    browser.open(site.url, until="", **options)
    field = "#cannot" if "javaScriptEnabled" in options else "#problem"
    browser.do("await page.waitForSelector(`${args.field}:visible`)", field=field)
    assert words in browser.text(field)
    assert browser.do("return page.isHidden('main')")


def test_a_page_opened_from_a_file_says_what_to_do(browser, site):
    browser.open((site.folder / "index.html").as_uri(), until="")
    assert "python3 -m http.server" in browser.problem()


def test_a_file_of_the_page_that_is_missing(browser, site):
    model = site.file.rename(site.file.with_suffix(".away"))
    try:
        browser.open(site.url, until="")
        assert "float32.tflite did not arrive: try again" in browser.problem()
    finally:
        model.rename(site.file)


def test_the_development_server_shows_it(browser, site, tmp_path):
    """Under its own policy, beside the models that it serves."""
    stand_ins.export(tmp_path, 1)
    with running_server(tmp_path, page_dir=str(site.folder)) as server:
        browser.open(f"http://127.0.0.1:{server.rest_port}/")
        assert browser.text("#about").startswith("pets, version 1")
        assert browser.wrong() == []
