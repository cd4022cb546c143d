"""StarGAN v2's iteration with two updates in place of four: both kinds of styles at once."""

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Minimize, Networks, Objective
from stargan_tf.algorithms.stargan_v2.objectives import (
    Translated,
    discriminator_objective,
    generator_objective,
    masks_of,
)
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.step import TrainBatch


def fused_step(
    networks: Networks,
    settings: StarGANv2Settings,
    batch: TrainBatch,
    lambda_ds: tf.Tensor,
    minimize: Minimize,
    r1_times: int = 1,
) -> Losses:
    """One update of D, one of G, F and E, on one replica's share of the batch.

    Each goes down the mean of what the two updates of `step` go down, of which the first has
    styles from latent codes and the second those of references. So real images and R1 pass through
    D once, sources through G's encoder once, and each optimizer takes one step, not two; E learns
    from both kinds, too.

    Args:
      networks: see `step`.
      settings: see `step`.
      batch: see `step`.
      lambda_ds: see `step`.
      minimize: see `Minimize`.
      r1_times: see `discriminator_objective`.

    Returns:
      Every loss of both updates, by log key.

    Raises:
      ShapeError: see `step`.
    """
    batch.check(settings)
    x_real, y_org, x_ref, x_ref2, y_trg, z_trg, z_trg2 = batch
    G, F, E = (networks[name] for name in ("generator", "mapping_network", "style_encoder"))
    masks = masks_of(networks, x_real)
    masks_both = None if masks is None else tf.nest.map_structure(_twice, masks)
    x_both, y_org_both, y_trg_both = map(_twice, (x_real, y_org, y_trg))

    # D's update leaves the others as they are: G's begins with the images that D was shown.
    tape = tf.GradientTape()
    with tape:
        s_trg = tf.concat([F(z_trg, y_trg), E(x_ref, y_trg)], axis=0)
        encoded = tf.nest.map_structure(_twice, G.encode(x_real))
        translated = Translated(encoded, G.decode(encoded, s_trg, masks_both))

    def discriminating() -> Objective:
        common = (networks, settings, x_real, y_org, translated.x_fake, y_trg_both)
        return discriminator_objective(*common, minimize.gradient_scale, r1_times)

    def drawing() -> Objective:
        s_trg2 = tf.concat([F(z_trg2, y_trg), E(x_ref2, y_trg)], axis=0)
        s_org = _twice(E(x_real, y_org))
        common = (networks, settings, x_both, y_org_both, y_trg_both, s_trg, s_trg2, lambda_ds)
        return generator_objective(*common, masks_both, translated, s_org)

    updates = {
        "D/both": minimize(discriminating, "discriminator"),
        "G/both": minimize(drawing, "generator", "mapping_network", "style_encoder", tape=tape),
    }
    return {
        f"{update}_{name}": loss
        for update, losses in updates.items()
        for name, loss in losses.items()
    }


def _twice(rows: tf.Tensor) -> tf.Tensor:
    """[2N, ...] of [N, ...]."""
    return tf.concat([rows, rows], axis=0)
