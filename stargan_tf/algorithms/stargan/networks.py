"""Makes the networks G and D of StarGAN (2018)."""

from collections.abc import Collection

from stargan_tf.algorithms.stargan.settings import StarGANSettings
from stargan_tf.compat import keras
from stargan_tf.models.label_generator import LabelGenerator
from stargan_tf.models.patch_discriminator import PatchDiscriminator

# The one that draws, then the one that judges.
TRANSLATING = ("generator",)
NAMES = (*TRANSLATING, "discriminator")


def build_networks(
    settings: StarGANSettings, num_labels: int, names: Collection[str] = NAMES
) -> dict[str, keras.Model]:
    """Makes and initialises networks.

    Args:
      settings: sizes and widths.
      num_labels: c.
      names: which of `NAMES`.

    Returns:
      The networks by name, in this order.
    """
    size = settings.img_size
    makers = {
        "generator": lambda: LabelGenerator(
            size,
            settings.g_conv_dim,
            settings.g_repeat_num,
            num_labels,
            settings.residual_output,
        ),
        "discriminator": lambda: PatchDiscriminator(
            size, settings.d_conv_dim, settings.d_repeat_num, num_labels
        ),
    }
    networks = {name: make() for name, make in makers.items() if name in names}
    for network in networks.values():
        network.make_weights()
    return networks
