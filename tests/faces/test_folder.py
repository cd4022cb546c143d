import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from stargan_tf.config.align import AlignConfig
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data.sources.folder import FolderSource
from stargan_tf.errors import UserError
from stargan_tf.faces.folder import align_folder
from stargan_tf.faces.journal import FILE
from tests.faces.fakes import COLOUR, FakeFinder, RedFinder, face, image_with_face


@pytest.fixture
def config(tmp_path):
    return AlignConfig(
        input_dir=str(tmp_path / "in"),
        output_dir=str(tmp_path / "out"),
        img_size=32,
        min_size=8,
        workers=1,
    )


def save(tmp_path, name, image=None, **options):
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (image or image_with_face()).save(path, **options)
    return path


def results(tmp_path):
    out = tmp_path / "out"
    return sorted(
        str(p.relative_to(out)) for p in out.rglob("*") if p.is_file() and p.suffix[1:] != "jsonl"
    )


def report(tmp_path):
    path = tmp_path / "out.report.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return {line["file"]: (line["outcome"], line["reason"]) for line in map(json.loads, lines)}


def test_folders_and_names_are_kept(config, tmp_path):
    for name in ("train/cat/a.png", "train/dog/a.b.jpg", "val/cat/c.webp", "d.bmp"):
        save(tmp_path, name)
    text = align_folder(config, RedFinder())
    expected = ["d.png", "train/cat/a.png", "train/dog/a.b.png", "val/cat/c.png"]
    assert results(tmp_path) == expected and report(tmp_path) == {}
    for name in expected:
        with Image.open(tmp_path / "out" / name) as image:
            assert image.size == (32, 32) and image.format == "PNG"
            assert np.abs(np.asarray(image, int)[16, 16] - COLOUR).max() <= 12
    assert text.startswith(f"Aligned 4 faces of 4 of 4 images: {config.output_dir}\nNext: ")
    assert f"prepare_data --source=folder --input_dir={config.output_dir}" in text


def test_prepare_data_takes_the_result_without_a_word(config, tmp_path, capsys):
    for name in ("cat/a.png", "cat/bad.png", "dog/a.png"):
        save(tmp_path, name)
    (tmp_path / "in/cat/bad.png").write_bytes(b"no image")
    align_folder(config, RedFinder())
    capsys.readouterr()
    source = FolderSource(PrepareDataConfig(input_dir=config.output_dir))
    assert source.domains == ("cat", "dog") and source.total == 2
    assert capsys.readouterr().err == ""


def test_every_rejected_and_remarkable_image_is_reported(config, tmp_path):
    save(tmp_path, "a/fine.png")
    save(tmp_path, "a/none.png", Image.new("RGB", (50, 50), "teal"))
    save(tmp_path, "a/cut.png", image_with_face(box=(0, 10, 30, 40)))
    save(tmp_path, "a/small.png", image_with_face(box=(20, 20, 26, 26)))
    (tmp_path / "in/a/phone.heic").write_bytes(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heic")
    (tmp_path / "in/a/empty.jpg").touch()
    os.symlink("nowhere", tmp_path / "in/a/link.png")
    text = align_folder(config, RedFinder())
    found = report(tmp_path)
    assert {file: outcome for file, (outcome, _) in found.items()} == {
        "a/none.png": "rejected",
        "a/small.png": "rejected",
        "a/phone.heic": "rejected",
        "a/empty.jpg": "rejected",
        "a/link.png": "rejected",
    }
    assert found["a/none.png"][1] == "no face found"
    assert found["a/small.png"][1] == "too few pixels: a crop of 6x6, needed 8"
    assert "HEIC" in found["a/phone.heic"][1]
    assert found["a/empty.jpg"][1] == "empty file"
    assert "No such file" in found["a/link.png"][1]
    assert results(tmp_path) == ["a/cut.png", "a/fine.png"]
    assert "Aligned 2 faces of 2 of 7 images" in text and "rejected: 5 (" in text
    assert "out.report.jsonl" in text


def test_images_are_upright_and_of_8_bits(config, tmp_path):
    """EXIF orientation 6: the camera was turned, columns are rows."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = image_with_face()
    image.paste((60, 60, 250), (20, 10, 60, 14))  # the upper edge, right after turning
    save(tmp_path, "turned.jpg", image, exif=exif, quality=95, subsampling=0)
    deep = np.zeros([60, 80], np.uint16)
    deep[10:50, 20:60] = 65535
    save(tmp_path, "deep.png", Image.fromarray(deep))
    finder = RedFinder()
    align_folder(config, finder)
    with Image.open(tmp_path / "out/turned.png") as found:
        pixels = np.asarray(found, int)
        assert pixels.shape == (32, 32, 3)
        assert pixels[16, 4, 0] > 200  # red where blue had been without the turn
    assert report(tmp_path) == {"deep.png": ("rejected", "no face found")}  # white, and not red


@pytest.mark.parametrize("file_format", ["png", "jpg"])
def test_the_format_is_by_choice(config, tmp_path, file_format):
    save(tmp_path, "a.webp")
    align_folder(dataclasses.replace(config, format=file_format), RedFinder())
    assert results(tmp_path) == [f"a.{file_format}"]
    with Image.open(tmp_path / f"out/a.{file_format}") as image:
        assert image.format == {"png": "PNG", "jpg": "JPEG"}[file_format]


def test_no_result_replaces_another(config, tmp_path):
    for name in ("a.png", "a.jpg", "A.webp", "a_face1.png", "b.png"):
        save(tmp_path, name)
    finder = FakeFinder(face(30, 30, 20), face(50, 30, 12))
    align_folder(dataclasses.replace(config, faces="all"), finder)
    assert len(results(tmp_path)) == len({name.lower() for name in results(tmp_path)}) == 10
    assert {"b_face1.png", "b_face2.png"} <= set(results(tmp_path))


def test_names_may_be_long_and_no_text(config, tmp_path):
    save(tmp_path, "x" * 250 + ".png")
    odd = os.fsdecode(b"caf\xe9.png")
    shutil.copy(save(tmp_path, "plain.png"), tmp_path / "in" / odd)
    align_folder(dataclasses.replace(config, faces="all"), FakeFinder(face(0, 30, 20)))
    assert len(results(tmp_path)) == 3
    assert odd in results(tmp_path)
    assert set(report(tmp_path)) == {"x" * 250 + ".png", odd, "plain.png"}


def test_a_stopped_run_goes_on(config, tmp_path):
    for number in range(4):
        save(tmp_path, f"{number}.png")

    class Stopped(RedFinder):
        def find(self, image):
            if self.calls == 2:
                raise KeyboardInterrupt
            return super().find(image)

    with pytest.raises(UserError, match="Interrupted after 2 of 4 images, which are kept"):
        align_folder(config, Stopped())
    assert results(tmp_path) == ["0.png", "1.png"]
    journal = tmp_path / "out" / FILE
    journal.write_text(journal.read_text() + '{"file": "2.p')  # killed while it wrote
    (tmp_path / "out/.unfinished-1-00.png").touch()
    finder = RedFinder()
    text = align_folder(config, finder)
    assert finder.calls == 2 and text.startswith("Aligned 4 faces of 4 of 4 images")
    assert results(tmp_path) == [f"{number}.png" for number in range(4)]
    align_folder(config, finder)
    assert finder.calls == 2  # nothing was left to do


def test_several_at_once_give_the_same(config, tmp_path):
    for number in range(20):
        save(tmp_path, f"{number}.png", image_with_face(box=(20, 10, 36 + number, 26 + number)))
    Image.new("RGB", (50, 50), "teal").save(tmp_path / "in/none.png")
    several = dataclasses.replace(config, workers=4, output_dir=str(tmp_path / "several"))
    texts = [align_folder(each, RedFinder()) for each in (config, several)]
    assert texts[0].replace("/out", "/several") == texts[1]
    for name in results(tmp_path):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "several" / name).read_bytes()
    assert len(results(tmp_path)) == 20


def test_rejected_images_are_not_looked_at_again(config, tmp_path):
    save(tmp_path, "a.png")
    save(tmp_path, "none.png", Image.new("RGB", (50, 50), "teal"))
    finder = RedFinder()
    for _ in range(2):
        align_folder(config, finder)
        assert report(tmp_path) == {"none.png": ("rejected", "no face found")}
    assert finder.calls == 2


def test_what_changed_or_went_is_made_again(config, tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        save(tmp_path, name)
    both = FakeFinder(face(30, 30, 20), face(50, 30, 12))
    config = dataclasses.replace(config, faces="all")
    align_folder(config, both)
    os.utime(tmp_path / "in/a.png", (1, 1))
    (tmp_path / "out/b_face2.png").unlink()
    one = FakeFinder(face(30, 30, 20))
    align_folder(config, one)
    assert one.calls == 2
    assert results(tmp_path) == ["a.png", "b.png", "c_face1.png", "c_face2.png"]


def test_other_settings_are_not_mixed_in(config, tmp_path):
    save(tmp_path, "a.png")
    align_folder(config, RedFinder())
    with pytest.raises(UserError, match=r"other settings in .*img_size \(32 there, 64 here\)"):
        align_folder(dataclasses.replace(config, img_size=64), RedFinder())


def test_a_folder_of_other_files_is_left_alone(config, tmp_path):
    save(tmp_path, "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(UserError, match="already exists and is not an empty folder"):
        align_folder(config, RedFinder())
    assert os.listdir(tmp_path / "out") == ["mine.txt"]


def test_a_damaged_journal_is_told(config, tmp_path):
    save(tmp_path, "a.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / FILE).write_text("what\n")
    with pytest.raises(UserError, match="is damaged.*choose another --output_dir"):
        align_folder(config, RedFinder())


def test_nothing_to_align_is_told(config, tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(UserError, match="Found no files"):
        align_folder(config, RedFinder())
    save(tmp_path, "none.png", Image.new("RGB", (50, 50), "teal"))
    with pytest.raises(UserError, match=r"None of the 1 files .* could be aligned.*report\.jsonl"):
        align_folder(config, RedFinder())
    assert report(tmp_path) == {"none.png": ("rejected", "no face found")}


def test_links_to_folders_are_followed_once(config, tmp_path):
    save(tmp_path, "cat/a.png")
    os.symlink("..", tmp_path / "in/cat/up")
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.copy(tmp_path / "in/cat/a.png", other / "b.png")
    os.symlink(other, tmp_path / "in/dog")
    align_folder(config, RedFinder())
    assert results(tmp_path) == ["cat/a.png", "dog/b.png"]
