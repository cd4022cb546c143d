"""What travels with an exported model: names, sizes, origin, licence."""

import dataclasses
import json
from pathlib import Path
from typing import Any

FILE = "model.json"


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """The contents of model.json.

    Attributes:
      name: of the model.
      version: of the model, a positive integer.
      domains: names, in the order of their indices.
      img_size: side R of the square images that go through the networks.
      latent_dim: length of a latent code.
      style_dim: length of a style code.
      step: iterations of training.
      image_format: of the encoded images that come out, png or jpeg.
      licence: of the images it was trained on, in words.
      credits: what else must be said about their origin.
      stargan_tf: version of this package that exported it.
      value_range: of float images; 0 is black level -1, white is 1.
      channels: order of the channels of float images.
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

    def to_json(self) -> str:
        """The contents as text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "ModelInfo":
        """Reads what `to_json` wrote."""
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(text).items()}
        return cls(**values)

    @classmethod
    def of_saved_model(cls, folder: Path) -> "ModelInfo":
        """Reads model.json of an exported SavedModel."""
        return cls.from_json((folder / "assets" / FILE).read_text(encoding="utf-8"))
