"""What is known of one version of a model."""

import dataclasses
from pathlib import Path

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from stargan_tf.devserver.discovery import fingerprint
from stargan_tf.devserver.errors import ServingError
from stargan_tf.devserver.servable import Servable


@dataclasses.dataclass(eq=False)
class LoadedVersion:
    """A version that is, will be or was served.

    Attributes:
      path: its SavedModel.
      state: START, LOADING, AVAILABLE, UNLOADING or END, as GetModelStatus tells.
      error: why it could not be loaded.
      servable: in memory while AVAILABLE or UNLOADING.
      leases: how many requests use it now.
      tried: what its folder contained when it could not be loaded.
    """

    path: Path
    state: int = ModelVersionStatus.START
    error: ServingError | None = None
    servable: Servable | None = None
    leases: int = 0
    tried: frozenset[tuple[Path, int, int]] | None = None

    def is_to_be_loaded(self, path: Path) -> bool:
        """Whether a version found at `path` was unloaded before, or failed and has changed."""
        return self.state == ModelVersionStatus.END and self.tried != fingerprint(path)
