"""One training iteration of StarGAN v2: Choi et al. 2020, four updates."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Minimize, Networks, Objective
from stargan_tf.algorithms.stargan_v2.objectives import (
    Translated,
    discriminator_objective,
    generator_objective,
    masks_of,
    translate,
)
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.shapes import check_shapes, floats, integers
from stargan_tf.types import IMAGE, LABEL, NORMAL, SOURCE, TARGET, Draw


class TrainBatch(NamedTuple):
    """What one training iteration consumes.

    Images are [N, R, R, 3] float32 in [-1, 1], domains [N] int32, latent codes
    [N, latent_dim] float32 from the standard normal distribution.
    """

    x_real: tf.Tensor  # source images
    y_org: tf.Tensor  # their domains
    x_ref: tf.Tensor  # reference images of the target domains
    x_ref2: tf.Tensor  # a second reference image each, of the same domains
    y_trg: tf.Tensor  # the target domains
    z_trg: tf.Tensor
    z_trg2: tf.Tensor

    def check(self, settings: StarGANv2Settings) -> None:
        """Raises ShapeError unless every part has the shape and dtype that it should."""
        size, latent = settings.img_size, settings.latent_dim
        expected = {
            IMAGE: lambda value: floats(value, "N", size, size, 3),
            LABEL: lambda value: integers(value, "N"),
            NORMAL: lambda value: floats(value, "N", latent),
        }
        kinds = {draw.name: draw.kind for draw in draws(settings)}
        check_shapes(
            f"a step takes images of img_size {size}, a domain and two latent codes for each",
            **{name: expected[kinds[name]](value) for name, value in self._asdict().items()},
        )


def draws(settings: StarGANv2Settings) -> tuple[Draw, ...]:
    """What a `TrainBatch` is drawn from."""
    return (
        Draw("x_real", IMAGE, SOURCE),
        Draw("y_org", LABEL, SOURCE),
        Draw("x_ref", IMAGE, TARGET),
        Draw("x_ref2", IMAGE, TARGET),
        Draw("y_trg", LABEL, TARGET),
        Draw("z_trg", NORMAL, size=settings.latent_dim),
        Draw("z_trg2", NORMAL, size=settings.latent_dim),
    )


def step(
    networks: Networks,
    settings: StarGANv2Settings,
    batch: TrainBatch,
    lambda_ds: tf.Tensor,
    minimize: Minimize,
    r1_times: int = 1,
) -> Losses:
    """The four updates, on one replica's share of the batch.

    Args:
      networks: G, F, E and D, and the landmark network where there is one.
      settings: weights of the losses.
      batch: one replica's share.
      lambda_ds: the present weight of the diversity sensitive loss, a scalar.
      minimize: see `Minimize`.
      r1_times: see `discriminator_objective`.

    Returns:
      Every loss of every update, by log key.

    Raises:
      ShapeError: a part of the batch has another shape or dtype.
    """

    def update_D(draw: Callable[[], tf.Tensor]) -> Losses:
        def objective() -> Objective:
            common = (networks, settings, x_real, y_org, draw(), y_trg)
            return discriminator_objective(*common, minimize.gradient_scale, r1_times)

        return minimize(objective, "discriminator")

    def update_G(
        styles: Callable[[], tuple[tf.Tensor, tf.Tensor]],
        *stepped: str,
        translated: Translated | None = None,
        tape: tf.GradientTape | None = None,
    ) -> Losses:
        def objective() -> Objective:
            return generator_objective(
                networks, settings, x_real, y_org, y_trg, *styles(), lambda_ds, masks, translated
            )

        return minimize(objective, *stepped, tape=tape)

    batch.check(settings)
    x_real, y_org, x_ref, x_ref2, y_trg, z_trg, z_trg2 = batch
    G, F, E = (networks[name] for name in ("generator", "mapping_network", "style_encoder"))
    masks = masks_of(networks, x_real)  # the same in all four

    # D's updates leave G and F as they are. So the images that D is shown first are those that
    # G's first update begins with, and its tape records how they are drawn.
    tape = tf.GradientTape()
    with tape:
        s_latent = F(z_trg, y_trg)
        latent = translate(networks, x_real, s_latent, masks)

    # 1. D, with styles from latent codes.
    d_latent = update_D(lambda: latent.x_fake)

    # 2. D, with styles from reference images.
    d_ref = update_D(lambda: G.decode(latent.encoded, E(x_ref, y_trg), masks))

    # 3. G, F and E, with styles from latent codes.
    g_latent = update_G(
        lambda: (s_latent, F(z_trg2, y_trg)),
        "generator",
        "mapping_network",
        "style_encoder",
        translated=latent,
        tape=tape,
    )

    # 4. G alone, with styles from reference images.
    g_ref = update_G(lambda: (E(x_ref, y_trg), E(x_ref2, y_trg)), "generator")

    updates = {"D/latent": d_latent, "D/ref": d_ref, "G/latent": g_latent, "G/ref": g_ref}
    return {
        f"{update}_{name}": loss
        for update, losses in updates.items()
        for name, loss in losses.items()
    }
