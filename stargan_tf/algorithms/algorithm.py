"""The contract: what training, sampling, evaluation and export ask of an algorithm."""

import abc
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, NamedTuple, Protocol

import tensorflow as tf

from stargan_tf.algorithms.drawable import Drawable, Mode
from stargan_tf.algorithms.signatures import Signature
from stargan_tf.compat import keras
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelLayout
from stargan_tf.types import Batch, Draw

Networks = Mapping[str, keras.Model]  # by name
Losses = dict[str, tf.Tensor]  # unweighted float32 scalars by log key
# What each network is called with, by name.
NetworkInputs = dict[str, tuple[tf.TensorSpec, ...]]


class Objective(NamedTuple):
    """A total to minimise and the unweighted losses it is made of, all scalars."""

    total: tf.Tensor
    losses: Losses


class AdamSettings(NamedTuple):
    """How a network is optimised.

    Attributes:
      learning_rate: at iteration 0.
      beta1: decay rate of the first moment.
      beta2: decay rate of the second moment.
      l2: weight of the L2 penalty, which is added to the gradient.
      rate_at: the learning rate by iteration (a scalar tensor), where it changes.
    """

    learning_rate: float
    beta1: float
    beta2: float
    l2: float = 0.0
    rate_at: Callable[[tf.Tensor], tf.Tensor] | None = None


class Minimize(Protocol):
    """What `training` gives to a step.

    Attributes:
      gradient_scale: what a gradient inside an objective is to be multiplied by on its
        way and divided by afterwards, so that it does not vanish in float16.
    """

    gradient_scale: float

    def __call__(
        self,
        objective: Callable[[], Objective],
        *networks: str,
        tape: tf.GradientTape | None = None,
    ) -> Losses:
        """Takes one step of the named networks' optimizers down the objective.

        Args:
          objective: computes what is minimised.
          *networks: those that are stepped.
          tape: has recorded what the objective takes from before; else all of it is recorded
            when it is called.
        """
        ...


class Algorithm(abc.ABC):
    """Networks, objectives and a step, for one choice of settings and one number of labels.

    Attributes:
      modes: the ways to make codes; see `Mode`.
      averaged: names of the networks that draw: sampling takes their moving averages.
      bar_losses: losses that the progress bar shows, by a short name.
      needs_domains: whether labels must be classes, not attributes.
      least_domains: how many, where labels are classes.
      decoder_blocks: how many residual blocks, of two convolutions each, end the drawing;
        TFLite files of 8 bits keep the second convolution of each in float.
      domain_layers: by network, the attributes that are layers, or lists of them, whose every
        weight has a row for each domain: a run may start from one with other domains, see
        `training.warm_start`. Empty where the number of labels decides other shapes.
      pretrained: names of networks that come from files and are not trained, such as one that
        finds landmarks. Steps and drawing get them beside the others.
      classifying: names of networks that read labels off images, see `classify`; none of them
        is in `averaged`.
      aligned_faces: whether it translates faces that are aligned as in CelebA-HQ, and no others.
      earlier_paths: where checkpoints of earlier versions have parts of the state: an
        attribute, and the (dict, key) of `TrainState` that it became.
    """

    modes: ClassVar[tuple[Mode, ...]]
    averaged: ClassVar[tuple[str, ...]]
    bar_losses: ClassVar[dict[str, str]] = {}
    needs_domains: ClassVar[bool] = True
    least_domains: ClassVar[int] = 1
    decoder_blocks: int = 0
    pretrained: tuple[str, ...] = ()
    domain_layers: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    classifying: ClassVar[tuple[str, ...]] = ()
    aligned_faces: bool = False
    earlier_paths: ClassVar[dict[str, tuple[str, str]]] = {}

    def __init__(self, settings: TrainConfig, num_labels: int) -> None:
        """Keeps the settings, of the algorithm's own class, and the number K of labels."""
        self.settings = settings
        self.num_labels = num_labels

    def join(self, layout: LabelLayout) -> None:
        """Prepares for two data sets at once; called before anything else, if there are two.

        `num_labels` is then the number of labels of both, and each draw says which set it is of.
        Elsewhere, labels [N, layout.length] are vectors of all of them, see `labels`.

        Args:
          layout: of the vectors.

        Raises:
          UserError: the algorithm learns from one only.
        """
        del layout
        raise UserError(
            f"Found --data_dir2={self.settings.data_dir2} for {self.settings.algorithm}, which "
            "learns from one data set: leave it out, or train with --algorithm=stargan."
        )

    def adam(self, learning_rate: float) -> AdamSettings:
        """Adam by the settings, its rate falling to 0 over the last num_iters_decay iterations."""
        settings = self.settings

        def rate_at(iteration: tf.Tensor) -> tf.Tensor:
            left = tf.cast(settings.total_iters - tf.cast(iteration, tf.int64), tf.float32)
            return learning_rate * tf.clip_by_value(left / settings.num_iters_decay, 0.0, 1.0)

        return AdamSettings(
            learning_rate,
            settings.beta1,
            settings.beta2,
            settings.weight_decay,
            rate_at if settings.num_iters_decay else None,
        )

    @abc.abstractmethod
    def build(self, names: Collection[str] | None = None) -> dict[str, keras.Model]:
        """Makes networks, by name: all that are trained, initialised, or those of `names`."""

    @abc.abstractmethod
    def optimizers(self) -> dict[str, AdamSettings]:
        """How each network is optimised."""

    @abc.abstractmethod
    def draws(self) -> tuple[Draw, ...]:
        """What each example of a training batch consists of."""

    @abc.abstractmethod
    def step(
        self,
        networks: Networks,
        batch: Batch,
        schedule: Mapping[str, tf.Tensor],
        updates: tuple[str, ...],
        minimize: Minimize,
    ) -> Losses:
        """One iteration on one replica's share of a batch.

        Args:
          networks: all of them, `pretrained` too.
          batch: what `draws` asked for, by name.
          schedule: the present values of `schedule`.
          updates: what `updates_at` gave for this iteration.
          minimize: see `Minimize`.
        """

    @abc.abstractmethod
    def drawable(self, networks: Networks) -> Drawable:
        """Networks to draw with: `averaged` and `pretrained` at least."""

    @abc.abstractmethod
    def signatures(self) -> tuple[Signature, ...]:
        """What an exported model offers; the first is its default."""

    def load_pretrained(self, networks: Networks) -> None:
        """Gives the `pretrained` networks their weights, at the beginning of a run.

        Later they are in the run's checkpoints.

        Raises:
          UserError: a file is missing, or does not fit.
        """
        del networks

    def updates_at(self, iteration: int) -> tuple[str, ...]:
        """The updates of an iteration. Each different answer is compiled once."""
        del iteration
        return ("all",)

    def schedule(self, iteration: tf.Tensor) -> dict[str, tf.Tensor]:
        """Values that change while training, float32 scalars by log key."""
        del iteration
        return {}

    def validation_losses(
        self, networks: Networks, x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor
    ) -> Losses:
        """Losses of the averaged networks on validation images x of the domains y.

        `seed`, [2] int, is that of whatever is random: the same at every call.
        """
        del networks, x, y, seed
        return {}

    def classify(self, networks: Networks, x: tf.Tensor) -> tf.Tensor:
        """Reads labels off images.

        Args:
          networks: `classifying`.
          x: [N, R, R, 3] float32 in [-1, 1].

        Returns:
          Logits of all labels, [N, num_labels] float32.

        Raises:
          NotImplementedError: `classifying` is empty.
        """
        raise NotImplementedError(f"{self.settings.algorithm} reads no labels")

    def remarks(self) -> tuple[str, ...]:
        """What users of an exported model should know, a sentence each; for its card."""
        return ()

    def network_inputs(self, batch_size: int) -> NetworkInputs:
        """The shapes that networks are called with, by name, to measure each alone."""
        del batch_size
        return {}
