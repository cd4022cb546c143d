"""The model card that travels with an exported model: what people should know of it."""

import dataclasses
from collections.abc import Sequence

from stargan_tf.config.train import TrainConfig
from stargan_tf.serving.model_info import ModelInfo

# Beside the model, where TensorFlow Serving leaves files of others alone.
FILE = "assets.extra/README.md"


def model_card(info: ModelInfo, settings: TrainConfig, remarks: Sequence[str]) -> str:
    """The card, in Markdown.

    Args:
      info: of the exported model.
      settings: that it was trained with, but for `mixed_precision`, which is the export's own.
      remarks: sentences of its algorithm; see `Algorithm.remarks`.
    """
    modes = ", ".join(f"{mode.title} ({mode.name})" for mode in info.modes)
    lines = [
        f"# {info.name}, version {info.version}",
        "",
        f"A model of the algorithm `{info.algorithm}` of stargan_tf {info.stargan_tf}, after "
        f"{info.step:,} iterations. It translates square images of {info.img_size} pixels.",
        "",
        f"- Labels, in their order: {_listed(info.domains)}.",
        f"- It draws {modes}.",
    ]
    if info.aligned_faces:
        lines.append("- It takes faces that are aligned as in CelebA-HQ, and no others.")
    if settings.mixed_precision == "bfloat16":
        lines.append("- It computes in bfloat16.")
    lines += [f"- {remark}" for remark in remarks]
    changed = _changed(settings)
    lines += ["", "## Training", ""]
    lines += [f"Settings beside the defaults: {changed}." if changed else "The default settings."]
    lines += ["", "## Data", "", f"Licence of the images: {info.licence or 'not known'}."]
    lines += [f"- `{name}`: {_words(credit)}" for name, credit in info.credits.items()]
    lines += ["", "## Signatures", "", "| signature | inputs | output |", "| --- | --- | --- |"]
    lines += [
        f"| `{name}` | {_listed(signature.inputs)} | {_listed(signature.output)} |"
        for name, signature in info.signatures.items()
    ]
    lines += [
        "",
        "## Quality",
        "",
        "Not measured by the export, which has compared this model with the trained networks "
        "alone: `python -m stargan_tf.evaluate` measures it.",
    ]
    return "\n".join(lines) + "\n"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _words(credit: object) -> str:
    values = credit.values() if isinstance(credit, dict) else (credit,)
    return ", ".join(" ".join(str(value).split()) for value in values if value)


def _changed(settings: TrainConfig) -> str:
    """Settings that are not the algorithm's defaults, without places and names of it."""
    default = type(settings)()
    return ", ".join(
        f"`{field.name}={getattr(settings, field.name)}`"
        for field in dataclasses.fields(settings)
        if not field.metadata["path"]
        and field.name not in ("algorithm", "mixed_precision")
        and getattr(settings, field.name) != getattr(default, field.name)
    )
