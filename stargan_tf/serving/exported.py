"""An exported SavedModel, used in Python as if it were the trained networks."""

import hashlib
from pathlib import Path

import tensorflow as tf

from stargan_tf.algorithms.drawable import Mode
from stargan_tf.algorithms.signatures import CODE_SIGNATURES
from stargan_tf.algorithms.trained_model import TrainedModel
from stargan_tf.config.settings import check
from stargan_tf.files import plain_path
from stargan_tf.serving.model_info import FILE, ModelInfo
from stargan_tf.serving.signatures import FLOAT_SUFFIX

_GRAPH_FILE = "saved_model.pb"
_DRAWING = "translate_style"
_BY_LABEL = "translate_label"


class ExportedDrawing:
    """The signatures of a SavedModel as functions of tensors; see `Drawable`."""

    def __init__(self, folder: Path, info: ModelInfo) -> None:
        """Loads the SavedModel.

        Raises:
          UserError: it lacks a signature that drawing needs.
        """
        self.modes = info.modes
        self.img_size = info.img_size
        self.latent_dim = info.latent_dim
        self.code_dim = info.style_dim
        with plain_path(folder) as path:
            self._loaded = tf.saved_model.load(path)  # it ends when nothing holds it
        self.signatures = self._loaded.signatures
        for name in (*(CODE_SIGNATURES[mode.source] for mode in info.modes), _DRAWING):
            check(
                name + FLOAT_SUFFIX in self.signatures,
                f"The model in {folder} lacks the signature {name}{FLOAT_SUFFIX}, which exports of "
                "this version of stargan_tf have: export it again.",
            )

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """By the mode's signature, without truncation; see `Drawable`."""
        if y.dtype.is_floating and _BY_LABEL + FLOAT_SUFFIX in self.signatures:
            return y  # labels are the codes
        function = self.signatures[CODE_SIGNATURES[mode.source] + FLOAT_SUFFIX]
        given = {"target_domain": y, "psi": tf.ones(tf.shape(y)[:1])}
        _, specs = function.structured_input_signature
        # Whatever else it takes is what the mode makes codes of.
        return _only(function(**{name: given.get(name, source) for name in specs}))

    def encode(self, x: tf.Tensor) -> tf.Tensor:
        """The images as they are: signatures cannot encode one once for many styles."""
        return x

    def draw(self, encoded: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """Draws images in codes; see `Drawable`."""
        function = self.signatures[_DRAWING + FLOAT_SUFFIX]
        return _only(function(image=encoded, style_code=codes))


def load_exported(folder: str | Path) -> TrainedModel:
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
    return TrainedModel(
        origin=f"{folder} ({info.name} version {info.version}, {info.step} iterations)",
        domains=info.domains,
        drawable=ExportedDrawing(folder, info),
        step=info.step,
        fingerprint=fingerprint_of(folder),
        aligned_faces=info.aligned_faces,
        label_sets=info.label_sets,
    )


def fingerprint_of(folder: Path) -> str:
    """SHA-256 of the graph, the weights and model.json of a SavedModel, in hexadecimal digits."""
    digest = hashlib.sha256()
    variables = sorted((folder / "variables").iterdir())
    for path in (folder / _GRAPH_FILE, *variables, folder / "assets" / FILE):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _only(outputs: dict[str, tf.Tensor]) -> tf.Tensor:
    (output,) = outputs.values()
    return output
