"""Makes the networks G, F, E and D of StarGAN v2."""

from collections.abc import Collection

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.compat import keras
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import Generator
from stargan_tf.models.landmark_network import LandmarkNetwork
from stargan_tf.models.mapping_network import MappingNetwork
from stargan_tf.models.style_encoder import StyleEncoder

# Those that draw, then the one that judges.
TRANSLATING = ("generator", "mapping_network", "style_encoder")
NAMES = (*TRANSLATING, "discriminator")
# Not trained, and there only with high-pass skip connections: it finds what they keep in place.
LANDMARK_NETWORK = "landmark_network"


def build_networks(
    settings: StarGANv2Settings, num_domains: int, names: Collection[str] = NAMES
) -> dict[str, keras.Model]:
    """Makes and initialises networks.

    Args:
      settings: sizes and widths.
      num_domains: K.
      names: which of `NAMES` and LANDMARK_NETWORK.

    Returns:
      The networks by name, in this order.
    """
    trunk = (settings.img_size, settings.first_layer_channels, settings.max_conv_dim)
    makers = {
        "generator": lambda: Generator(*trunk, w_hpf=settings.w_hpf),
        "mapping_network": lambda: MappingNetwork(
            num_domains,
            settings.style_dim,
            settings.mapping_hidden_dim,
            settings.mapping_shared_layers,
            settings.mapping_unshared_layers,
        ),
        "style_encoder": lambda: StyleEncoder(*trunk, num_domains, settings.style_dim),
        "discriminator": lambda: Discriminator(*trunk, num_domains),
        LANDMARK_NETWORK: LandmarkNetwork,
    }
    widths = {  # in the order that goes with a seed: another one draws other weights
        "mapping_network": {"latent_dim": settings.latent_dim},
        "style_encoder": {},
        "generator": {"style_dim": settings.style_dim},
        "discriminator": {},
        LANDMARK_NETWORK: {},
    }
    networks = {name: make() for name, make in makers.items() if name in names}
    for name, own in widths.items():
        if name in networks:
            networks[name].make_weights(**own)
    return networks
