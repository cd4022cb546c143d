"""Small SavedModels that say which version they are and which rows they were given."""

from pathlib import Path

import tensorflow as tf


class Echo(tf.Module):
    """Signatures of strings and floats, whose outputs tell rows and versions apart."""

    def __init__(self, version: int) -> None:
        super().__init__()
        self.version = tf.Variable(version, dtype=tf.int64)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="text_bytes"),
            tf.TensorSpec([None], tf.float32, name="number"),
        ]
    )
    def echo(self, text_bytes: tf.Tensor, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """TEXT:NUMBER:VERSION of each row, refusing rows whose text begins with `bad`."""
        bad = tf.where(tf.strings.substr(text_bytes, 0, 3) == "bad")[:, 0]
        found = tf.strings.reduce_join(tf.gather(text_bytes, bad), separator=" ")
        rows = tf.strings.reduce_join(tf.as_string(bad), separator=" ")
        sentence = tf.strings.join(["Found ", found, " text in row ", rows])
        check = tf.Assert(tf.equal(tf.size(bad), 0), [sentence])
        with tf.control_dependencies([check]):
            parts = [text_bytes, tf.as_string(number, precision=1)]
            version = tf.fill(tf.shape(number), tf.as_string(self.version))
            return {"text_bytes": tf.strings.join([*parts, version], separator=":")}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, name="vector"),
            tf.TensorSpec([None], tf.int64, name="seed"),
        ]
    )
    def pair(self, vector: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """Two outputs, one of them of rank 2."""
        return {"double": vector * 2.0, "seed": seed, "label": tf.as_string(seed)}

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float32, name="x")])
    def total(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """A signature without a batch: the sum of any tensor."""
        return {"total": tf.reduce_sum(x)}


def export(models: Path, version: int, name: str = "echo") -> Path:
    """Writes MODELS/NAME/VERSION, whole at once, and returns it."""
    module = Echo(version)
    signatures = {
        "serving_default": module.echo,
        "pair": module.pair,
        "total": module.total,
    }
    partial = models / name / f".{version}.partial"
    tf.saved_model.save(module, str(partial), signatures=signatures)
    return partial.rename(models / name / str(version))
