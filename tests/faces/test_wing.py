"""The published landmark network's crop, with heatmaps and weights of our own making."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.config.align import COMPARISON_SHEET, AlignConfig
from stargan_tf.errors import UserError
from stargan_tf.faces.comparison import COMPARISON_FILE, compare
from stargan_tf.faces.crops import crop_to_mean_face
from stargan_tf.faces.wing import WingFaces, load_landmark_network, read_mean_face
from stargan_tf.models.landmark_network import LandmarkNetwork
from tests.faces.fakes import FakeFinder, RedFinder, face, image_with_face
from tests.golden.weights import draw_tensors
from tests.weights.torch_files import write_torch_file

MEAN = np.random.RandomState(3).uniform(50, 200, (98, 2))
PLACES = np.random.RandomState(4).randint(8, 56, (98, 2))  # (row, column) of each heatmap


def stub(x):
    """Heatmaps of one bright pixel each, wherever the face is."""
    assert x.shape == (1, 256, 256, 3) and np.abs(x).max() <= 1
    heatmaps = np.zeros([1, 64, 64, 98], np.float32)
    heatmaps[0, PLACES[:, 0], PLACES[:, 1], np.arange(98)] = 1
    return tf.constant(heatmaps)


def test_landmarks_are_taken_back_to_the_image():
    rough = face(300, 200, 128, 0.5)
    finder = WingFaces(stub, MEAN, FakeFinder(rough))
    (found,) = finder.find(Image.new("RGB", (600, 400)))
    shown = (PLACES[:, ::-1] + 0.5) / 64
    np.testing.assert_allclose(found.landmarks, rough.crop.to_image(shown), atol=1e-3)
    expected = crop_to_mean_face(found.landmarks, MEAN)
    np.testing.assert_allclose(found.crop, expected)


def test_the_network_is_shown_the_face():
    seen = []

    def watching(x):
        seen.append(np.asarray(x))
        return stub(x)

    WingFaces(watching, MEAN, RedFinder()).find(image_with_face())
    np.testing.assert_allclose(
        seen[0][0, 64:192, 64:192].mean((0, 1)), np.array((250, 40, 40)) / 127.5 - 1, atol=0.02
    )


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_heatmaps_without_a_face_give_none(value):
    """The largest value of each is in the same place: the first."""
    finder = WingFaces(lambda x: tf.fill([1, 64, 64, 98], value), MEAN, RedFinder())
    assert finder.find(image_with_face()) == []


def test_weights_come_from_the_published_file(tmp_path):
    path = write_torch_file(tmp_path / "wing.ckpt", {"state_dict": draw_tensors("fan")})
    network = load_landmark_network(str(path))
    assert isinstance(network, LandmarkNetwork)
    (found,) = WingFaces(network, MEAN, RedFinder()).find(
        image_with_face((300, 300), (50, 50, 250, 250))
    )
    assert found.landmarks.shape == (98, 2) and np.isfinite(found.crop).all()


def test_other_weights_are_told(tmp_path):
    (tmp_path / "wing.ckpt").write_bytes(b"no weights")
    with pytest.raises(UserError, match="wing.ckpt"):
        load_landmark_network(str(tmp_path / "wing.ckpt"))


def test_the_mean_face_is_read(tmp_path):
    np.savez(tmp_path / "mean.npz", mean=MEAN)
    np.testing.assert_array_equal(read_mean_face(str(tmp_path / "mean.npz")), MEAN)


@pytest.mark.parametrize(
    "content",
    [
        {"other": MEAN},
        {"mean": MEAN[:68]},
        {"mean": np.full((98, 2), np.nan)},
        {"mean": MEAN / 256},
        {"mean": np.array([print], object)},
        {"mean": np.array(["a"])},
        b"PK no archive",
        b"",
    ],
)
def test_other_means_are_told(tmp_path, content):
    path = tmp_path / "mean.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(UserError, match="mean.npz .*expected.*correct the path"):
        read_mean_face(str(path))


class Shifted:
    """Crops a face as another finder does, a part of its side to the right."""

    def __init__(self, part):
        self.part = part

    def crop(self, image, found):
        x, y, side, angle = found.crop
        return face(x + self.part * side, y, side, angle)


def test_a_comparison_says_how_far_crops_differ(tmp_path):
    config = AlignConfig(input_dir=str(tmp_path / "in"), output_dir=str(tmp_path / "out"))
    (tmp_path / "in/cat").mkdir(parents=True)
    for name in ("cat/a.png", "b.png"):
        image_with_face().save(tmp_path / "in" / name)
    Image.new("RGB", (50, 50)).save(tmp_path / "in/none.png")
    text = compare(config, RedFinder(), Shifted(0.05))
    assert "differ by 5.00% of the side, the mean of 2 faces" in text
    lines = (tmp_path / "out" / COMPARISON_FILE).read_text()
    assert '{"file": "cat/a.png", "distance_percent": 5.0}' in lines
    assert '{"file": "none.png", "rejected": "no face found"}' in lines
    with Image.open(tmp_path / "out" / COMPARISON_SHEET) as sheet:
        assert sheet.size == (2 * 256 + 16, 128)


def test_a_comparison_without_faces_is_told(tmp_path):
    Image.new("RGB", (50, 50)).save(tmp_path / "none.png")
    config = AlignConfig(input_dir=str(tmp_path), output_dir=str(tmp_path / "out"))
    with pytest.raises(UserError, match="Found no face in the 1 files"):
        compare(config, RedFinder(), Shifted(0))
