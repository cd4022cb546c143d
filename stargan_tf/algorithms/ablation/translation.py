"""What rows C and D share: G and D of StarGAN v2, and one update of each an iteration."""

import abc
from collections.abc import Collection, Mapping
from typing import ClassVar, NamedTuple

import tensorflow as tf

from stargan_tf.algorithms.ablation.settings import TranslationSettings
from stargan_tf.algorithms.algorithm import (
    AdamSettings,
    Algorithm,
    Losses,
    Minimize,
    NetworkInputs,
    Networks,
    Objective,
)
from stargan_tf.algorithms.drawable import Mode
from stargan_tf.algorithms.signatures import Signature, signatures_of
from stargan_tf.algorithms.stargan_v2.objectives import discriminator_objective
from stargan_tf.compat import keras
from stargan_tf.losses.adversarial import logistic_loss
from stargan_tf.losses.reconstruction import cycle_consistency_loss
from stargan_tf.models.discriminator import Discriminator
from stargan_tf.models.generator import EncodedImage, Generator
from stargan_tf.types import IMAGE, LABEL, SOURCE, TARGET, Batch, Draw


class Codes(NamedTuple):
    """What G draws the images of a batch in, [N, code_dim] each."""

    trg: tf.Tensor
    org: tf.Tensor


class Translation(Algorithm):
    """Source: Choi et al. 2020, equations 1 and 4, and R1; table 1, configurations C and D.

    Our reading. A subclass says what codes are, and which network is trained with G.

    Attributes:
      coder: name of this network.
      latent_dim: length of a latent code; 0 where there is none.
      code_dim: length of the codes that G takes.
    """

    settings: TranslationSettings
    bar_losses = {"D": "D/real", "adv": "G/adv", "cyc": "G/cyc"}
    coder: ClassVar[str]
    latent_dim: int = 0
    code_dim: int

    @abc.abstractmethod
    def make_coder(self) -> keras.Model:
        """The network `coder`, with its weights."""

    @abc.abstractmethod
    def codes(self, networks: Networks, batch: Batch) -> Codes:
        """The codes that a batch is translated in, and those that lead back."""

    @abc.abstractmethod
    def make_codes(
        self, networks: Networks, mode: Mode, source: tf.Tensor | None, y: tf.Tensor
    ) -> tf.Tensor:
        """See `Drawable.make_codes`."""

    @property
    def averaged(self) -> tuple[str, ...]:
        """G and its coder."""
        return ("generator", self.coder)

    @property
    def decoder_blocks(self) -> int:
        """Two blocks at the bottom, then one for each doubling of the size."""
        return 2 + self.settings.img_size.bit_length() - 1 - 4

    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        """See `Algorithm`."""
        makers = {
            "generator": self._make_generator,
            self.coder: self.make_coder,
            "discriminator": self._make_discriminator,
        }
        return {name: make() for name, make in makers.items() if names is None or name in names}

    def optimizers(self) -> dict[str, AdamSettings]:
        """All alike."""
        names = ("generator", self.coder, "discriminator")
        return dict.fromkeys(names, self.adam(self.settings.lr))

    def draws(self) -> tuple[Draw, ...]:
        """Source images, their domains, and target domains."""
        return (
            Draw("x_real", IMAGE, SOURCE),
            Draw("y_org", LABEL, SOURCE),
            Draw("y_trg", LABEL, TARGET),
        )

    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        """D, then G and its coder."""
        del schedule, updates
        x_real, y_org, y_trg = (batch[name] for name in ("x_real", "y_org", "y_trg"))
        x_fake = networks["generator"](x_real, self.codes(networks, batch).trg)

        def judge() -> Objective:
            scale = minimize.gradient_scale
            return discriminator_objective(
                networks, self.settings, x_real, y_org, x_fake, y_trg, scale
            )

        def draw() -> Objective:
            return self.generator_objective(networks, batch)[1]

        losses = {f"D/{name}": loss for name, loss in minimize(judge, "discriminator").items()}
        drawing = minimize(draw, "generator", self.coder)
        return losses | {f"G/{name}": loss for name, loss in drawing.items()}

    def generator_objective(self, networks: Networks, batch: Batch) -> tuple[tf.Tensor, Objective]:
        """What G and its coder minimise: to look real, and to come back to the source.

        Args:
          networks: all.
          batch: what `draws` says.

        Returns:
          The translations [N, R, R, 3], and the objective with the losses adv and cyc.
        """
        G, D = networks["generator"], networks["discriminator"]
        x_real, codes = batch["x_real"], self.codes(networks, batch)
        x_fake = G(x_real, codes.trg)
        adv = logistic_loss(D(x_fake, batch["y_trg"]), real=True)  # G wants its images called real
        cyc = cycle_consistency_loss(G(x_fake, codes.org), x_real)
        total = adv + self.settings.lambda_cyc * cyc
        return x_fake, Objective(total, {"adv": adv, "cyc": cyc})

    def validation_losses(
        self, networks: Networks, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor
    ) -> Losses:
        """How well each image comes back from the domain after its own."""
        z = tf.random.stateless_normal([tf.shape(x)[0], self.latent_dim], seed)
        batch = {"x_real": x, "y_org": y, "y_trg": (y + 1) % self.num_labels, "z_trg": z}
        G, codes = networks["generator"], self.codes(networks, batch)
        return {"val/cyc": cycle_consistency_loss(G(G(x, codes.trg), codes.org), x)}

    def drawable(self, networks: Networks) -> "CodedDrawing":
        """See `CodedDrawing`."""
        return CodedDrawing(self, networks)

    def signatures(self) -> tuple[Signature, ...]:
        """See `algorithms.signatures`."""
        return signatures_of(self.modes)

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """See `Algorithm`."""
        size = self.settings.img_size
        images = tf.TensorSpec([batch_size, size, size, 3])
        codes = tf.TensorSpec([batch_size, self.code_dim])
        domains = tf.TensorSpec([batch_size], tf.int32)
        return {"generator": (images, codes), "discriminator": (images, domains)}

    @property
    def _trunk(self) -> tuple[int, int, int]:
        settings = self.settings
        return settings.img_size, settings.first_layer_channels, settings.max_conv_dim

    def _make_generator(self) -> Generator:
        network = Generator(*self._trunk)
        network.make_weights(self.code_dim)
        return network

    def _make_discriminator(self) -> Discriminator:
        network = Discriminator(*self._trunk, self.num_labels)
        network.make_weights()
        return network


class CodedDrawing:
    """Trained G and its coder; see `Drawable`."""

    def __init__(self, algorithm: Translation, networks: Networks) -> None:
        """Keeps the networks, and the algorithm that knows what codes are."""
        self._algorithm = algorithm
        self._networks = networks
        self.modes = algorithm.modes
        self.img_size = algorithm.settings.img_size
        self.latent_dim = algorithm.latent_dim
        self.code_dim = algorithm.code_dim

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """See `Drawable`."""
        return self._algorithm.make_codes(self._networks, mode, source, y)

    def encode(self, x: tf.Tensor) -> EncodedImage:
        """The generator's encoder; see `Drawable`."""
        return self._networks["generator"].encode(x)

    def draw(self, encoded: EncodedImage, codes: tf.Tensor) -> tf.Tensor:
        """The generator's decoder; see `Drawable`."""
        return self._networks["generator"].decode(encoded, codes)
