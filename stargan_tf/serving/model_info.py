"""What travels with an exported model: names, sizes, signatures, origin, licence."""

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from stargan_tf import labels
from stargan_tf.algorithms.drawable import Mode
from stargan_tf.algorithms.signatures import KINDS, Signature
from stargan_tf.errors import UserError
from stargan_tf.files import parse_json
from stargan_tf.labels import LabelLayout, LabelSet
from stargan_tf.names import check_file_names, normalised
from stargan_tf.serving.model_info_values import FITS

FILE = "model.json"


class SignatureInfo(NamedTuple):
    """The inputs and the output of a signature, in words that need no TensorFlow.

    Attributes:
      inputs: kinds by name, in the signature's order; see `algorithms.signatures.KINDS`.
      output: the kind by the only name.
    """

    inputs: dict[str, str]
    output: dict[str, str]


def _described(inputs: Iterable[str], output: str) -> SignatureInfo:
    return SignatureInfo({name: KINDS[name] for name in inputs}, {output: KINDS[output]})


def describe(signatures: Iterable[Signature]) -> dict[str, SignatureInfo]:
    """What model.json says about signatures, by their names."""
    return {s.name: _described(s.inputs, s.output) for s in signatures}


# Of models whose model.json does not say: those of stargan_tf before it had algorithms.
_FIRST_ALGORITHM = "stargan_v2"
_FIRST_MODES = (
    Mode("latent", "latent", "random styles"),
    Mode("reference", "image", "styles of references"),
)
_FIRST_SIGNATURES = {
    "translate_random": _described(("image", "target_domain", "seed", "psi"), "image"),
    "translate_latent": _described(("image", "target_domain", "latent", "psi"), "image"),
    "map_latent": _described(("latent", "target_domain", "psi"), "style_code"),
    "translate_reference": _described(("image", "reference", "target_domain"), "image"),
    "encode_style": _described(("reference", "target_domain"), "style_code"),
    "translate_style": _described(("image", "style_code"), "image"),
}


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """The contents of model.json.

    Attributes:
      name: of the model.
      version: of the model, a positive integer.
      domains: names, in the order of their indices.
      img_size: side R of the square images that go through the networks.
      latent_dim: length of a latent code, 0 for models that take none.
      style_dim: length of a style code.
      step: iterations of training.
      image_format: of the encoded images that come out, png or jpeg.
      licence: of the images it was trained on, in words.
      credits: what else must be said about their origin.
      stargan_tf: version of this package that exported it.
      value_range: of float images: -1.0 is black, 1.0 is white.
      channels: order of the channels of float images.
      algorithm: what it was trained by, as in --algorithm.
      modes: its ways to make style codes; the first is the default.
      aligned_faces: whether images must be faces that are aligned as in CelebA-HQ.
      signatures: of the SavedModel, by name; the first is its default.
      label_sets: what the domains are, see `labels`; empty where an earlier version did not say.
    """

    name: str
    version: int
    domains: tuple[str, ...]
    img_size: int
    latent_dim: int
    style_dim: int
    step: int
    image_format: str
    licence: str
    credits: dict[str, Any]
    stargan_tf: str
    value_range: tuple[float, float] = (-1.0, 1.0)
    channels: str = "RGB"
    algorithm: str = _FIRST_ALGORITHM
    modes: tuple[Mode, ...] = _FIRST_MODES
    aligned_faces: bool = False
    signatures: dict[str, SignatureInfo] = dataclasses.field(
        default_factory=lambda: dict(_FIRST_SIGNATURES)
    )
    label_sets: tuple[LabelSet, ...] = ()

    @property
    def layout(self) -> LabelLayout:
        """Where the labels lie in vectors of them."""
        return labels.layout_of(self.label_sets, len(self.domains))

    def to_json(self) -> str:
        """The contents as text."""
        values = dataclasses.asdict(self)
        values["modes"] = [mode._asdict() for mode in self.modes]
        values["signatures"] = {name: s._asdict() for name, s in self.signatures.items()}
        values["label_sets"] = labels.to_json(self.label_sets)
        if not self.label_sets:
            del values["label_sets"]
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelInfo":
        """Reads what `to_json` wrote, in this version or in an earlier one.

        Raises:
          ValueError: it is something else.
        """
        values = parse_json(text)
        if not isinstance(values, dict):
            raise ValueError("it holds no JSON object")
        required = {f.name for f in dataclasses.fields(cls) if _is_required(f)}
        if lacking := sorted(required - set(values)):
            raise ValueError(f"it lacks {', '.join(lacking)}")
        if unknown := sorted(set(values) - set(FITS)):
            raise ValueError(f"it has {', '.join(unknown):.200}, of another version")
        if wrong := [name for name in values if not FITS[name](values[name])]:
            raise ValueError(f"it has {wrong[0]}: {values[wrong[0]]!r:.80}")
        values["domains"] = [normalised(name) for name in values["domains"]]
        if "modes" in values:
            values["modes"] = [Mode(**mode) for mode in values["modes"]]
        if "signatures" in values:
            signatures = values["signatures"].items()
            values["signatures"] = {name: SignatureInfo(**found) for name, found in signatures}
        if "label_sets" in values:
            values["label_sets"] = labels.from_json(values["label_sets"])
            if [n for one in values["label_sets"] for n in one.names] != values["domains"]:
                raise ValueError("its label_sets have other names than its domains")
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    @classmethod
    def of_saved_model(cls, folder: Path) -> "ModelInfo":
        """Reads model.json of an exported SavedModel.

        Raises:
          UserError: it is damaged, or of another version of this package, or names a domain or
            a mode as no file can be.
        """
        path = folder / "assets" / FILE
        try:
            info = cls.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(
                f"{path} is not what stargan_tf.export wrote ({error}): copy the whole model "
                "again, or export it again."
            ) from error
        check_file_names(info.domains, "domain", path)
        check_file_names((mode.name for mode in info.modes), "mode", path)
        return info


def _is_required(field: dataclasses.Field) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing
