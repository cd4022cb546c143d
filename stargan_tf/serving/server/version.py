"""What is known of one version of a model."""

import dataclasses
from pathlib import Path

from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus

from stargan_tf.serving.server.servable import Servable
from stargan_tf.serving.server.status import ServingError
from stargan_tf.serving.server.versions import fingerprint


@dataclasses.dataclass(eq=False)
class Version:
    """A version that is, will be or was served.

    Attributes:
      number: the version.
      path: its SavedModel.
      state: START, LOADING, AVAILABLE, UNLOADING or END, as GetModelStatus tells.
      error: why it could not be loaded.
      servable: in memory while AVAILABLE or UNLOADING.
      leases: how many requests use it now.
      tried: what its folder contained when it could not be loaded.
    """

    number: int
    path: Path
    state: int = ModelVersionStatus.START
    error: ServingError | None = None
    servable: Servable | None = None
    leases: int = 0
    tried: frozenset[tuple[str, int, int]] | None = None

    def is_to_be_loaded(self, path: Path) -> bool:
        """Whether a version that is wanted again was unloaded, or failed and has changed.

        Args:
          path: where it is now.
        """
        if self.state != ModelVersionStatus.END:
            return False
        return self.tried is None or self.tried != fingerprint(path)
