"""Losses of the averaged networks on images they were not trained on."""

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.losses.reconstruction import cycle_consistency_loss, style_reconstruction_loss
from stargan_tf.models.networks import TranslationNetworks

SEED = 0


class Validation:
    """Measures cycle consistency and style reconstruction on validation images.

    Each image goes to the domain after its own, in a style from a latent code
    that is the same at every call, so that figures of one run can be compared.
    """

    def __init__(self, images: tf.data.Dataset, config: TrainConfig, num_domains: int) -> None:
        """Takes what to measure on.

        Args:
          images: batches of (x [N, R, R, 3] float32 in [-1, 1], y [N] int32).
          config: of the run.
          num_domains: K.
        """
        self._images = images
        self._config = config
        self._num_domains = num_domains
        self._compiled = tf.function(self._losses, reduce_retracing=True)

    def __call__(self, networks: TranslationNetworks) -> dict[str, float]:
        """Returns the means over all images, by log key; empty if there are none."""
        sums = {}
        count = 0
        for number, (x, y) in enumerate(self._images):
            z = tf.random.stateless_normal([len(x), self._config.latent_dim], [SEED, number])
            for name, loss in self._compiled(networks, x, y, z).items():
                sums[name] = sums.get(name, 0.0) + float(loss) * len(x)
            count += len(x)
        return {name: total / count for name, total in sums.items()}

    def _losses(
        self, networks: TranslationNetworks, x: tf.Tensor, y: tf.Tensor, z: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        G, F, E = networks.generator, networks.mapping_network, networks.style_encoder
        y_trg = (y + 1) % self._num_domains
        s_trg = F(z, y_trg)
        x_fake = G(x, s_trg)
        return {
            "val/latent_sty": style_reconstruction_loss(E(x_fake, y_trg), s_trg),
            "val/latent_cyc": cycle_consistency_loss(G(x_fake, E(x, y)), x),
        }
