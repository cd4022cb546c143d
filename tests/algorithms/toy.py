"""A toy algorithm, to prove the contract: least squares, two small networks, no styles.

A painter draws an image in a domain, given as a one-hot code; a judge scores how real an
image of a domain looks. The painter is updated at every second iteration, and its learning
rate falls.
"""

import dataclasses
from collections.abc import Collection, Mapping

import tensorflow as tf

from stargan_tf.algorithms.algorithm import (
    AdamSettings,
    Algorithm,
    Losses,
    Minimize,
    Networks,
    Objective,
)
from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.algorithms.signatures import Signature, signatures_of
from stargan_tf.compat import keras
from stargan_tf.config.settings import setting
from stargan_tf.config.train import TrainConfig
from stargan_tf.types import IMAGE, LABEL, SOURCE, TARGET, Batch, Draw

MODES = (Mode("domain", NOTHING, "translations"),)


@dataclasses.dataclass(frozen=True)
class Settings(TrainConfig):
    """Settings of the toy."""

    lr: float = setting(1e-3, "Learning rate of both networks.", least=0, fixed=False)
    width: int = setting(4, "Width of both networks.", least=1)
    lambda_keep: float = setting(1.0, "Weight of the source's own pixels.", least=0)


class Painter(keras.Model):
    """Maps images [N, R, R, 3] and codes [N, K] to images."""

    def __init__(self, width: int) -> None:
        super().__init__(name="painter")
        self.hidden = keras.layers.Conv2D(width, 3, padding="same", activation="relu")
        self.to_rgb = keras.layers.Conv2D(3, 1)

    def call(self, x: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        plane = tf.ones_like(x[..., :1]) * codes[:, tf.newaxis, tf.newaxis, :]
        return x + tf.cast(self.to_rgb(self.hidden(tf.concat([x, plane], axis=-1))), tf.float32)


class Judge(keras.Model):
    """Maps images [N, R, R, 3] and domains [N] to scores [N]."""

    def __init__(self, width: int, num_domains: int) -> None:
        super().__init__(name="judge")
        self.hidden = keras.layers.Conv2D(width, 4, strides=4, activation="relu")
        self.scores = keras.layers.Dense(num_domains)

    def call(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        scores = self.scores(tf.reduce_mean(self.hidden(x), axis=[1, 2]))
        return tf.cast(tf.gather(scores, y, axis=1, batch_dims=1), tf.float32)


class Drawing:
    """The painter, as sampling knows it."""

    modes = MODES
    latent_dim = 0

    def __init__(self, painter: Painter, img_size: int, code_dim: int) -> None:
        self._painter = painter
        self.img_size, self.code_dim = img_size, code_dim

    def make_codes(self, mode: Mode, source: None, y: tf.Tensor) -> tf.Tensor:
        return tf.one_hot(y, self.code_dim)

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        return x

    def draw(self, encoded: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        return self._painter(encoded, codes)


class Toy(Algorithm):
    """See the head of this file."""

    settings: Settings
    modes = MODES
    averaged = ("painter",)
    bar_losses = {"judge": "judge/real", "fool": "painter/fool"}

    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        width, size = self.settings.width, self.settings.img_size
        networks = {"painter": Painter(width), "judge": Judge(width, self.num_labels)}
        networks = {name: n for name, n in networks.items() if names is None or name in names}
        x, y = tf.zeros([1, size, size, 3]), tf.zeros([1], tf.int32)
        for name, network in networks.items():
            network(x, y if name == "judge" else tf.zeros([1, self.num_labels]))
        return networks

    def optimizers(self) -> dict[str, AdamSettings]:
        adam = AdamSettings(self.settings.lr, 0.5, 0.9)
        half = lambda step: self.settings.lr / (1.0 + tf.cast(step, tf.float32))  # noqa: E731
        return {"painter": adam._replace(rate_at=half), "judge": adam}

    def draws(self) -> tuple[Draw, ...]:
        y = [Draw("y_org", LABEL, SOURCE), Draw("y_trg", LABEL, TARGET)]
        return (Draw("x", IMAGE, SOURCE), *y)

    def updates_at(self, iteration: int) -> tuple[str, ...]:
        return ("judge", "painter") if iteration % 2 else ("judge",)

    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        painter, judge = networks["painter"], networks["judge"]
        x, y_org, y_trg = batch["x"], batch["y_org"], batch["y_trg"]
        code = tf.one_hot(y_trg, self.num_labels)

        def judged() -> Objective:
            real = tf.reduce_mean(tf.square(judge(x, y_org) - 1))
            fake = tf.reduce_mean(tf.square(judge(painter(x, code), y_trg)))
            return Objective(real + fake, {"judge/real": real, "judge/fake": fake})

        def painted() -> Objective:
            x_fake = painter(x, code)
            fool = tf.reduce_mean(tf.square(judge(x_fake, y_trg) - 1))
            keep = tf.reduce_mean(tf.abs(x_fake - x))
            total = fool + self.settings.lambda_keep * keep
            return Objective(total, {"painter/fool": fool, "painter/keep": keep})

        objectives = {"judge": judged, "painter": painted}
        losses = [minimize(objectives[name], name) for name in updates]
        return {name: loss for one in losses for name, loss in one.items()}

    def drawable(self, networks: Networks) -> Drawing:
        return Drawing(networks["painter"], self.settings.img_size, self.num_labels)

    def signatures(self) -> tuple[Signature, ...]:
        return signatures_of(MODES)


make = Toy
