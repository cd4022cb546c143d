"""Row D: the latent code goes to the generator as it is, with the domain beside it."""

import tensorflow as tf

from stargan_tf.algorithms.ablation.settings import LatentCodesSettings
from stargan_tf.algorithms.ablation.translation import Codes, Translation
from stargan_tf.algorithms.algorithm import NetworkInputs, Networks, Objective
from stargan_tf.algorithms.drawable import IMAGE, LATENT, Mode
from stargan_tf.losses.reconstruction import style_reconstruction_loss
from stargan_tf.models.style_encoder import StyleEncoder
from stargan_tf.types import NORMAL, Batch, Draw


class LatentCodes(Translation):
    """Source: Choi et al. 2020, table 1, configuration D; our reading.

    A code is [z, one-hot y]: AdaIN's linear layers take both. The latent encoder E finds z in an
    image, whatever its domain: it has the trunk of a style encoder, and one head. z of the source,
    which the way back takes, is E(x_real).
    """

    settings: LatentCodesSettings
    modes = (
        Mode("latent", LATENT, "random latent codes"),
        Mode("reference", IMAGE, "latent codes of references"),
    )
    coder = "latent_encoder"
    bar_losses = {**Translation.bar_losses, "sty": "G/sty"}

    @property
    def latent_dim(self) -> int:
        """Length of z."""
        return self.settings.latent_dim

    @property
    def code_dim(self) -> int:
        """z, and a number for each domain."""
        return self.settings.latent_dim + self.num_labels

    def make_coder(self) -> StyleEncoder:
        """See `Translation`."""
        network = StyleEncoder(*self._trunk, 1, self.settings.latent_dim, name=self.coder)
        network.make_weights()
        return network

    def draws(self) -> tuple[Draw, ...]:
        """See `Translation`; latent codes as well."""
        return (*super().draws(), Draw("z_trg", NORMAL, size=self.latent_dim))

    def codes(self, networks: Networks, batch: Batch) -> Codes:
        """See the head of this class."""
        z_org = self._find(networks, batch["x_real"])
        return Codes(
            trg=self._with_domain(batch["z_trg"], batch["y_trg"]),
            org=self._with_domain(z_org, batch["y_org"]),
        )

    def make_codes(
        self, networks: Networks, mode: Mode, source: tf.Tensor | None, y: tf.Tensor
    ) -> tf.Tensor:
        """[z, one-hot y] of latent codes, or of those found in references; see `Drawable`."""
        z = source if mode.source == LATENT else self._find(networks, source)
        return self._with_domain(z, y)

    def generator_objective(self, networks: Networks, batch: Batch) -> tuple[tf.Tensor, Objective]:
        """Adds the reconstruction of z: mean |E(x_fake) - z_trg|, called sty as in StarGAN v2.

        Source: Choi et al. 2020, equation 2, of z in place of s.
        """
        x_fake, (total, losses) = super().generator_objective(networks, batch)
        sty = style_reconstruction_loss(self._find(networks, x_fake), batch["z_trg"])
        total += self.settings.lambda_sty * sty
        return x_fake, Objective(total, {**losses, "sty": sty})

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """See `Algorithm`."""
        inputs = super().network_inputs(batch_size)
        return {**inputs, self.coder: inputs["discriminator"]}

    def _find(self, networks: Networks, x: tf.Tensor) -> tf.Tensor:
        """E(x), [N, latent_dim]: its one head is that of domain 0."""
        return networks[self.coder](x, tf.zeros(tf.shape(x)[:1], tf.int32))

    def _with_domain(self, z: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return tf.concat([z, tf.one_hot(y, self.num_labels)], axis=1)
