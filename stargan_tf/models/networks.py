"""Builds the networks of StarGAN v2 as one set."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from stargan_tf.config.train import TrainConfig
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import Generator
from stargan_tf.models.layers import PerDomainDense, ResamplingConv2D
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder

_POLICIES = {"none": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


class TranslationNetworks(tf.Module):
    """The networks that translate, G, F and E: all that sampling needs."""

    def __init__(self, config: TrainConfig, num_domains: int) -> None:
        """Makes and initialises the networks.

        Args:
          config: sizes, widths and mixed_precision.
          num_domains: K.
        """
        super().__init__()
        trunk = (config.img_size, config.first_layer_channels, config.max_conv_dim)
        with _mixed_precision(config.mixed_precision):
            self.generator = Generator(*trunk, w_hpf=config.w_hpf)
            self.mapping_network = MappingNetwork(
                num_domains, config.style_dim, config.mapping_hidden_dim
            )
            self.style_encoder = StyleEncoder(*trunk, num_domains, config.style_dim)
        # Keras creates weights on the first call.
        x = tf.zeros([1, config.img_size, config.img_size, 3])
        y = tf.zeros([1], tf.int32)
        self.mapping_network(tf.zeros([1, config.latent_dim]), y)
        self.generator(x, self.style_encoder(x, y))

    def networks(self) -> tuple[tf.keras.Model, ...]:
        """The networks, in a fixed order."""
        return self.generator, self.mapping_network, self.style_encoder

    def fold(self) -> None:
        """Makes weights that layers compute from others for good, for networks to export.

        Outputs stay the same up to rounding, but training no longer reaches those layers.
        """
        for network in self.networks():
            for layer in network.submodules:
                if isinstance(layer, PerDomainDense | ResamplingConv2D):
                    layer.fold()


def build_discriminator(config: TrainConfig, num_domains: int) -> Discriminator:
    """Returns an initialised discriminator for K = num_domains."""
    with _mixed_precision(config.mixed_precision):
        discriminator = Discriminator(
            config.img_size, config.first_layer_channels, config.max_conv_dim, num_domains
        )
    discriminator(tf.zeros([1, config.img_size, config.img_size, 3]), tf.zeros([1], tf.int32))
    return discriminator


@contextlib.contextmanager
def _mixed_precision(name: str) -> Iterator[None]:
    """Makes layers created inside use a Keras dtype policy."""
    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy(_POLICIES[name])
    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(before)
