"""Who tries an exported model out before it is pushed: TensorFlow Serving, or a canary."""

import shutil
import subprocess

from tfx import v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode

from pipeline.components.canary import Canary

# Docker that is starting up or hangs is as good as none.
_DOCKER_SECONDS = 10
_LOADING_SECONDS = 120


def docker_answers() -> bool:
    """Whether there is a Docker daemon to start TensorFlow Serving with."""
    docker = shutil.which("docker")
    if not docker:
        return False
    try:
        # `info`, unlike `version`, fails when only the client is there.
        done = subprocess.run([docker, "info"], capture_output=True, timeout=_DOCKER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def missing_image(serving_tag: str) -> str:
    """Fetches tensorflow/serving unless it is there; gives what Docker says where it cannot.

    TFX takes an image that cannot be had for a model that does not load, and remembers that.
    """
    docker, image = shutil.which("docker"), f"tensorflow/serving:{serving_tag}"
    if subprocess.run([docker, "image", "inspect", image], capture_output=True).returncode == 0:
        return ""
    done = subprocess.run([docker, "pull", image], capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1].strip(" .")


def infrastructure_check(
    kind: str, model: tfx.types.BaseChannel, examples: tfx.types.BaseChannel, serving_tag: str
) -> BaseNode:
    """Makes the component whose output `blessing` the Pusher waits for.

    Args:
      kind: docker or canary.
      model: what to try out.
      examples: images for real requests; the canary sends them. InfraValidator knows only
        requests of one serialized tf.train.Example, which these models do not take, so there
        the model is loaded by the very server of production and that is all.
      serving_tag: of the image tensorflow/serving.
    """
    if kind == "canary":
        return Canary(model=model, examples=examples).with_id("InfraCheck")
    serving = tfx.proto.ServingSpec(
        tensorflow_serving=tfx.proto.TensorFlowServing(tags=[serving_tag]),
        local_docker=tfx.proto.LocalDockerConfig(),
    )
    validation = tfx.proto.ValidationSpec(max_loading_time_seconds=_LOADING_SECONDS, num_tries=2)
    return tfx.components.InfraValidator(
        model=model, serving_spec=serving, validation_spec=validation
    ).with_id("InfraCheck")
