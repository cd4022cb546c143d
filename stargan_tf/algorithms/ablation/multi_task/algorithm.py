"""Row B: StarGAN (2018), whose discriminator has a score for each domain and no classifier."""

from collections.abc import Collection, Mapping

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Minimize, NetworkInputs, Networks, Objective
from stargan_tf.algorithms.stargan.algorithm import StarGAN
from stargan_tf.algorithms.stargan.codes import label_vectors
from stargan_tf.algorithms.stargan.networks import NAMES
from stargan_tf.algorithms.stargan.settings import CriticSettings
from stargan_tf.compat import keras
from stargan_tf.losses.adversarial import gradient_penalty, interpolate, wasserstein_loss
from stargan_tf.losses.reconstruction import cycle_consistency_loss
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.patch_discriminator import MultiTaskPatchDiscriminator
from stargan_tf.types import IMAGE, LABEL, SOURCE, TARGET, UNIFORM, Batch, Draw


class MultiTask(StarGAN):
    """Source: Choi et al. 2020, table 1, configuration B; our reading.

    D has a score for each domain, of which the image's own counts. Real and generated images of a
    batch are of the same domains, y_trg, and so are the interpolated ones between them: a number
    that is added to all scores of a domain changes nothing.
    """

    settings: CriticSettings
    bar_losses = {"D": "D/real", "gp": "D/gp", "adv": "G/adv", "rec": "G/rec"}
    needs_domains = True

    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        """See `Algorithm`."""
        s, num_labels = self.settings, self.num_labels
        makers = {
            "generator": lambda: LabelGenerator(
                s.img_size, s.g_conv_dim, s.g_repeat_num, num_labels, s.residual_output
            ),
            "discriminator": lambda: MultiTaskPatchDiscriminator(
                s.img_size, s.d_conv_dim, s.d_repeat_num, num_labels
            ),
        }
        networks = {name: makers[name]() for name in NAMES if names is None or name in names}
        for network in networks.values():
            network.make_weights()
        return networks

    def draws(self) -> tuple[Draw, ...]:
        """As StarGAN, and real images of the target domains."""
        return (
            Draw("x_real", IMAGE, SOURCE),
            Draw("y_org", LABEL, SOURCE),
            Draw("x_ref", IMAGE, TARGET),
            Draw("y_trg", LABEL, TARGET),
            Draw("alpha", UNIFORM, size=1),
        )

    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        """D always, G at every n_critic-th iteration."""
        del schedule
        x_real, y_org, x_ref, y_trg, alpha = (batch[draw.name] for draw in self.draws())
        x_fake = networks["generator"](x_real, label_vectors(y_trg, self.num_labels))

        def judge() -> Objective:
            scale = minimize.gradient_scale
            return discriminator_objective(
                networks, self.settings, x_ref, x_fake, y_trg, alpha, scale
            )

        def draw() -> Objective:
            return generator_objective(networks, self.settings, x_real, y_org, y_trg)

        losses = {f"D/{name}": loss for name, loss in minimize(judge, "discriminator").items()}
        if "G" in updates:  # a choice in Python: each answer of updates_at is compiled once
            losses |= {f"G/{name}": loss for name, loss in minimize(draw, "generator").items()}
        return losses

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """See `Algorithm`."""
        size = self.settings.img_size
        images = tf.TensorSpec([batch_size, size, size, 3])
        labels = tf.TensorSpec([batch_size, self.num_labels])
        domains = tf.TensorSpec([batch_size], tf.int32)
        return {"generator": (images, labels), "discriminator": (images, domains)}


def discriminator_objective(
    networks: Networks,
    settings: CriticSettings,
    x_ref: tf.Tensor,
    x_fake: tf.Tensor,
    y_trg: tf.Tensor,
    alpha: tf.Tensor,
    gradient_scale: float = 1.0,
) -> Objective:
    """What D minimises: WGAN-GP, within the domains y_trg.

    Source: Choi et al. 2018, equation 8, of the scores D(x, y_trg).

    Args:
      networks: D is used.
      settings: for lambda_gp.
      x_ref: real images of the domains, [N, R, R, 3].
      x_fake: images generated for them, [N, R, R, 3], taken as constants.
      y_trg: the domains, [N] integer.
      alpha: shares of the real images in the interpolated ones, [N, 1] from 0 to 1.
      gradient_scale: see `gradient_penalty`.

    Returns:
      The objective, with the losses real, fake and gp.
    """
    D = networks["discriminator"]
    x_fake = tf.stop_gradient(x_fake)
    real = wasserstein_loss(D(x_ref, y_trg), real=True)
    fake = wasserstein_loss(D(x_fake, y_trg), real=False)
    x_hat = interpolate(x_ref, x_fake, alpha)
    gp = gradient_penalty(lambda x: D(x, y_trg), x_hat, gradient_scale)
    total = real + fake + settings.lambda_gp * gp
    return Objective(total, {"real": real, "fake": fake, "gp": gp})


def generator_objective(
    networks: Networks,
    settings: CriticSettings,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    y_trg: tf.Tensor,
) -> Objective:
    """What G minimises: to look real in the target domain, and to come back to the source.

    Source: Choi et al. 2018, equations 4 and 6, without the classification loss.

    Args:
      networks: G and D are used.
      settings: for lambda_rec.
      x_real: source images, [N, R, R, 3].
      y_org: their domains, [N] integer.
      y_trg: target domains, [N] integer.

    Returns:
      The objective, with the losses adv and rec.
    """
    G, D = networks["generator"], networks["discriminator"]
    c_org, c_trg = (label_vectors(y, G.num_labels) for y in (y_org, y_trg))
    x_fake = G(x_real, c_trg)
    adv = wasserstein_loss(D(x_fake, y_trg), real=True)  # G wants its images called real
    rec = cycle_consistency_loss(G(x_fake, c_org), x_real)
    return Objective(adv + settings.lambda_rec * rec, {"adv": adv, "rec": rec})
