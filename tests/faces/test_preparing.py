import numpy as np
import pytest
from PIL import Image

from stargan_tf.errors import UserError
from stargan_tf.faces import preparing
from stargan_tf.faces.preparing import AlignImages, CheckAlignment, preparation
from tests.faces.fakes import COLOUR, FakeFinder, RedFinder, face, image_with_face

PIXELS = np.asarray(image_with_face())


def test_images_are_aligned(tmp_path):
    found = AlignImages(24, RedFinder())(tmp_path, PIXELS)
    assert found.shape == (24, 24, 3) and found.dtype == np.uint8
    assert np.abs(found[8:-8, 8:-8].astype(int) - COLOUR).max() <= 2


def test_a_file_is_aligned(tmp_path):
    image_with_face().save(tmp_path / "a.png")
    assert AlignImages(0, RedFinder()).read(tmp_path / "a.png").size == (40, 40)


def test_an_image_without_a_face_is_rejected(tmp_path):
    with pytest.raises(UserError, match=r"a\.png cannot be aligned \(no face found\): give"):
        AlignImages(24, FakeFinder())(tmp_path / "a.png", PIXELS)


def test_remarks_are_told(tmp_path, capsys):
    finder = FakeFinder(face(0, 30, 20), face(40, 30, 4))
    AlignImages(24, finder)(tmp_path / "a.png", PIXELS)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"warning: {tmp_path}/a.png: several faces: 2, of which the largest was taken",
        f"warning: {tmp_path}/a.png: padded: 50% of the crop lies beyond the image",
    ]


@pytest.mark.parametrize(
    ("faces", "told"),
    [
        ([face(40, 30, 60)], ""),
        ([face(44, 30, 60)], ""),
        ([face(58, 30, 60)], "(the crop of its face differs by 30% of the side): add --align."),
        ([], "(no face found): add --align."),
    ],
)
def test_images_that_do_not_look_aligned_are_told(tmp_path, capsys, faces, told):
    found = CheckAlignment(FakeFinder(*faces))(tmp_path / "a.png", PIXELS)
    assert found is PIXELS
    error = capsys.readouterr().err
    assert error.endswith(told + "\n" * bool(told)) and bool(error) == bool(told)


def test_only_models_of_aligned_faces_are_warned_of(monkeypatch):
    assert preparation(False, False) is None
    assert isinstance(preparation(False, True), CheckAlignment)
    for aligned_faces in (False, True):
        assert isinstance(preparation(True, aligned_faces), AlignImages)


def test_without_litert_only_aligning_fails(monkeypatch):
    def missing():
        raise UserError("Found no LiteRT")

    monkeypatch.setattr(preparing, "FaceMesh", missing)
    assert preparation(False, True) is None
    with pytest.raises(UserError, match="Found no LiteRT"):
        preparation(True, True)


def test_several_threads_may_align(astronaut, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    align = AlignImages(64)
    turned = [np.asarray(astronaut.rotate(angle)) for angle in range(-24, 24, 6)]
    alone = [align(tmp_path, image) for image in turned]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: align(tmp_path, image), turned))
    np.testing.assert_array_equal(alone, together)
    assert isinstance(astronaut, Image.Image)
