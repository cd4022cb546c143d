"""What the measurements were made on, and with."""

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf import __version__
from stargan_tf.compat import keras

# Instruction sets that decide how fast convolutions are.
_INSTRUCTION_SETS = ("sse4_2", "avx", "fma", "avx2", "f16c", "asimd", "sve", "bf16", "i8mm")
_FAMILIES = ("avx512", "avx_", "amx_")


def machine() -> dict[str, Any]:
    """Facts about the machine, for JSON."""
    cpu = _cpuinfo()
    flags = (cpu.get("flags") or cpu.get("Features") or "").split()
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    threading = tf.config.threading
    return {
        "cpu": cpu.get("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        # 0: TensorFlow takes as many as there are cores.
        "intra_op_threads": threading.get_intra_op_parallelism_threads(),
        "inter_op_threads": threading.get_inter_op_parallelism_threads(),
        "instruction_sets": [
            flag for flag in flags if flag in _INSTRUCTION_SETS or flag.startswith(_FAMILIES)
        ],
        # What was asked for: TensorFlow decides by the processor where nothing was.
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""),
        "memory_bytes": _memory(),
        "gpus": [detail.get("device_name", "unnamed") for detail in details],
        "system": platform.platform(),
    }


def software() -> dict[str, str]:
    """Versions of what computes."""
    return {
        "stargan_tf": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        # Named after its package, keras or tf_keras, which `tf.keras` hides.
        "keras": importlib.metadata.version(keras.Model.__module__.partition(".")[0]),
        "numpy": np.__version__,
    }


def load_average() -> list[float] | None:
    """How many processes wanted to run, on average of 1, 5 and 15 minutes."""
    return list(os.getloadavg()) if hasattr(os, "getloadavg") else None


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _usable_cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _memory() -> int | None:
    names = ("SC_PAGE_SIZE", "SC_PHYS_PAGES")
    known = getattr(os, "sysconf_names", {})
    return os.sysconf(names[0]) * os.sysconf(names[1]) if set(names) <= set(known) else None
