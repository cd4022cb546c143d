"""From losses to what each update minimises: Choi et al. 2018, equations 1 to 8."""

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Losses, Networks, Objective
from stargan_tf.algorithms.stargan.codes import label_vectors
from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.losses.adversarial import gradient_penalty, interpolate, wasserstein_loss
from stargan_tf.losses.classification import (
    attribute_classification_loss,
    domain_classification_loss,
)
from stargan_tf.losses.reconstruction import cycle_consistency_loss, same_domain_identity_loss


def classification_loss(logits: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Softmax where images have domains, [N] integer; sigmoid for attributes, [N, A] float."""
    if y.dtype.is_integer:
        return domain_classification_loss(logits, y)
    return attribute_classification_loss(logits, y)


def discriminator_objective(
    networks: Networks,
    settings: StarGANSettings,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    x_fakes: dict[str, tf.Tensor],
    alpha: tf.Tensor,
    gradient_scale: float = 1.0,
) -> Objective:
    """What D minimises: WGAN-GP, and classification of real images.

    With generated images of two kinds, the adversarial part is the sum over both, real images
    counted in each. Counted once, as the equations of the rectified form can be read, a number
    that is added to all scores would lower the loss without end.

    Args:
      networks: D is used.
      settings: for the weights of the losses.
      x_real: real images, [N, R, R, 3].
      y_org: their domains, [N] integer, or attributes, [N, A] float.
      x_fakes: generated images by the suffix of their losses, [N, R, R, 3], taken as constants.
      alpha: shares of the real images in the interpolated ones, [N, 1] from 0 to 1.
      gradient_scale: see `gradient_penalty`.

    Returns:
      The objective, with the losses real, cls, and of each kind fake and gp.
    """
    D = networks["discriminator"]
    judged = D(x_real)
    real = wasserstein_loss(judged.src, real=True)
    cls = classification_loss(judged.cls, y_org)
    total = settings.lambda_cls * cls
    losses = {"real": real, "cls": cls}
    for suffix, x_fake in x_fakes.items():
        x_fake = tf.stop_gradient(x_fake)
        fake = wasserstein_loss(D(x_fake).src, real=False)
        x_hat = interpolate(x_real, x_fake, alpha)
        gp = gradient_penalty(lambda x: D(x).src, x_hat, gradient_scale)
        total += real + fake + settings.lambda_gp * gp
        losses |= {f"fake{suffix}": fake, f"gp{suffix}": gp}
    return Objective(total, losses)


def generator_objective(
    networks: Networks,
    settings: StarGANSettings,
    x_real: tf.Tensor,
    y_org: tf.Tensor,
    y_trg: tf.Tensor,
    *,
    same_domain: bool,
) -> Objective:
    """What G minimises: to look real and like its labels, and to come back to the source.

    Args:
      networks: G and D are used.
      settings: for the weights of the losses.
      x_real: source images, [N, R, R, 3].
      y_org: their domains, [N] integer, or attributes, [N, A] float.
      y_trg: the target labels, of the same kind.
      same_domain: whether the same is asked once more of images that are drawn with their own
        labels, and that they stay as they are. Source: Siddiquee et al. 2019,
        arXiv:1908.06965.

    Returns:
      The objective, with the losses adv, cls and rec; with `same_domain` also adv_same, cls_same,
      rec_same and id.
    """
    G, D = networks["generator"], networks["discriminator"]
    c_org = label_vectors(y_org, G.num_labels)
    total, losses = tf.constant(0.0), {}
    for suffix, y in {"": y_trg, "_same": y_org}.items():
        if suffix and not same_domain:
            break
        x_fake = G(x_real, label_vectors(y, G.num_labels))
        judged = D(x_fake)
        adv = wasserstein_loss(judged.src, real=True)  # G wants its images called real
        cls = classification_loss(judged.cls, y)
        rec = cycle_consistency_loss(G(x_fake, c_org), x_real)
        total += adv + settings.lambda_cls * cls + settings.lambda_rec * rec
        losses |= {f"adv{suffix}": adv, f"cls{suffix}": cls, f"rec{suffix}": rec}
        if suffix:
            losses["id"] = same_domain_identity_loss(x_fake, x_real)
            total += settings.lambda_id * losses["id"]
    return Objective(total, losses)


def validation_losses(networks: Networks, x: tf.Tensor, y: tf.Tensor, y_trg: tf.Tensor) -> Losses:
    """How well the averaged generator comes back to the source, and leaves it as it is.

    Args:
      networks: G.
      x: images, [N, R, R, 3] float32 in [-1, 1].
      y: their domains, [N] integer, or attributes, [N, A] float.
      y_trg: the target labels, of the same kind.

    Returns:
      val/rec and val/id.
    """
    G = networks["generator"]
    c_org, c_trg = (label_vectors(labels, G.num_labels) for labels in (y, y_trg))
    return {
        "val/rec": cycle_consistency_loss(G(G(x, c_trg), c_org), x),
        "val/id": same_domain_identity_loss(G(x, c_org), x),
    }
