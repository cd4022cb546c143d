"""One seed is one style, on the command line and on a server."""

import dataclasses

import numpy as np
import tensorflow as tf
from PIL import Image

from stargan_tf.config.sample import SampleConfig
from stargan_tf.loading import load_model
from stargan_tf.sampling.sampler import sample
from tests.data import makers


def test_sample_draws_what_a_server_draws(exported, tmp_path):
    model = exported.base / "1"
    content = makers.encoded(makers.pixels(3, 32, 32))
    (tmp_path / "x.png").write_bytes(content)
    config = SampleConfig(saved_model=str(model), src=str(tmp_path / "x.png"), images_only=True)
    config = dataclasses.replace(config, out=str(tmp_path / "out"), target_domain="dog")
    config = dataclasses.replace(config, seed=41, num_outputs=3, psi=0.7)
    sample(config, load_model("", str(model)))
    translate = tf.saved_model.load(str(model)).signatures["translate_random"]
    answers = translate(
        image_bytes=tf.constant([content] * 3),
        target_domain=tf.constant(["dog"] * 3),
        seed=tf.constant([41, 42, 43], tf.int64),
        psi=tf.fill([3], 0.7),
    )["image_bytes"]
    drawn = []
    for number, answer in enumerate(answers):
        with Image.open(tmp_path / "out" / f"x__to_dog__seed41_{number}.png") as image:
            drawn.append(np.asarray(image, np.int32))
        served = tf.io.decode_png(answer).numpy().astype(np.int32)
        assert np.abs(drawn[-1] - served).max() <= 1
    assert np.abs(drawn[0] - drawn[1]).max() > 1
