"""An exported StarGAN (2018) of two data sets: the mask follows from the names."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.config.sample import SampleConfig
from stargan_tf.labels import LabelSet
from stargan_tf.sampling.sampler import sample
from stargan_tf.serving.client import Client, InvalidRequestError
from stargan_tf.serving.exported import load_exported
from stargan_tf.serving.tflite.interpreters import caller, open_file
from tests.data import makers
from tests.devserver.running import running_server
from tests.serving.exports import DOMAINS, JOINT_SETS, NAME, export_joint, read_metadata

pytestmark = pytest.mark.slow

PIXELS = np.stack([makers.pixels(number, 16, 16) for number in range(4)])
IMAGES = (PIXELS / 127.5 - 1).astype(np.float32)
FILES = [makers.encoded(image) for image in PIXELS]
# smiling, young; cat, dog, wild; the mask of two.
TEXTS = ["young=0.5,smiling", "dog", "young=0", ""]
LABELS = np.array(
    [[1, 0.5, 0, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0]],
    np.float32,
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export_joint(tmp_path_factory.mktemp("models"), tflite_types=("float32",))


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(str(exported.base / "1")).signatures


@pytest.fixture(scope="module")
def expected(exported):
    """What the networks draw, as 8-bit pixels."""
    return (exported.networks["generator"](IMAGES, LABELS).numpy() + 1) * 127.5


def pixels_of(contents):
    return np.stack([np.asarray(Image.open(io.BytesIO(c)).convert("RGB"), int) for c in contents])


def test_metadata_names_the_labels_of_both(exported):
    for info in (exported.info, read_metadata(exported.base / "tflite/1/float32.tflite")):
        assert info.label_sets == JOINT_SETS
        assert info.domains == ("smiling", "young", *DOMAINS) and info.style_dim == 7


def test_names_fill_in_the_mask_and_numbers_have_their_own(signatures, expected):
    given = {"image_bytes": tf.constant(FILES)}
    by_name = signatures["serving_default"](**given, label=tf.constant(TEXTS))["image_bytes"]
    assert np.abs(pixels_of(by_name.numpy()) - expected).max() <= 1
    by_number = signatures["translate_label_float"](
        image=tf.constant(IMAGES), label=tf.constant(LABELS)
    )["image"]
    assert np.abs((by_number + 1) * 127.5 - expected).max() < 0.01
    code = signatures["map_domain"](target_domain=tf.constant(["dog"]))["style_code"]
    np.testing.assert_array_equal(code, LABELS[1:2])


@pytest.mark.parametrize("text", ["young,dog", "wild,young=0"])
def test_labels_of_both_sets_at_once_are_said(signatures, text):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        signatures["translate_label"](
            image_bytes=tf.constant(FILES[:2]), label=tf.constant(["dog", text])
        )
    assert "Found label of two data sets in row 1, expected names of one, either of smiling" in str(
        caught.value
    )


def test_a_vector_without_the_mask_is_said(signatures):
    with pytest.raises(tf.errors.InvalidArgumentError, match="of length 5, expected 7 numbers"):
        signatures["translate_label_float"](image=tf.constant(IMAGES), label=tf.zeros([4, 5]))


def test_files_for_devices_take_the_whole_vector(exported, expected):
    run = caller(open_file(exported.base / "tflite/1/float32.tflite"))
    drawn = run("translate_label_float", {"image": IMAGES[1:2], "label": LABELS[1:2]})
    assert np.abs((drawn + 1) * 127.5 - expected[1:2]).max() < 0.1


def test_the_client_needs_no_change(exported, expected):
    with running_server(exported.models_dir) as running:
        with Client(f"http://127.0.0.1:{running.rest_port}", NAME) as client:
            by_name = client.translate_label(FILES, TEXTS)
            assert np.abs(pixels_of(by_name) - expected).max() <= 1
            assert client.translate_label(FILES, LABELS) == by_name
            with pytest.raises(InvalidRequestError, match="^Found label of two data sets in row 0"):
                client.translate_label(FILES[0], "young,dog")


def test_it_samples_labels_of_either_set_and_wrong_masks(exported, tmp_path):
    model = load_exported(exported.base / "1")
    assert model.label_sets == (LabelSet(("smiling", "young"), True), LabelSet(DOMAINS, False))
    (tmp_path / "x.png").write_bytes(FILES[0])
    config = SampleConfig(
        saved_model=".",
        src=str(tmp_path / "x.png"),
        out=str(tmp_path / "out"),
        images_only=True,
        set=("young=0.5,smiling",),
        mask=2,
    )
    sample(config, model)
    G = exported.networks["generator"]
    wrong = [[1, 0.5, 0, 0, 0, 0, 1]]
    for suffix, label in (("", LABELS[:1]), ("_mask2", np.array(wrong, np.float32))):
        path = tmp_path / "out" / f"x__to_young=0.5,smiling__label{suffix}.png"
        drawn = (G(IMAGES[:1], label)[0] + 1) * 127.5
        assert np.abs(np.asarray(Image.open(path), int) - drawn).max() <= 1
