"""From losses to what each update minimises: Choi et al. 2020, equations 1 to 5."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Networks, Objective
from stargan_tf.algorithms.stargan_v2.networks import LANDMARK_NETWORK
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.losses.adversarial import logistic_loss, r1_penalty
from stargan_tf.losses.reconstruction import (
    cycle_consistency_loss,
    diversity_sensitive_loss,
    style_reconstruction_loss,
)
from stargan_tf.models.face_masks import Masks
from stargan_tf.models.generator import EncodedImage
from stargan_tf.models.own_gradients import recomputing


class Translated(NamedTuple):
    """Images, drawn again in styles."""

    encoded: EncodedImage  # of the sources
    x_fake: tf.Tensor  # [N, R, R, 3]


def translate(
    networks: Networks, x: tf.Tensor, s: tf.Tensor, masks: Masks | None = None
) -> Translated:
    """Draws images x [N, R, R, 3] in styles s [N, style_dim]; masks as of `masks_of`."""
    G = networks["generator"]
    encoded = G.encode(x)
    return Translated(encoded, G.decode(encoded, s, masks))


def discriminator_objective(
    networks: Networks,
    settings: StarGANv2Settings,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    x_fake: tf.Tensor,
    y_trg: tf.Tensor,
    gradient_scale: float = 1.0,
    r1_times: int = 1,
) -> Objective:
    """What D minimises: adversarial loss and R1.

    Args:
      networks: D is used.
      settings: for lambda_reg.
      x_real: real images, [N, R, R, 3].
      y_org: their domains, [N].
      x_fake: generated images, [N, R, R, 3], taken as constants.
      y_trg: the domains they were generated for, [N].
      gradient_scale: see `r1_penalty`.
      r1_times: how many times R1 counts; at 0 it is not computed.

    Returns:
      The objective, with the losses real, fake and, if it was computed, reg.
    """
    D = networks["discriminator"]
    regularization = {}
    if r1_times:
        with recomputing(False):
            reg, real_logits = r1_penalty(lambda x: D(x, y_org), x_real, gradient_scale)
        regularization["reg"] = reg
    else:
        real_logits = D(x_real, y_org)
    real = logistic_loss(real_logits, real=True)
    fake = logistic_loss(D(tf.stop_gradient(x_fake), y_trg), real=False)
    total = real + fake
    if r1_times:
        total += r1_times * settings.lambda_reg * reg
    return Objective(total, {"real": real, "fake": fake, **regularization})


def masks_of(networks: Networks, x: tf.Tensor) -> Masks | None:
    """What G's high-pass skip connections keep of images [N, R, R, 3]; None where it has none.

    No gradient passes through the masks.
    """
    if LANDMARK_NETWORK not in networks:
        return None
    return networks[LANDMARK_NETWORK].masks(tf.stop_gradient(x))


def generator_objective(
    networks: Networks,
    settings: StarGANv2Settings,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    y_trg: tf.Tensor,
    s_trg: tf.Tensor,
    s_trg2: tf.Tensor,
    lambda_ds: tf.Tensor,
    masks: Masks | None = None,
    translated: Translated | None = None,
    s_org: tf.Tensor | None = None,
) -> Objective:
    """What G (and, with latent styles, F and E) minimise.

    Args:
      networks: G, E and D are used, and the landmark network where there is one.
      settings: for the weights of the losses.
      x_real: source images, [N, R, R, 3].
      y_org: their domains, [N].
      y_trg: target domains, [N].
      s_trg: target styles, [N, style_dim].
      s_trg2: other styles of the same domains, [N, style_dim].
      lambda_ds: the present weight of the diversity sensitive loss, a scalar.
      masks: of `x_real`; see `masks_of`.
      translated: `x_real` in `s_trg`, if the tape has recorded that already.
      s_org: E's styles of `x_real` [N, style_dim], likewise.

    Returns:
      The objective, with the losses adv, sty, ds and cyc.
    """
    G, E, D = networks["generator"], networks["style_encoder"], networks["discriminator"]

    encoded, x_fake = translated or translate(networks, x_real, s_trg, masks)
    adv = logistic_loss(D(x_fake, y_trg), real=True)  # G wants its images called real

    s_pred = E(x_fake, y_trg)
    sty = style_reconstruction_loss(s_pred, s_trg)

    constant = tf.nest.map_structure(tf.stop_gradient, encoded)
    x_fake2 = G.decode(constant, tf.stop_gradient(s_trg2), masks)
    ds = diversity_sensitive_loss(x_fake, x_fake2)

    if s_org is None:
        s_org = E(x_real, y_org)
    x_rec = G(x_fake, s_org, masks_of(networks, x_fake))
    cyc = cycle_consistency_loss(x_rec, x_real)

    total = adv + settings.lambda_sty * sty - lambda_ds * ds + settings.lambda_cyc * cyc
    return Objective(total, {"adv": adv, "sty": sty, "ds": ds, "cyc": cyc})


def validation_losses(
    networks: Networks,
    settings: StarGANv2Settings,
    x: tf.Tensor,
    y: tf.Tensor,
    y_trg: tf.Tensor,
    seed: tf.Tensor,
) -> Losses:
    """How well the averaged networks find a style again and come back to the source.

    Args:
      networks: G, F and E, and the landmark network where there is one.
      settings: for latent_dim.
      x: images, [N, R, R, 3] float32 in [-1, 1].
      y: their domains, [N] int32.
      y_trg: domains to translate into, [N] int32.
      seed: of the latent codes, [2] int.

    Returns:
      val/latent_sty and val/latent_cyc.
    """
    G, F, E = (networks[name] for name in ("generator", "mapping_network", "style_encoder"))
    z = tf.random.stateless_normal([tf.shape(x)[0], settings.latent_dim], seed)
    s_trg = F(z, y_trg)
    x_fake = G(x, s_trg, masks_of(networks, x))
    x_rec = G(x_fake, E(x, y), masks_of(networks, x_fake))
    return {
        "val/latent_sty": style_reconstruction_loss(E(x_fake, y_trg), s_trg),
        "val/latent_cyc": cycle_consistency_loss(x_rec, x),
    }
