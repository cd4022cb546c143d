"""The SavedModel: every signature on encoded and on float images."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from stargan_tf.algorithms.signatures import IMAGE, KINDS, Signature
from stargan_tf.serving import model_info
from stargan_tf.serving.graph import ServingGraph, TracedOnce
from stargan_tf.serving.inputs import TABLE, encoded_spec, served_spec
from stargan_tf.serving.model_info import ModelInfo
from stargan_tf.serving.saved_model import checks
from stargan_tf.serving.saved_model.images import encode_images
from stargan_tf.serving.signatures import DEFAULT, FLOAT_SUFFIX, save_signatures

DOMAINS_FILE = "domains.txt"

Function = tf.types.experimental.GenericFunction


class SavedModel:
    """The signatures of a SavedModel, traced."""

    def __init__(
        self, graph: ServingGraph, signatures: Sequence[Signature], info: ModelInfo, assets: Path
    ) -> None:
        """Traces every signature.

        Args:
          graph: of folded networks.
          signatures: the first is the default.
          info: names and sizes.
          assets: an empty folder that must exist until the model is saved.
        """
        self._graph = TracedOnce(graph)
        self._info = info
        self._model_json, self._domains = assets / model_info.FILE, assets / DOMAINS_FILE
        self._model_json.write_text(info.to_json(), encoding="utf-8")
        lines = "".join(f"{name}\n" for name in info.domains)
        self._domains.write_text(lines, encoding="utf-8")
        self._domain_table = _table_of_names(info.domains)
        self.functions = {s.name: self._on_encoded_images(s) for s in signatures}
        self.functions[DEFAULT] = self.functions[signatures[0].name]
        self.functions |= {s.name + FLOAT_SUFFIX: self._on_float_images(s) for s in signatures}

    def save(self, folder: Path) -> None:
        """Writes it into a new folder."""
        assets = {
            name: tf.saved_model.Asset(str(path))
            for name, path in (("model_json", self._model_json), ("domains", self._domains))
        }
        save_signatures(self.functions, folder, domain_table=self._domain_table, **assets)

    def _on_encoded_images(self, signature: Signature) -> Function:
        """The signature that takes and gives encoded images, and names of domains."""
        specs = [encoded_spec(name, self._info) for name in signature.inputs]

        def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
            given = _rows_checked(specs, values)
            inputs = {
                name: self._decoded(name, spec.name, given[spec.name])
                for name, spec in zip(signature.inputs, specs, strict=True)
            }
            result = signature.compute(self._graph, **inputs)
            if KINDS[signature.output] == IMAGE:
                result = encode_images(result, self._info.image_format)
            return {encoded_spec(signature.output, self._info).name: result}

        return tf.function(compute, input_signature=specs, autograph=False)

    def _on_float_images(self, signature: Signature) -> Function:
        """The signature on decoded images and indices of domains."""
        specs = [served_spec(name, self._info) for name in signature.inputs]

        def compute(*values: tf.Tensor) -> dict[str, tf.Tensor]:
            given = _rows_checked(specs, values)
            inputs = {n: TABLE[KINDS[n]].check(n, value, self._info) for n, value in given.items()}
            return {signature.output: signature.compute(self._graph, **inputs)}

        return tf.function(compute, input_signature=specs, autograph=False)

    def _decoded(self, name: str, tensor_name: str, value: tf.Tensor) -> tf.Tensor:
        kind = TABLE[KINDS[name]]
        if kind.encoding:
            return kind.encoding.decode(tensor_name, value, self._info, self._domain_table)
        return kind.check(name, value, self._info)


def _rows_checked(
    specs: list[tf.TensorSpec], values: tuple[tf.Tensor, ...]
) -> dict[str, tf.Tensor]:
    return checks.same_rows({spec.name: v for spec, v in zip(specs, values, strict=True)})


def _table_of_names(domains: Sequence[str]) -> tf.lookup.StaticHashTable:
    """A table from names to their numbers, -1 for other strings.

    A graph cannot normalise Unicode, so that it knows letters with marks in both forms.
    """
    index = {
        unicodedata.normalize(form, name): number
        for form in ("NFD", "NFC")
        for number, name in enumerate(domains)
    }
    initializer = tf.lookup.KeyValueTensorInitializer(
        list(index), list(index.values()), tf.string, tf.int64
    )
    return tf.lookup.StaticHashTable(initializer, -1)
