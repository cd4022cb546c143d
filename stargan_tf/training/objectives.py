"""From losses to what each update minimises: Choi et al. 2020, equations 1 to 5."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.losses.adversarial import fake_loss, r1_penalty, real_loss
from stargan_tf.losses.reconstruction import (
    cycle_consistency_loss,
    diversity_sensitive_loss,
    style_reconstruction_loss,
)
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.networks import TranslationNetworks


class Objective(NamedTuple):
    """A total to minimise and the unweighted losses it is made of, all scalars."""

    total: tf.Tensor
    losses: dict[str, tf.Tensor]


def discriminator_objective(
    D: Discriminator,
    config: TrainConfig,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    x_fake: tf.Tensor,
    y_trg: tf.Tensor,
    gradient_scale: tf.Tensor | float = 1.0,
) -> Objective:
    """What D minimises: adversarial loss and R1.

    Args:
      D: the discriminator.
      config: for lambda_reg.
      x_real: real images, [N, R, R, 3].
      y_org: their domains, [N].
      x_fake: generated images, [N, R, R, 3], taken as constants.
      y_trg: the domains they were generated for, [N].
      gradient_scale: see `r1_penalty`.

    Returns:
      The objective, with the losses real, fake and reg.
    """
    reg, real_logits = r1_penalty(lambda x: D(x, y_org), x_real, gradient_scale)
    real = real_loss(real_logits)
    fake = fake_loss(D(tf.stop_gradient(x_fake), y_trg))
    total = real + fake + config.lambda_reg * reg
    return Objective(total, {"real": real, "fake": fake, "reg": reg})


def generator_objective(
    networks: TranslationNetworks,
    D: Discriminator,
    config: TrainConfig,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    y_trg: tf.Tensor,
    s_trg: tf.Tensor,
    s_trg2: tf.Tensor,
    lambda_ds: tf.Tensor,
) -> Objective:
    """What G (and, with latent styles, F and E) minimise.

    Args:
      networks: G and E are used.
      D: the discriminator.
      config: for the weights of the losses.
      x_real: source images, [N, R, R, 3].
      y_org: their domains, [N].
      y_trg: target domains, [N].
      s_trg: target styles, [N, style_dim].
      s_trg2: other styles of the same domains, [N, style_dim].
      lambda_ds: the present weight of the diversity sensitive loss, a scalar.

    Returns:
      The objective, with the losses adv, sty, ds and cyc.
    """
    G, E = networks.generator, networks.style_encoder

    encoded = G.encode(x_real)  # once for both styles
    x_fake = G.decode(encoded, s_trg)
    adv = real_loss(D(x_fake, y_trg))

    s_pred = E(x_fake, y_trg)
    sty = style_reconstruction_loss(s_pred, s_trg)

    x_fake2 = G.decode(tf.nest.map_structure(tf.stop_gradient, encoded), tf.stop_gradient(s_trg2))
    ds = diversity_sensitive_loss(x_fake, x_fake2)

    s_org = E(x_real, y_org)
    x_rec = G(x_fake, s_org)
    cyc = cycle_consistency_loss(x_rec, x_real)

    total = adv + config.lambda_sty * sty - lambda_ds * ds + config.lambda_cyc * cyc
    return Objective(total, {"adv": adv, "sty": sty, "ds": ds, "cyc": cyc})
