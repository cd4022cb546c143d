"""Files that visitors give: read as training reads them, or rejected in a sentence."""

import base64
import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from stargan_tf.data.images import prepare
from tests.page.browser import png, read
from tests.page.conftest import noise

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

ORIENTATION = 0x0112


def photo(width, height):
    """A smooth image without symmetry."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    channels = [255 * x / width, 255 * y / height, 127 + 120 * np.sin(x / 9) * np.cos(y / 13)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def huge():
    """A small file of 144 million pixels."""
    file = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("size", [(300, 220), (33, 80), (20, 20)])
def test_an_image_becomes_what_training_sees(page, size):
    content = png(photo(*size))
    page.choose("#source-file", "photo.png", content)
    page.do("await page.waitForTimeout(300)")
    page.drawn()
    expected = read(prepare(content, 32, 1))
    assert np.abs(page.pixels("#source canvas").astype(int) - expected).max() <= 2


def test_transparency_lies_over_white(page):
    clear = Image.new("RGBA", (40, 40), (200, 0, 0, 0))
    page.choose_image(np.asarray(clear))
    assert (page.pixels("#source canvas") == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(page, orientation):
    upright = Image.fromarray(photo(96, 64))
    # Turned the other way, as a camera that is held so would write it.
    back = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    exif = Image.Exif()
    exif[ORIENTATION] = back
    file = io.BytesIO()
    upright.save(file, "JPEG", exif=exif, quality=100, subsampling=0)
    stored = ImageOps.exif_transpose(Image.open(file))
    exif[ORIENTATION] = orientation
    file = io.BytesIO()
    stored.save(file, "JPEG", exif=exif, quality=100, subsampling=0)
    assert ImageOps.exif_transpose(Image.open(file)).size == (96, 64)
    page.act(
        "await page.setInputFiles('#source-file', {name: 'photo.jpg', mimeType: 'image/jpeg', "
        "buffer: Buffer.from(args.data, 'base64')})",
        data=base64.b64encode(file.getvalue()).decode(),
    )
    expected = read(prepare(png(np.asarray(upright)), 32, 1))
    assert np.abs(page.pixels("#source canvas").astype(int) - expected).max() <= 12


BAD = {
    "broken.png": (png(noise(5))[:200], "damaged, or no image"),
    "broken.jpg": (png(photo(90, 90), "JPEG")[:-2], "damaged, or no image"),
    "broken.webp": (png(photo(90, 90), "WEBP")[:-9], "damaged, or no image"),
    "notes.txt": (b"Dear diary", "damaged, or no image"),
    "empty.jpg": (b"", "is empty"),
    "photo.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500), "is a HEIC image"),
    "photo.avif": (b"\0\0\0\x18ftypavif" + bytes(500), "damaged, or no image"),
    "huge.png": (huge(), "12000 x 12000 pixels, expected at most 100 million"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_said_in_a_sentence(page, name):
    """And all stays as it was."""
    content, words = BAD[name]
    before = page.pixels("#source canvas"), page.pixels("#result canvas")
    page.choose("#source-file", name, content)
    sentence = page.problem()
    assert sentence.startswith(name) and words in sentence
    assert sentence.endswith(".") and sentence.count(". ") == 0 and "\n" not in sentence
    after = page.pixels("#source canvas"), page.pixels("#result canvas")
    np.testing.assert_array_equal(before, after)
    page.choose_image(noise(6))
    assert page.do("return page.isHidden('#problem')")
    np.testing.assert_array_equal(page.pixels("#source canvas"), noise(6))


def test_a_large_photo(page):
    """As telephones make them: 48 million pixels."""
    file = io.BytesIO()
    Image.fromarray(photo(8000, 6000)).save(file, "JPEG")
    page.act(
        "await page.setInputFiles('#source-file', {name: 'photo.jpg', mimeType: 'image/jpeg', "
        "buffer: Buffer.from(args.data, 'base64')})",
        data=base64.b64encode(file.getvalue()).decode(),
    )
    square = Image.fromarray(photo(8000, 6000)[:, 1000:7000])
    expected = np.asarray(square.resize((32, 32), Image.Resampling.BOX)).astype(int)
    assert np.abs(page.pixels("#source canvas") - expected)[..., :2].max() <= 6


DROP = """
await page.evaluate(({name, data, target}) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt());
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  const options = {dataTransfer, bubbles: true, cancelable: true};
  for (const kind of ["dragover", "drop"]) {
    document.querySelector(target).dispatchEvent(new DragEvent(kind, options));
  }
}, args)
"""


def test_files_are_dropped(page):
    def drop(name, content, target):
        return {"name": name, "data": base64.b64encode(content).decode(), "target": target}

    page.act(DROP, **drop("a.png", png(noise(7)), "#result"))  # anywhere
    np.testing.assert_array_equal(page.pixels("#source canvas"), noise(7))
    page.do("await page.getByText('From a reference', {exact: true}).click()")
    page.act(DROP, **drop("b.png", png(noise(8)), "#reference"))
    np.testing.assert_array_equal(page.pixels("#source canvas"), noise(7))
    np.testing.assert_array_equal(page.pixels("#reference canvas"), noise(8))
    page.do(DROP, **drop("broken.png", b"broken", "#source"))
    assert page.problem().startswith("broken.png is damaged")
