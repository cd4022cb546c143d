"""StarGAN (2018) behind the contract of algorithms."""

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
from stargan_tf.algorithms.stargan.codes import MODES, LabelledDrawing
from stargan_tf.algorithms.stargan.networks import (
    NAMES,
    TRANSLATING,
    build_networks,
    seen_from,
)
from stargan_tf.algorithms.stargan.objectives import validation_losses
from stargan_tf.algorithms.stargan.settings import OFF, StarGANSettings
from stargan_tf.algorithms.stargan.signatures import SIGNATURES
from stargan_tf.algorithms.stargan.step import DRAWS, TrainBatch, step
from stargan_tf.compat import keras
from stargan_tf.labels import LabelLayout
from stargan_tf.types import Batch, Draw


class StarGAN(Algorithm):
    """Source: Choi et al. 2018, arXiv:1711.09020.

    The rectified form, Siddiquee et al. 2019 (arXiv:1908.06965), is two of its settings:
    residual_output and same_domain.
    """

    settings: StarGANSettings
    modes = MODES
    averaged = TRANSLATING
    bar_losses = {"D": "D/real", "gp": "D/gp", "adv": "G/adv", "cls": "G/cls", "rec": "G/rec"}
    classifying = ("discriminator",)
    needs_domains = False
    least_domains = 2

    def __init__(self, settings: StarGANSettings, num_labels: int) -> None:
        """See `Algorithm`."""
        super().__init__(settings, num_labels)
        self.layout = LabelLayout((num_labels,))

    def join(self, layout: LabelLayout) -> None:
        """Each iteration has the updates on a batch of the one set, then of the other.

        Source: Choi et al. 2018, section 3.2.
        """
        self.layout = layout
        self.bar_losses = {
            f"{short}{which}": _of_set(name, which)
            for which in (1, 2)
            for short, name in type(self).bar_losses.items()
            if short in ("D", "cls", "rec")
        }

    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        """See `Algorithm`."""
        return build_networks(self.settings, self.layout, NAMES if names is None else names)

    def optimizers(self) -> dict[str, AdamSettings]:
        """Both networks have one rate, which falls at the end of the run.

        Source: Choi et al. 2018, section 5. The published code means the same but counts every
        1000th iteration as one, so that its rates fall 1000 times too slowly: by a thousandth
        until the end.
        """
        return dict.fromkeys(NAMES, self.adam(self.settings.lr))

    def draws(self) -> tuple[Draw, ...]:
        """See `TrainBatch`; of two data sets, each has one."""
        if not self.layout.is_joint:
            return DRAWS
        return tuple(
            draw._replace(name=f"{draw.name}_{which + 1}", data_set=which)
            for which in range(len(self.layout.sizes))
            for draw in DRAWS
        )

    def updates_at(self, iteration: int) -> tuple[str, ...]:
        """D at every iteration, G at the last of n_critic."""
        return ("D",) if (iteration + 1) % self.settings.n_critic else ("D", "G")

    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        """See `step.step`; on two data sets, one after the other."""
        del schedule
        if not self.layout.is_joint:
            return step(networks, self.settings, TrainBatch(**batch), updates, minimize)
        losses = {}
        for which in range(len(self.layout.sizes)):
            seen = seen_from(networks, self.layout, which)
            own = TrainBatch(*(batch[f"{draw.name}_{which + 1}"] for draw in DRAWS))
            found = step(seen, self.settings, own, updates, minimize)
            losses |= {_of_set(name, which + 1): loss for name, loss in found.items()}
        return losses

    def validation_losses(
        self, networks: Networks, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor
    ) -> Losses:
        """Each image goes to the domain after its own, or gets the attributes of the next one."""
        del seed
        y_trg = (y + 1) % self.num_labels if y.dtype.is_integer else tf.roll(y, -1, axis=0)
        return validation_losses(networks, x, y, y_trg)

    def classify(self, networks: Networks, x: tf.Tensor) -> tf.Tensor:
        """By D's classifier; see `Algorithm`."""
        return networks["discriminator"](x).cls

    def drawable(self, networks: Networks) -> LabelledDrawing:
        """See `LabelledDrawing`."""
        return LabelledDrawing(networks, self.settings, self.layout)

    def signatures(self) -> tuple[Signature, ...]:
        """See `algorithms.signatures`."""
        return SIGNATURES

    def remarks(self) -> tuple[str, ...]:
        """See `Algorithm`."""
        settings = self.settings
        remarks = (
            "StarGAN of 2018 (arXiv:1711.09020): there are no styles, so that a label gives one "
            "image of each source. Every label has to be given, those that stay as well.",
        )
        if settings.residual_output or settings.same_domain != OFF:
            remarks += (
                "Trained in the rectified form (Siddiquee et al. 2019, arXiv:1908.06965), or a "
                f"part of it: residual_output={settings.residual_output}, "
                f"same_domain={settings.same_domain}. It was written from the paper; the "
                "published code of that form is for non-commercial use, and patent-pending by its "
                "authors' word.",
            )
        return remarks

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """See `Algorithm`."""
        size = self.settings.img_size
        images = tf.TensorSpec([batch_size, size, size, 3])
        labels = tf.TensorSpec([batch_size, self.layout.length])
        return {"generator": (images, labels), "discriminator": (images,)}


def _of_set(name: str, number: int) -> str:
    """The log key of a loss of one of two data sets: D/set2_real of D/real."""
    return name.replace("/", f"/set{number}_", 1)
