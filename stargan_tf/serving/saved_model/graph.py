"""The SavedModel: every signature on encoded and on float images."""

import functools
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from stargan_tf.serving import model_info
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model import checks
from stargan_tf.serving.saved_model.images import decode_images, encode_images
from stargan_tf.serving.signatures import (
    DEFAULT,
    FLOAT,
    IMAGES,
    RANDOM,
    SIGNATURES,
    Signature,
    float_spec,
    save_signatures,
)
from stargan_tf.serving.translation import Translation

DOMAINS_FILE = "domains.txt"

Function = tf.types.experimental.GenericFunction


class SavedModel:
    """The signatures of a SavedModel, traced."""

    def __init__(self, translation: Translation, info: ModelInfo, assets: Path) -> None:
        """Traces every signature.

        Args:
          translation: of folded networks.
          info: names and sizes.
          assets: an empty folder that must exist until the model is saved.
        """
        self._translation = translation
        self._info = info
        self._model_json, domains = assets / model_info.FILE, assets / DOMAINS_FILE
        self._model_json.write_text(info.to_json(), encoding="utf-8")
        domains.write_text("".join(f"{name}\n" for name in info.domains), encoding="utf-8")
        self._domain_table = _table_of_lines(domains)
        self.functions = {s.name: self._on_encoded_images(s) for s in SIGNATURES}
        self.functions[DEFAULT] = self.functions[RANDOM.name]
        self.functions |= {s.name + FLOAT: self._on_float_images(s) for s in SIGNATURES}

    def save(self, folder: Path) -> None:
        """Writes it into a new folder."""
        model_json = tf.saved_model.Asset(str(self._model_json))
        save_signatures(
            self.functions, folder, domain_table=self._domain_table, model_json=model_json
        )

    def _on_encoded_images(self, signature: Signature) -> Function:
        """The signature that takes and gives encoded images, and names of domains."""
        specs = [self._encoded_spec(name) for name in signature.inputs]

        def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
            given = _rows_checked(specs, values)
            inputs = {}
            for name, spec in zip(signature.inputs, specs, strict=True):
                value = given[spec.name]
                if name in IMAGES:
                    inputs[name] = decode_images(spec.name, value, self._info.img_size)
                elif name == "target_domain":
                    domains = self._info.domains
                    inputs[name] = checks.domain_index(value, self._domain_table, domains)
                else:
                    inputs[name] = self._number(name, value)
            result = signature.compute(self._translation, **inputs)
            if signature.output in IMAGES:
                encoded = encode_images(result, self._info.image_format)
                return {f"{signature.output}_bytes": encoded}
            return {signature.output: result}

        return tf.function(compute, input_signature=specs)

    def _on_float_images(self, signature: Signature) -> Function:
        """The signature on decoded images and indices of domains."""
        specs = [float_spec(name, self._info, rows=None) for name in signature.inputs]

        def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
            given = _rows_checked(specs, values)
            inputs = {}
            for name, value in given.items():
                if name in IMAGES:
                    inputs[name] = checks.finite(name, value)
                elif name == "target_domain":
                    inputs[name] = checks.domain_in_range(value, self._info.domains)
                else:
                    inputs[name] = self._number(name, value)
            return {signature.output: signature.compute(self._translation, **inputs)}

        return tf.function(compute, input_signature=specs)

    def _encoded_spec(self, name: str) -> tf.TensorSpec:
        if name in IMAGES:
            return tf.TensorSpec([None], tf.string, f"{name}_bytes")
        if name == "target_domain":
            return tf.TensorSpec([None], tf.string, name)
        spec = float_spec(name, self._info, rows=None)
        # Any length, so that a wrong one meets a sentence.
        return tf.TensorSpec([None] * spec.shape.rank, spec.dtype, name)

    def _number(self, name: str, value: tf.Tensor) -> tf.Tensor:
        """Checks psi and codes; makes latent codes of seeds."""
        if name == "psi":
            return checks.truncation(value)
        if name == "seed":
            return draw_latents(value, self._info.latent_dim)
        length = {"latent": self._info.latent_dim, "style_code": self._info.style_dim}[name]
        return checks.code(name, value, length)


def draw_latents(seeds: tf.Tensor, latent_dim: int) -> tf.Tensor:
    """Draws z ~ N(0, I) for each seed: [N] int64 to [N, latent_dim] float32.

    The same seed gives the same numbers on every device and in every batch.
    """
    draw = functools.partial(tf.random.stateless_normal, [latent_dim], alg="philox")
    spec = tf.TensorSpec([latent_dim], tf.float32)
    return tf.map_fn(lambda seed: draw(tf.stack([seed, 0])), seeds, fn_output_signature=spec)


def _rows_checked(
    specs: list[tf.TensorSpec], values: tuple[tf.Tensor, ...]
) -> Mapping[str, tf.Tensor]:
    first, *others = specs
    given = {spec.name: value for spec, value in zip(others, values[1:], strict=True)}
    checked = checks.same_rows(first.name, values[0], given)
    return {first.name: values[0], **dict(zip(given, checked, strict=True))}


def _table_of_lines(path: Path) -> tf.lookup.StaticHashTable:
    """A table from the lines of a text file to their numbers, -1 for other strings."""
    lines, numbers = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    initializer = tf.lookup.TextFileInitializer(str(path), tf.string, lines, tf.int64, numbers)
    return tf.lookup.StaticHashTable(initializer, -1)
