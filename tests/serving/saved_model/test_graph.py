"""The exported signatures, called as TensorFlow users call them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.drawable import LATENT as LATENT_CODES
from stargan_tf.algorithms.drawable import mode_of
from stargan_tf.data.images import decode
from stargan_tf.sampling.codes import CodeMaker
from stargan_tf.sampling.styles import random_styles
from tests.data import makers
from tests.models.graphs import with_own_gradient
from tests.serving.exports import DOMAINS

SIDE, LATENT, STYLE = 32, 16, 64
INPUTS = {
    "serving_default": ["image_bytes", "psi", "seed", "target_domain"],
    "translate_random": ["image_bytes", "psi", "seed", "target_domain"],
    "translate_latent": ["image_bytes", "latent", "psi", "target_domain"],
    "translate_reference": ["image_bytes", "reference_bytes", "target_domain"],
    "encode_style": ["reference_bytes", "target_domain"],
    "map_latent": ["latent", "psi", "target_domain"],
    "translate_style": ["image_bytes", "style_code"],
    "translate_random_float": ["image", "psi", "seed", "target_domain"],
    "translate_latent_float": ["image", "latent", "psi", "target_domain"],
    "translate_reference_float": ["image", "reference", "target_domain"],
    "encode_style_float": ["reference", "target_domain"],
    "map_latent_float": ["latent", "psi", "target_domain"],
    "translate_style_float": ["image", "style_code"],
}


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(str(exported.base / "1")).signatures


@pytest.mark.parametrize("name", INPUTS)
def test_graphs_carry_no_gradients(signatures, name):
    """They would double the file, and what optimises graphs would not see through them."""
    assert not with_own_gradient(signatures[name].graph)


def request(num=2, **changes):
    """A valid request on encoded images; `changes` replace or add inputs."""
    rng = np.random.default_rng(0)
    contents = [makers.encoded(makers.pixels(n, 40 + n, 50)) for n in range(2 * num)]
    values = {
        "image_bytes": contents[:num],
        "reference_bytes": contents[num:],
        "target_domain": [DOMAINS[n % 3] for n in range(num)],
        "seed": np.arange(num),
        "psi": np.full([num], 0.7, np.float32),
        "latent": rng.standard_normal([num, LATENT], np.float32),
        "style_code": rng.standard_normal([num, STYLE], np.float32),
    }
    return {**values, **changes}


def floats(num=2, **changes):
    """The same on float images."""
    encoded = request(num)
    images = {
        name: np.stack([preprocessed(c) for c in encoded[f"{name}_bytes"]]).reshape(-1, 32, 32, 3)
        if num
        else np.zeros([0, 32, 32, 3], np.float32)
        for name in ("image", "reference")
    }
    domains = np.arange(num, dtype=np.int32) % 3
    return {**encoded, **images, "target_domain": domains, **changes}


def preprocessed(content):
    """What training makes of a file: upright RGB, central square, antialiased resizing."""
    from stargan_tf.data.preprocessing import preprocess

    return preprocess(np.asarray(decode(content)[0]), SIDE).numpy()


def call(signatures, name, given):
    inputs = {}
    for key in INPUTS[name]:
        dtype = tf.int64 if key == "seed" else None
        inputs[key] = tf.constant(given[key], dtype)
    (output,) = signatures[name](**inputs).values()
    return output.numpy()


def decoded(contents):
    return np.stack([np.asarray(Image.open(io.BytesIO(content))) for content in contents])


def test_names(signatures):
    for name, inputs in INPUTS.items():
        assert sorted(signatures[name].structured_input_signature[1]) == inputs
        (output,) = signatures[name].structured_outputs
        kind = "image" if name.endswith("_float") else "image_bytes"
        assert output == ("style_code" if name.startswith(("encode", "map")) else kind)
    assert set(signatures) == set(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
def test_any_number_of_rows(signatures, name):
    make = floats if name.endswith("_float") else request
    whole = call(signatures, name, make(3))
    assert len(whole) == 3
    for row in range(3):
        given = {key: value[row : row + 1] for key, value in make(3).items()}
        alone = call(signatures, name, given)
        if name.endswith("_float") or "encode" in name or "map" in name:
            np.testing.assert_allclose(alone[0], whole[row], atol=1e-5)
        else:
            difference = decoded(alone).astype(int) - decoded(whole[row : row + 1])
            assert np.abs(difference).max() <= 1


def test_float_signatures_compute_what_the_networks_do(signatures, exported):
    given = floats(3)
    G, F, E = (exported.networks[n] for n in ("generator", "mapping_network", "style_encoder"))
    x, y, z, psi = (given[key] for key in ("image", "target_domain", "latent", "psi"))
    mean = exported.mean_codes[y]
    s = mean + psi[:, None] * (F(z, y) - mean)
    s_ref = E(given["reference"], y)

    def drawn(style):
        return np.clip(G(x, style), -1, 1)

    for name, expected in {
        "translate_latent_float": drawn(s),
        "translate_reference_float": drawn(s_ref),
        "encode_style_float": s_ref,
        "map_latent_float": s,
        "translate_style_float": drawn(given["style_code"]),
    }.items():
        np.testing.assert_allclose(call(signatures, name, given), expected, atol=1e-5)


@pytest.mark.parametrize("name", [n for n in INPUTS if n + "_float" in INPUTS])
def test_encoded_images_are_float_images_in_other_words(signatures, name):
    expected = call(signatures, name + "_float", floats(3))
    given = call(signatures, name, request(3))
    if name in ("encode_style", "map_latent"):
        np.testing.assert_allclose(given, expected, atol=1e-4)
    else:
        assert np.std(expected) > 0.1
        difference = decoded(given) - np.round((expected + 1) * 127.5)
        assert np.abs(difference).max() <= 1


def test_default_is_translate_random(signatures):
    given = request(2)
    np.testing.assert_array_equal(
        call(signatures, "serving_default", given), call(signatures, "translate_random", given)
    )


def test_seeds(signatures):
    image = floats(1)["image"]
    same = {"image": np.repeat(image, 3, 0), "target_domain": np.zeros(3, np.int32)}
    given = floats(3, **same, psi=np.ones(3, np.float32), seed=np.array([5, 6, -(2**60)]))
    whole = call(signatures, "translate_random_float", given)
    assert np.abs(whole[0] - whole[1]).max() > 0.01 and np.abs(whole[0] - whole[2]).max() > 0.01
    again = call(signatures, "translate_random_float", {k: v[:1] for k, v in given.items()})
    np.testing.assert_allclose(again[0], whole[0], atol=1e-5)


def test_psi_pulls_to_the_mean_code_by_which_sample_truncates(signatures, exported):
    given = floats(3, psi=np.zeros(3, np.float32))
    means = exported.mean_codes[given["target_domain"]]
    expected = call(signatures, "translate_style_float", {**given, "style_code": means})
    drawn = call(signatures, "translate_latent_float", given)
    np.testing.assert_allclose(drawn, expected, atol=1e-5)


def test_a_seed_is_the_style_that_sample_draws_for_it(signatures, exported):
    codes = CodeMaker(exported.drawable)
    mode = mode_of(exported.drawable.modes, LATENT_CODES)
    styles = random_styles(exported.drawable, mode, codes, [2], num=3, seed=40, psi=0.7)
    given = floats(3, seed=np.array([40, 41, 42]), target_domain=np.full(3, 2, np.int32))
    by_seed = call(signatures, "translate_random_float", given)
    by_code = {**given, "style_code": np.stack([style.code for style in styles])}
    expected = call(signatures, "translate_style_float", by_code)
    assert np.abs(expected[0] - expected[1]).max() > 0.01
    np.testing.assert_allclose(by_seed, expected, atol=1e-5)


def test_domains_by_name_or_index(signatures):
    by_name = call(signatures, "encode_style", request(3))
    by_index = call(signatures, "encode_style", request(3, target_domain=["0", "01", "2"]))
    np.testing.assert_array_equal(by_name, by_index)


def with_alpha():
    rgba = np.dstack([makers.pixels(1), np.linspace(0, 255, 1600).reshape(40, 40).astype(np.uint8)])
    return makers.encoded(Image.fromarray(rgba, "RGBA"))


@pytest.mark.parametrize(
    "content",
    [
        makers.encoded(makers.pixels(1, 30, 90)),
        makers.encoded(makers.pixels(1, 200, 33), "JPEG", quality=95),
        makers.encoded(makers.pixels(1, 64, 64), "JPEG", progressive=True),
        makers.encoded(Image.fromarray(makers.pixels(1)).convert("L")),
        makers.encoded(Image.fromarray(makers.pixels(1)).convert("L"), "JPEG"),
        makers.encoded(Image.fromarray(makers.pixels(1)).convert("P")),
        makers.encoded(Image.fromarray(makers.pixels(1)).convert("1")),
        makers.encoded(Image.fromarray(makers.pixels(1)).quantize(4), bits=2),
        makers.encoded(Image.fromarray(makers.pixels(1)).quantize(4), bits=2, transparency=1),
        with_alpha(),
        makers.encoded(makers.pixels(1, 1, 1)),
        makers.encoded(makers.pixels(1, 1, 3000)),
    ],
    ids=["wide", "tall", "progressive", "grey", "grey_jpeg", "palette", "bits", "colours"]
    + ["cut_out", "alpha", "pixel", "line"],
)
def test_images_are_read_as_in_training(signatures, content):
    given = request(1, image_bytes=[content])
    expected = floats(1, image=preprocessed(content)[np.newaxis])
    drawn = decoded(call(signatures, "translate_style", given))
    difference = drawn - np.round((call(signatures, "translate_style_float", expected) + 1) * 127.5)
    assert np.abs(difference).max() <= 2  # Pillow and TensorFlow round transparency apart


GOOD = makers.encoded(makers.pixels(0))
JPEG = makers.encoded(makers.pixels(0), "JPEG")
NAN = float("nan")
WRONG = {
    "text": ({"image_bytes": [GOOD, b"hello"]}, "no JPEG or PNG image in row 1 .*5 bytes"),
    "nothing": ({"image_bytes": [b"", GOOD]}, "no JPEG or PNG image in row 0 .*0 bytes"),
    "webp": ({"image_bytes": [GOOD, makers.encoded(makers.pixels(0), "WEBP")]}, "row 1"),
    "short png": ({"image_bytes": [GOOD, GOOD[:20]]}, "no JPEG or PNG image in row 1"),
    "cut png": ({"image_bytes": [GOOD, GOOD[: len(GOOD) // 2]]}, "PNG"),
    "cut jpeg": ({"image_bytes": [GOOD, JPEG[: len(JPEG) // 2]]}, "JPEG"),
    "jpeg header alone": ({"image_bytes": [GOOD, b"\xff\xd8\xff\xe0"]}, "JPEG"),
    "bomb": ({"image_bytes": [GOOD, makers.bomb()]}, "200000 x 200000 pixels in row 1"),
    "unknown domain": (
        {"target_domain": ["cat", "cow"]},
        "domain cow in row 1, expected one of cat, dog, wild, or an index below 3",
    ),
    "index too high": (
        {"target_domain": ["3", "cat"]},
        "target_domain 3 in row 0, expected one of cat, dog",
    ),
    "negative index": ({"target_domain": ["-1", "cat"]}, "target_domain -1 in row 0"),
    "huge index": ({"target_domain": ["9" * 99, "cat"]}, "target_domain 9{40} in row 0"),
    "no domain": ({"target_domain": ["", "cat"]}, "target_domain  in row 0"),
    "bytes as domain": ({"target_domain": [b"\xff\xfe\n", "cat"]}, "in row 0"),
    "psi too high": ({"psi": [0.5, 1.5]}, "psi 1.5 in row 1, expected 0 to 1"),
    "psi below zero": ({"psi": [-0.1, 0.5]}, "psi -0.1 in row 0"),
    "psi not a number": ({"psi": [0.5, NAN]}, "psi nan in row 1"),
    "short latent": ({"latent": [[1.0] * 15] * 2}, "latent of length 15, expected 16"),
    "no latent": ({"latent": np.zeros([2, 0], np.float32)}, "latent of length 0, expected 16"),
    "latent not finite": ({"latent": [[NAN] * 16] * 2}, "NaN or infinity in latent"),
    "long style": ({"style_code": [[1.0] * 65] * 2}, "style_code of length 65, expected 64"),
    "infinite style": ({"style_code": [[float("inf")] * 64] * 2}, "NaN or infinity in style"),
    "one seed": ({"seed": [1]}, "seed with 1 rows and image_bytes with 2"),
    "one reference": ({"reference_bytes": [GOOD]}, "reference_bytes with 1"),
    "one domain": ({"target_domain": ["cat"]}, "target_domain with 1 rows"),
    "wrong reference": ({"reference_bytes": [b"x", GOOD]}, "row 0 of reference_bytes"),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_requests_get_a_sentence(signatures, changes, sentence):
    (key,) = changes
    tried = 0
    for name, inputs in INPUTS.items():
        if key in inputs and not name.endswith("_float"):
            with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
                call(signatures, name, request(2, **changes))
            tried += 1
    assert tried
    assert len(call(signatures, "translate_random", request(2))) == 2  # and nothing is broken


WRONG_FLOATS = {
    "domain": ({"target_domain": np.array([0, 3], np.int32)}, "target_domain 3 in row 1, expect"),
    "negative": ({"target_domain": np.array([-1, 0], np.int32)}, "target_domain -1 in row 0"),
    "image": ({"image": np.full([2, 32, 32, 3], NAN, np.float32)}, "NaN or infinity in image"),
    "rows": ({"psi": np.ones([3], np.float32)}, "psi with 3 rows and image with 2"),
    "latent": ({"latent": np.full([2, 16], NAN, np.float32)}, "NaN or infinity in latent"),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG_FLOATS.values(), ids=WRONG_FLOATS.keys())
def test_wrong_requests_on_floats_get_a_sentence(signatures, changes, sentence):
    with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
        call(signatures, "translate_latent_float", floats(2, **changes))


@pytest.mark.parametrize("name", INPUTS)
def test_empty_batches(signatures, name):
    given = (floats if name.endswith("_float") else request)(2)
    empty = {key: tf.constant(value)[:0] for key, value in given.items()}
    empty["seed"] = tf.cast(empty["seed"], tf.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty, expected at least one row"):
        signatures[name](**{key: empty[key] for key in INPUTS[name]})


def test_every_row_is_named_only_by_its_own_fault(signatures):
    """A good image is never blamed for its neighbour, nor answered with its translation."""
    for bad in range(3):
        contents = request(3)["image_bytes"]
        contents[bad] = b"not an image"
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"in row {bad} of image_bytes"):
            call(signatures, "serving_default", request(3, image_bytes=contents))
