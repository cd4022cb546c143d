"""An exported StarGAN (2018): labels by name and by number, in files and over a server."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.drawing import BatchDrawer
from stargan_tf.serving.client import Client, InvalidRequestError
from stargan_tf.serving.client.folders import FolderJob, Job
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.model_card import model_card
from stargan_tf.serving.tflite.interpreters import caller, open_file
from tests.data import makers
from tests.devserver.running import running_server
from tests.serving.exports import DOMAINS, NAME, export_stargan

NAMES = ["translate_label", "map_domain", "translate_style"]
TEXTS = ["cat", "dog, wild=0.5", ""]
LABELS = np.array([[1, 0, 0], [0, 1, 0.5], [0, 0, 0]], np.float32)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, three_domains_dir):
    settings = {"data_dir": str(three_domains_dir), "tflite_types": ("float32", "int8")}
    return export_stargan(tmp_path_factory.mktemp("models"), **settings)


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(str(exported.base / "1")).signatures


@pytest.fixture(scope="module")
def server(exported):
    with running_server(exported.models_dir) as running:
        yield f"http://127.0.0.1:{running.rest_port}"


PIXELS = np.stack([makers.pixels(number, 16, 16) for number in range(3)])
IMAGES = (PIXELS / 127.5 - 1).astype(np.float32)
FILES = [makers.encoded(image) for image in PIXELS]


def pixels_of(contents):
    return np.stack([np.asarray(Image.open(io.BytesIO(c)).convert("RGB"), int) for c in contents])


@pytest.fixture(scope="module")
def expected(exported):
    """What the networks draw, as 8-bit pixels."""
    return (exported.networks["generator"](IMAGES, LABELS).numpy() + 1) * 127.5


def test_it_offers_labels(exported, signatures):
    assert list(exported.info.signatures) == NAMES
    assert exported.info.algorithm == "stargan" and not exported.said.rejected
    both = {name + suffix for name in NAMES for suffix in ("", "_float")}
    assert set(signatures) == both | {"serving_default"}


def test_its_card(exported):
    card = (exported.base / "1/assets.extra/README.md").read_text()
    assert "the algorithm `stargan`" in card and "Labels, in their order: `cat`, `dog`" in card
    assert "Every label has to be given" in card and "rectified" not in card
    assert "`g_conv_dim=4`" in card and "data_dir" not in card
    for name in NAMES:
        assert f"| `{name}` |" in card
    settings = StarGANSettings(algorithm="stargan", residual_output=True)
    rectified = model_card(exported.info, settings, make_algorithm(settings, 3).remarks())
    assert "non-commercial use, and patent-pending by its authors' word" in rectified
    assert "`residual_output=True`" in rectified


def test_labels_by_name_and_by_number_draw_the_same(signatures, expected):
    given = {"image_bytes": tf.constant(FILES)}
    by_name = signatures["serving_default"](**given, label=tf.constant(TEXTS))["image_bytes"]
    assert np.abs(pixels_of(by_name.numpy()) - expected).max() <= 1
    by_number = signatures["translate_label_float"](
        image=tf.constant(IMAGES), label=tf.constant(LABELS)
    )["image"]
    assert np.abs((by_number + 1) * 127.5 - expected).max() < 0.01
    codes = signatures["translate_style"](**given, style_code=tf.constant(LABELS))["image_bytes"]
    np.testing.assert_array_equal(codes, by_name)


@pytest.mark.parametrize("text", ["fox", "cat=2", "cat=", "cat=x", "=1", "1,0,0", "cat=nan"])
def test_names_that_are_none_are_said(signatures, text):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        signatures["translate_label"](
            image_bytes=tf.constant(FILES[:2]), label=tf.constant(["cat", text])
        )
    part = text.split(",")[0]
    sentence = f"Found label {part} in row 1, expected names of cat, dog, wild, separated by"
    assert sentence in str(caught.value)


@pytest.mark.parametrize("length", [2, 4])
def test_a_label_of_wrong_length_is_said(signatures, length):
    label = tf.zeros([3, length])
    sentence = f"of length {length}, expected 3 numbers for each image"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"Found label {sentence}"):
        signatures["translate_label_float"](image=tf.constant(IMAGES), label=label)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"Found style_code {sentence}"):
        signatures["translate_style"](image_bytes=tf.constant(FILES), style_code=label)


def test_it_is_loaded_as_a_drawable(exported):
    model = load_exported(exported.base / "1")
    codes, drawer = CodeMaker(model.drawable), BatchDrawer(model.drawable)
    code = codes.make(model.drawable.modes[0], None, 2)
    found = drawer.draw(drawer.encode(IMAGES), code)[:, 0]
    drawn = exported.networks["generator"](IMAGES, tf.one_hot([2, 2, 2], len(DOMAINS)))
    assert np.abs(found - (drawn + 1) * 127.5).max() <= 1


@pytest.mark.parametrize("number_type", ["float32", "int8"])
def test_files_for_devices(exported, expected, number_type):
    run = caller(open_file(exported.base / f"tflite/1/{number_type}.tflite"))
    given = {"image": IMAGES[1:2], "label": LABELS[1:2]}
    error = np.abs((run("translate_label_float", given) + 1) * 127.5 - expected[1:2])
    assert error.mean() < (8 if number_type == "int8" else 0.1)


def test_the_client_sends_names_and_numbers(server, expected):
    with Client(server, NAME) as client:
        by_name = client.translate_label(FILES, TEXTS)
        assert np.abs(pixels_of(by_name) - expected).max() <= 1
        assert client.translate_label(FILES, LABELS) == by_name
        alone = client.translate_label(FILES[0], "cat")
        # Kernels for batches of other sizes round otherwise.
        assert np.abs(pixels_of([alone]) - expected[:1]).max() <= 1
        assert client.translate_label(FILES[0], [1, 0, 0]) == alone
        with pytest.raises(InvalidRequestError, match="^Found label fox in row 0, expected names"):
            client.translate_label(FILES[0], "fox")
        with pytest.raises(InvalidRequestError, match="^Found style_code of length 2, expected 3"):
            client.translate_label(FILES[0], [1, 0])
        with pytest.raises(TypeError, match="Found 1 for label, expected names beside names"):
            client.translate_label(FILES[:2], ["cat", 1])


def test_the_client_command_translates_a_folder(server, expected, tmp_path):
    source = tmp_path / "photos"
    source.mkdir()
    for name, content in zip("abc", FILES, strict=True):
        (source / f"{name}.png").write_bytes(content)
    job = Job(str(source), "dog,wild=0.5", str(tmp_path / "out"), batch_size=2)
    with Client(server, NAME) as client:
        assert sorted(FolderJob(client, job, print).run()) == [(1, 0), (2, 0)]  # in any order
        drawn = (tmp_path / "out" / "b__to_dog,wild=0.5__label.png").read_bytes()
        assert np.abs(pixels_of([drawn]) - expected[1:2]).max() <= 1
        with pytest.raises(InvalidRequestError, match="num_outputs 2 and psi 1 for pets, whose"):
            FolderJob(client, job._replace(num_outputs=2), print)
