"""How style codes are had, and how images are drawn in them: F, E and G."""

import tensorflow as tf

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.drawable import IMAGE, LATENT, Mode
from stargan_tf.algorithms.stargan_v2.objectives import masks_of
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.models.face_masks import Masks
from stargan_tf.models.generator import EncodedImage

LATENT_MODE = Mode("latent", LATENT, "random styles")
REFERENCE_MODE = Mode("reference", IMAGE, "styles of references")
MODES = (LATENT_MODE, REFERENCE_MODE)


class StyledDrawing:
    """Trained G, F and E, and the landmark network where G wants masks; see `Drawable`."""

    modes = MODES

    def __init__(self, networks: Networks, settings: StarGANv2Settings) -> None:
        """Keeps the networks.

        Args:
          networks: G, F and E, and with w_hpf above 0 the landmark network.
          settings: for the sizes.
        """
        self._networks = networks
        self._generator = networks["generator"]
        self._mapping_network = networks["mapping_network"]
        self._style_encoder = networks["style_encoder"]
        self.img_size = settings.img_size
        self.latent_dim = settings.latent_dim
        self.code_dim = settings.style_dim

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """F(z, y) of latent codes, E(x, y) of reference images; see `Drawable`."""
        if mode.source == LATENT:
            return self._mapping_network(source, y)
        return self._style_encoder(source, y)

    def encode(self, x: tf.Tensor) -> tuple[EncodedImage, Masks | tuple[()]]:
        """The generator's encoder, and the masks of its skip connections; see `Drawable`."""
        return self._generator.encode(x), masks_of(self._networks, x) or ()

    def draw(self, encoded: tuple[EncodedImage, Masks | tuple[()]], codes: tf.Tensor) -> tf.Tensor:
        """The generator's decoder; see `Drawable`."""
        features, masks = encoded
        return self._generator.decode(features, codes, masks or None)
