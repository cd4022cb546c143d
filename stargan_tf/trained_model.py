"""What has been trained, from wherever it lies: a run's checkpoint or an exported model."""

from pathlib import Path
from typing import NamedTuple

from stargan_tf.models.networks import TranslationNetworks
from stargan_tf.types import Sizes


class TrainedModel(NamedTuple):
    """Networks to draw with.

    Attributes:
      origin: where they come from, in words.
      sizes: of images and latent codes.
      domains: names, in the order of their indices.
      networks: G, F and E.
      step: iterations of training.
      fingerprint: tells these weights from others.
    """

    origin: str
    sizes: Sizes
    domains: tuple[str, ...]
    networks: TranslationNetworks
    step: int
    fingerprint: str


def load(run_dir: str, saved_model: str) -> TrainedModel:
    """Loads the newest checkpoint of a run, or an exported model.

    Args:
      run_dir: folder of a training run; empty for an exported model.
      saved_model: version folder of an exported model; empty for a run.

    Raises:
      UserError: there is none, or it cannot be read.
    """
    if saved_model:
        from stargan_tf.serving.exported import load_exported

        model = load_exported(saved_model)
        info = model.info
        origin = f"{saved_model} ({info.name} version {info.version}, {info.step} iterations)"
        domains = tuple(info.domains)
        return TrainedModel(origin, info, domains, model.networks, info.step, model.fingerprint)

    from stargan_tf.training.checkpoints import load_trained

    run = load_trained(Path(run_dir))
    origin = f"{run_dir} after {run.step} iterations"
    return TrainedModel(origin, run.config, run.domains, run.networks, run.step, run.checkpoint)
