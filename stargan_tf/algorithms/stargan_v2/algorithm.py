"""StarGAN v2 behind the contract of algorithms."""

from collections.abc import Collection, Mapping

import tensorflow as tf

from stargan_tf.algorithms.algorithm import (
    AdamSettings,
    Algorithm,
    Losses,
    Minimize,
    NetworkInputs,
    Networks,
)
from stargan_tf.algorithms.signatures import Signature
from stargan_tf.algorithms.stargan_v2.codes import MODES, StyledDrawing
from stargan_tf.algorithms.stargan_v2.fused_step import fused_step
from stargan_tf.algorithms.stargan_v2.networks import (
    LANDMARK_NETWORK,
    NAMES,
    TRANSLATING,
    build_networks,
)
from stargan_tf.algorithms.stargan_v2.objectives import validation_losses
from stargan_tf.algorithms.stargan_v2.published import load_landmark_network
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.signatures import SIGNATURES
from stargan_tf.algorithms.stargan_v2.step import TrainBatch, draws, step
from stargan_tf.compat import keras
from stargan_tf.models.landmarks import IMAGE_SIDE
from stargan_tf.types import Batch, Draw


class StarGANv2(Algorithm):
    """Source: Choi et al. 2020, arXiv:1912.01865."""

    settings: StarGANv2Settings
    modes = MODES
    averaged = TRANSLATING
    domain_layers = {
        "mapping_network": ("unshared", "style"),
        "style_encoder": ("heads",),
        "discriminator": ("heads",),
    }
    earlier_paths = {
        "discriminator": ("networks", "discriminator"),
        "generator_optimizer": ("optimizers", "generator"),
        "mapping_optimizer": ("optimizers", "mapping_network"),
        "style_optimizer": ("optimizers", "style_encoder"),
        "discriminator_optimizer": ("optimizers", "discriminator"),
        "lambda_ds": ("schedule", "lambda_ds"),
    }

    @property
    def bar_losses(self) -> dict[str, str]:
        """Those of styles from latent codes, unless both passes are one."""
        styles = "both" if self.settings.fused_passes else "latent"
        losses = {name: f"G/{styles}_{name}" for name in ("adv", "sty", "ds", "cyc")}
        return {"D": f"D/{styles}_real", **losses}

    @property
    def decoder_blocks(self) -> int:
        """Two blocks at the bottom, then one for each doubling of the size."""
        return 2 + self.settings.img_size.bit_length() - 1 - 4 + (self.settings.w_hpf > 0)

    @property
    def pretrained(self) -> tuple[str, ...]:
        """The landmark network, with high-pass skip connections."""
        return (LANDMARK_NETWORK,) if self.settings.w_hpf > 0 else ()

    @property
    def aligned_faces(self) -> bool:
        """With high-pass skip connections, whose masks are of the parts of a face."""
        return self.settings.w_hpf > 0

    def load_pretrained(self, networks: Networks) -> None:
        """See `Algorithm`."""
        if self.pretrained:
            load_landmark_network(networks[LANDMARK_NETWORK], self.settings.wing_path)

    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        """See `Algorithm`."""
        return build_networks(self.settings, self.num_labels, NAMES if names is None else names)

    def optimizers(self) -> dict[str, AdamSettings]:
        """The mapping network has a learning rate of its own."""
        adam = self.adam(self.settings.lr)
        return {
            "generator": adam,
            "mapping_network": self.adam(self.settings.f_lr),
            "style_encoder": adam,
            "discriminator": adam,
        }

    def draws(self) -> tuple[Draw, ...]:
        """See `TrainBatch`."""
        return draws(self.settings)

    def updates_at(self, iteration: int) -> tuple[str, ...]:
        """R1 is a part of every r1_every-th iteration, from the first on."""
        return ("all",) if iteration % self.settings.r1_every == 0 else ("without R1",)

    def schedule(self, iteration: tf.Tensor) -> dict[str, tf.Tensor]:
        """lambda_ds falls linearly to 0 over ds_iter iterations."""
        left = 1 - tf.cast(iteration, tf.float32) / self.settings.ds_iter
        return {"lambda_ds": self.settings.lambda_ds * tf.maximum(left, 0.0)}

    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        """See `step` and `fused_step`."""
        take = fused_step if self.settings.fused_passes else step
        r1_times = self.settings.r1_every if "all" in updates else 0
        lambda_ds = schedule["lambda_ds"]
        return take(networks, self.settings, TrainBatch(**batch), lambda_ds, minimize, r1_times)

    def validation_losses(
        self, networks: Networks, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor
    ) -> Losses:
        """Each image goes to the domain after its own; see `objectives.validation_losses`."""
        y_trg = (y + 1) % self.num_labels
        return validation_losses(networks, self.settings, x, y, y_trg, seed)

    def drawable(self, networks: Networks) -> StyledDrawing:
        """See `StyledDrawing`."""
        return StyledDrawing(networks, self.settings)

    def signatures(self) -> tuple[Signature, ...]:
        """See `algorithms.signatures`."""
        return SIGNATURES

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """See `Algorithm`."""
        size = self.settings.img_size
        images = tf.TensorSpec([batch_size, size, size, 3])
        mask = tf.TensorSpec([batch_size, IMAGE_SIDE, IMAGE_SIDE, 1])
        masks = [(mask, mask)] if self.pretrained else []
        styles = tf.TensorSpec([batch_size, self.settings.style_dim])
        latents = tf.TensorSpec([batch_size, self.settings.latent_dim])
        domains = tf.TensorSpec([batch_size], tf.int32)
        return {
            "generator": (images, styles, *masks),
            "mapping_network": (latents, domains),
            "style_encoder": (images, domains),
            "discriminator": (images, domains),
            **dict.fromkeys(self.pretrained, (images,)),
        }
