import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.images import RejectedError
from stargan_tf.faces.alignment import AlignSettings, align, misalignment
from tests.faces.fakes import COLOUR, FakeFinder, RedFinder, face, image_with_face

IMAGE = image_with_face()  # 80 x 60, red from (20, 10) to (60, 50)


def test_the_face_fills_the_result():
    (image,) = align(IMAGE, RedFinder(), AlignSettings(32)).images
    assert image.size == (32, 32)
    assert np.abs(np.asarray(image, int)[4:-4, 4:-4] - COLOUR).max() <= 2


def test_its_own_size_is_kept():
    (image,) = align(IMAGE, RedFinder(), AlignSettings(0)).images
    assert image.size == (40, 40)


def test_no_face_is_rejected():
    with pytest.raises(RejectedError, match="^no face found$"):
        align(IMAGE, FakeFinder(), AlignSettings(32))


@pytest.mark.parametrize(
    ("faces", "count", "remark"),
    [("largest", 1, "several faces: 2, of which the largest was taken"), ("all", 2, "")],
)
def test_several_faces(faces, count, remark):
    finder = FakeFinder(face(30, 30, 10), face(40, 30, 20))
    aligned = align(IMAGE, finder, AlignSettings(0, faces=faces))
    assert [image.width for image in aligned.images] == [20, 10][:count]
    assert aligned.remarks == [remark] * bool(remark)


def test_several_faces_may_be_rejected():
    finder = FakeFinder(face(30, 30, 10), face(40, 30, 20))
    with pytest.raises(RejectedError, match="^several faces: 2$"):
        align(IMAGE, finder, AlignSettings(0, faces="reject"))


def test_cut_faces_are_padded_and_told():
    finder = FakeFinder(face(0, 30, 20))
    aligned = align(IMAGE, finder, AlignSettings(16))
    assert aligned.remarks == ["padded: 50% of the crop lies beyond the image"]


@pytest.mark.parametrize(("x", "rejected"), [(10, False), (9, False), (7, True), (0, True)])
def test_cut_faces_may_be_rejected(x, rejected):
    """A crop of 20 px around column x: 10 - x columns of 20 lie beyond."""
    settings = AlignSettings(16, cut="reject", max_outside=0.1)
    finder = FakeFinder(face(x, 30, 20))
    if rejected:
        with pytest.raises(RejectedError, match="^cut by the border: .*% of the crop lies"):
            align(IMAGE, finder, settings)
    else:
        assert len(align(IMAGE, finder, settings).images) == 1


def test_small_faces_are_rejected():
    with pytest.raises(RejectedError, match="too few pixels: a crop of 20x20, needed 21"):
        align(IMAGE, FakeFinder(face(40, 30, 20)), AlignSettings(16, min_size=21))
    align(IMAGE, FakeFinder(face(40, 30, 20)), AlignSettings(16, min_size=20))


def test_of_all_faces_each_is_judged_alone():
    finder = FakeFinder(face(40, 30, 20), face(20, 30, 4))
    aligned = align(IMAGE, finder, AlignSettings(16, min_size=10, faces="all"))
    assert len(aligned.images) == 1
    assert aligned.remarks == ["one face rejected: too few pixels: a crop of 4x4, needed 10"]


def test_misalignment_by_hand():
    image = Image.new("RGB", (80, 60))  # its central square: columns 10 to 70
    assert misalignment(image, FakeFinder(face(40, 30, 60))) == pytest.approx(0)
    assert misalignment(image, FakeFinder(face(43, 26, 60))) == pytest.approx(5 / 60)
    assert misalignment(image, FakeFinder()) is None


def test_aligning_what_is_aligned_changes_little(mesh, astronaut):
    assert misalignment(astronaut, mesh) > 0.3
    (once,) = align(astronaut, mesh, AlignSettings(256)).images
    assert misalignment(once, mesh) < 0.03
    (twice,) = align(once, mesh, AlignSettings(256)).images
    difference = np.abs(np.asarray(once, int) - np.asarray(twice, int))[32:-32, 32:-32]
    assert difference.mean() < 8
