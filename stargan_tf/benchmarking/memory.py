"""The most memory that was held at once, by this process and by the devices."""

from typing import NamedTuple

import tensorflow as tf

from stargan_tf import process_memory


class Memory(NamedTuple):
    """Bytes.

    Attributes:
      host: of the whole process; None where the system does not tell.
      device: of all GPUs together; None where there is none.
    """

    host: int | None
    device: int | None


class PeakMemory:
    """Watches from its making to `read`."""

    def __init__(self) -> None:
        """Begins to watch."""
        self._resets = process_memory.reset_peak()
        self._gpus = [device.name for device in tf.config.list_logical_devices("GPU")]
        for gpu in self._gpus:
            tf.config.experimental.reset_memory_stats(gpu)

    def read(self) -> Memory:
        """The most that was held since, by all that the process holds."""
        device = sum(tf.config.experimental.get_memory_info(gpu)["peak"] for gpu in self._gpus)
        host = process_memory.peak() if self._resets else None
        return Memory(host, device if self._gpus else None)
