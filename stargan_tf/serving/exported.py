"""An exported SavedModel, used in Python as if it were the trained networks."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import tensorflow as tf

from stargan_tf.config.settings import check
from stargan_tf.models.generator import EncodedImage
from stargan_tf.serving.model_info import FILE, ModelInfo
from stargan_tf.serving.signatures import ENCODE, FLOAT, MAP, STYLE

_GRAPH_FILE = "saved_model.pb"


class ExportedModel(NamedTuple):
    """A SavedModel and what is known about it.

    Attributes:
      info: names, sizes, origin.
      networks: whatever takes `TranslationNetworks` to draw with takes these.
      fingerprint: of its graph and weights.
    """

    info: ModelInfo
    networks: "ExportedNetworks"
    fingerprint: str


class ExportedNetworks:
    """G, F and E as functions of tensors, computed by the signatures of a SavedModel."""

    def __init__(self, folder: Path, img_size: int) -> None:
        """Loads the SavedModel."""
        self._loaded = tf.saved_model.load(str(folder))  # it ends when nothing holds it
        self._signatures = self._loaded.signatures
        # A picture cannot be encoded once for many looks: the signatures take it whole.
        self.generator = SimpleNamespace(
            img_size=img_size, encode=lambda x: EncodedImage(x, {}), decode=self._decode
        )

    def mapping_network(self, z: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """F(z, y): [N, latent_dim] float32 and [N] int32 to [N, style_dim] float32."""
        psi = tf.ones(tf.shape(z)[:1])
        return self._call(MAP.name, latent=z, target_domain=y, psi=psi)

    def style_encoder(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        """E(x, y): [N, R, R, 3] float32 in [-1, 1] and [N] int32 to [N, style_dim] float32."""
        return self._call(ENCODE.name, reference=x, target_domain=y)

    def _decode(self, encoded: EncodedImage, s: tf.Tensor) -> tf.Tensor:
        return self._call(STYLE.name, image=encoded.features, style_code=s)

    def _call(self, name: str, **inputs: tf.Tensor) -> tf.Tensor:
        (output,) = self._signatures[name + FLOAT](**inputs).values()
        return output


def load_exported(folder: str | Path) -> ExportedModel:
    """Loads a version folder that `stargan_tf.export` wrote.

    Raises:
      UserError: it is none, or one of an older version of this package.
    """
    folder = Path(folder)
    check(
        (folder / _GRAPH_FILE).is_file() and (folder / "assets" / FILE).is_file(),
        f"Found no exported model in {folder}, expected a version folder that stargan_tf.export "
        f"wrote, such as saved_models/NAME/1, with {_GRAPH_FILE} and assets/{FILE}: check "
        "the path.",
    )
    info = ModelInfo.of_saved_model(folder)
    networks = ExportedNetworks(folder, info.img_size)
    check(
        MAP.name + FLOAT in networks._signatures,
        f"The model in {folder} lacks the signature {MAP.name}{FLOAT}, which exports of this "
        "version of stargan_tf have: export it again.",
    )
    return ExportedModel(info, networks, fingerprint_of(folder))


def fingerprint_of(folder: Path) -> str:
    """SHA-256 of the graph and the weights of a SavedModel, in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in (folder / _GRAPH_FILE, *sorted((folder / "variables").iterdir())):
        digest.update(path.read_bytes())
    return digest.hexdigest()
