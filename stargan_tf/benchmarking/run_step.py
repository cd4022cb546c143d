"""Runs the program beside this file by the XLA of JAX, and compares its results.

`stargan_tf.benchmarking.step_export` copies it into the folder of a program. There it stands alone,
for a machine without this package: see README.md beside it. The calls into JAX's XLA are those of
jaxlib 0.10.
"""

import importlib
import json
from pathlib import Path

import numpy as np

MOST = 1e-4  # of the losses, relatively


def main() -> int:
    """Compares, and returns 0 where all losses agree."""
    # By name: of this project, nothing else needs JAX.
    jax = importlib.import_module("jax")
    xla_client = importlib.import_module("jax._src.lib").xla_client
    folder = Path(__file__).parent
    names = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    device = jax.devices()[0]
    program = xla_client._xla.mlir.hlo_to_stablehlo((folder / "step.hlo.pb").read_bytes())
    devices = xla_client.DeviceList((device,))
    loaded = device.client.compile_and_load(program, devices, xla_client.CompileOptions())

    with jax.enable_x64(True):  # counters are of 64 bits
        inputs = [jax.device_put(array, device) for array in arrays(folder / "arguments.npz")]
    outputs = loaded.execute_sharded(inputs).disassemble_into_single_device_arrays()
    found = [np.asarray(shards[0]) for shards in outputs]
    expected = arrays(folder / "results.npz")
    gaps = {
        entry["name"]: gap(a, b)
        for entry, a, b in zip(names["results"], expected, found, strict=True)
    }
    losses = {name: value for name, value in gaps.items() if name.startswith("loss/")}
    print(f"{device.device_kind}, JAX {jax.__version__}, relative differences:")
    for name, value in losses.items():
        print(f"  {name:<24} {value:.1e}")
    for kind in sorted({name.rpartition("/")[0] for name in gaps.keys() - losses.keys()}):
        largest = max(value for name, value in gaps.items() if name.rpartition("/")[0] == kind)
        print(f"  {kind or 'step':<40} at most {largest:.1e}")
    bad = [name for name, value in losses.items() if not value < MOST]
    print(f"Losses that differ by {MOST} or more: {', '.join(bad) or 'none'}.")
    return 1 if bad else 0


def arrays(path: Path) -> list[np.ndarray]:
    """Those of a file, in their order."""
    with np.load(path, allow_pickle=False) as content:
        return [content[name] for name in sorted(content)]


def gap(expected: np.ndarray, found: np.ndarray) -> float:
    """The norm of the difference over that of what was expected; infinite in other shapes."""
    if expected.shape != found.shape or expected.dtype != found.dtype:
        return float("inf")
    difference = np.linalg.norm(np.ravel(found.astype(np.float64) - expected))
    return float(difference / max(np.linalg.norm(np.ravel(expected)), 1e-30))
