"""Row C: G and D of StarGAN v2, and one learned style for each domain."""

import tensorflow as tf

from stargan_tf.algorithms.ablation.settings import DomainStylesSettings
from stargan_tf.algorithms.ablation.translation import Codes, Translation
from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.models.domain_styles import DomainStyles
from stargan_tf.types import Batch


class DomainStylesTranslation(Translation):
    """Source: Choi et al. 2020, table 1, configuration C; our reading.

    An image has one translation into each domain.
    """

    settings: DomainStylesSettings
    modes = (Mode("domain", NOTHING, "translations"),)
    coder = "domain_styles"
    domain_layers = {"domain_styles": ("table",), "discriminator": ("heads",)}

    @property
    def code_dim(self) -> int:
        """A code is a style."""
        return self.settings.style_dim

    def make_coder(self) -> DomainStyles:
        """See `Translation`."""
        network = DomainStyles(self.num_labels, self.settings.style_dim)
        network.make_weights()
        return network

    def codes(self, networks: Networks, batch: Batch) -> Codes:
        """The styles of the domains."""
        F = networks[self.coder]
        return Codes(trg=F(batch["y_trg"]), org=F(batch["y_org"]))

    def make_codes(
        self, networks: Networks, mode: Mode, source: tf.Tensor | None, y: tf.Tensor
    ) -> tf.Tensor:
        """The styles of the domains; see `Drawable`."""
        del mode, source
        return networks[self.coder](y)
