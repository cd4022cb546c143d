"""Canary: loads the exported model in a clean process and sends it real requests.

It stands in for TFX's InfraValidator where there is no Docker to start TensorFlow Serving
with, and gives its blessing in the same form: the Pusher looks at the property `blessed`, and
people at the file INFRA_BLESSED or INFRA_NOT_BLESSED. The latter holds the reason, and so does
the property `reason`.
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tfx import v1 as tfx
from tfx.utils import path_utils

from pipeline.examples import split_dir
from pipeline.paths import local_path
from stargan_tf.config.settings import check

_PROCESS = Path(__file__).with_name("canary_process.py")
_NUM_IMAGES = 3


@tfx.dsl.components.component
def Canary(
    model: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Model],
    examples: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    blessing: tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.InfraBlessing],
    time_limit: tfx.dsl.components.Parameter[int] = 300,
) -> None:
    """Blesses a model that loads and answers; whatever it does, the component does not fail.

    Args:
      model: with a SavedModel.
      examples: images for the requests, from the validation split.
      blessing: what is written.
      time_limit: seconds for loading and all answers together.
    """
    images = first_images(examples.uri, _NUM_IMAGES)
    reason = try_out(local_path(path_utils.serving_model_path(model.uri)), images, time_limit)
    file = local_path(blessing.uri) / ("INFRA_NOT_BLESSED" if reason else "INFRA_BLESSED")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(reason, encoding="utf-8")
    blessing.set_int_custom_property("blessed", 0 if reason else 1)
    if reason:
        blessing.set_string_custom_property("reason", reason)


def first_images(examples_uri: str, num: int) -> list[bytes]:
    """The first validation images, encoded as they are, from several domains if there are."""
    import tensorflow as tf

    shards = sorted(split_dir(examples_uri, "val").glob("*-00000-of-*.tfrecord"))
    records = [tf.data.TFRecordDataset(str(shard)).take(num) for shard in shards]
    in_turns = itertools.chain.from_iterable(zip(*records, strict=False))
    found = []
    for record in itertools.islice(in_turns, num):
        example = tf.train.Example.FromString(record.numpy())
        found.append(example.features.feature["image"].bytes_list.value[0])
    return found


def try_out(model: Path, images: list[bytes], time_limit: float) -> str:
    """Sends requests to every signature of a model, in a process of its own.

    Args:
      model: folder of a SavedModel, whose model.json lists its signatures.
      images: encoded; each signature gets all of them in one request.
      time_limit: seconds.

    Returns:
      What is wrong, as a sentence; empty when nothing is.

    Raises:
      UserError: the process was killed.
    """
    with TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            (Path(folder) / f"{number:03d}.image").write_bytes(image)
        # -I: neither this folder, nor PYTHONPATH, nor what is installed for this user alone.
        command = [sys.executable, "-I", str(_PROCESS), str(model), folder]
        # Training may still hold the memory of the GPUs.
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=time_limit
            )
        except subprocess.TimeoutExpired:
            return f"The exported model did not load and answer within {time_limit:g} seconds."
    if done.returncode == 0:
        return ""
    # No fault of the model; and a component that failed is not remembered, as a verdict is.
    check(
        done.returncode > 0,
        f"The process that tries the model out was ended by signal {-done.returncode}, as where "
        "memory runs out: run the same command again.",
    )
    last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
    return f"The exported model does not work in a process of its own: {last.strip(' .')}."
