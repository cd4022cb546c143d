"""One training iteration of StarGAN (2018): D always, G at every n_critic-th."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Minimize, Networks, Objective
from stargan_tf.algorithms.stargan.codes import label_vectors
from stargan_tf.algorithms.stargan.objectives import (
    discriminator_objective,
    generator_objective,
)
from stargan_tf.algorithms.stargan.settings import BOTH, OFF, StarGANSettings
from stargan_tf.shapes import check_shapes, floats, integers
from stargan_tf.types import IMAGE, LABEL, SOURCE, TARGET, UNIFORM, Draw

# What a `TrainBatch` is drawn from. The paper permutes a batch's own labels to get the target
# ones; here they are those of other images, drawn as the sources are. They follow the same
# distribution, and do not depend on how a batch is split over replicas.
DRAWS = (
    Draw("x_real", IMAGE, SOURCE),
    Draw("y_org", LABEL, SOURCE),
    Draw("y_trg", LABEL, TARGET),
    Draw("alpha", UNIFORM, size=1),
)


class TrainBatch(NamedTuple):
    """What one training iteration consumes."""

    x_real: tf.Tensor  # source images, [N, R, R, 3] float32 in [-1, 1]
    y_org: tf.Tensor  # their domains, [N] int32, or attributes, [N, A] float32
    y_trg: tf.Tensor  # the target ones, of the same kind
    alpha: tf.Tensor  # shares of real images in interpolated ones, [N, 1] float32 in [0, 1)

    def check(self, img_size: int, num_labels: int) -> None:
        """Raises ShapeError unless every part has the shape and dtype that it should."""

        def labels(y: tf.Tensor) -> tuple:
            return integers(y, "N") if y.dtype.is_integer else floats(y, "N", num_labels)

        check_shapes(
            f"a step takes images of img_size {img_size}, and for each a domain or {num_labels} "
            "attributes, target ones and a number",
            x_real=floats(self.x_real, "N", img_size, img_size, 3),
            y_org=labels(self.y_org),
            y_trg=labels(self.y_trg),
            alpha=floats(self.alpha, "N", 1),
        )


def step(
    networks: Networks,
    settings: StarGANSettings,
    batch: TrainBatch,
    updates: tuple[str, ...],
    minimize: Minimize,
) -> Losses:
    """The updates of an iteration, on one replica's share of the batch.

    Args:
      networks: G and D.
      settings: weights of the losses, and which networks see same-domain translations.
      batch: one replica's share.
      updates: D, or D and G.
      minimize: see `Minimize`.

    Returns:
      Every loss of every update, by log key.

    Raises:
      ShapeError: a part of the batch has another shape or dtype.
    """
    G = networks["generator"]
    batch.check(G.img_size, G.num_labels)
    x_real, y_org, y_trg, alpha = batch
    common = networks, settings, x_real, y_org

    # 1. D, on translations that it takes as constants.
    x_fakes = {"": G(x_real, label_vectors(y_trg, G.num_labels))}
    if settings.same_domain == BOTH:
        x_fakes["_same"] = G(x_real, label_vectors(y_org, G.num_labels))

    def judge() -> Objective:
        return discriminator_objective(*common, x_fakes, alpha, minimize.gradient_scale)

    losses = {f"D/{name}": loss for name, loss in minimize(judge, "discriminator").items()}

    # 2. G, on the same batch.
    def draw() -> Objective:
        return generator_objective(*common, y_trg, same_domain=settings.same_domain != OFF)

    if "G" in updates:  # a choice in Python: each answer of updates_at is compiled once
        losses |= {f"G/{name}": loss for name, loss in minimize(draw, "generator").items()}
    return losses
