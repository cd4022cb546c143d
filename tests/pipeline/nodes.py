"""Components for pipelines that come to no good end. TFX imports them by their names."""

import signal

from tfx import v1 as tfx

from stargan_tf.errors import UserError

_Output = tfx.dsl.components.OutputArtifact[tfx.types.standard_artifacts.Model]


@tfx.dsl.components.component
def Broken(model: _Output) -> None:
    try:
        raise UserError("Found nothing to eat.")
    except UserError as error:
        raise RuntimeError("while running step 7") from error


@tfx.dsl.components.component
def Interrupted(model: _Output) -> None:
    raise KeyboardInterrupt(signal.SIGTERM)
