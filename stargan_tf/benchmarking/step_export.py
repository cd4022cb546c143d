"""The folder that `python -m stargan_tf.export_step` writes."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.benchmarking.inputs import drawn_batch
from stargan_tf.benchmarking.stateless import Arrays, Stateless, stateless
from stargan_tf.config.train import TrainConfig
from stargan_tf.files import folder_written_whole
from stargan_tf.training.state import TrainState

_ITERATIONS = 256  # among which the one with most updates is taken
_CALL = '\n\nif __name__ == "__main__":\n    raise SystemExit(main())\n'
_RUNNER = Path(__file__).with_name("run_step.py")

_README = """# One training iteration as a program for XLA

{title}, written by TensorFlow {version}.

| file | holds |
| --- | --- |
| `step.hlo.pb` | the program: a serialised HloModuleProto |
| `step.hlo.txt` | the same to read, without large constants: it cannot be run |
{stablehlo}| `arguments.npz` | what goes in: batch, weights, averages, Adam's moments, schedule |
| `results.npz` | what must come out: losses, then all that the iteration changes |
| `manifest.json` | names, shapes and types of both, in the program's order; settings |
| `run_step.py` | runs the program and compares |

`run_step.py` needs NumPy and JAX 0.10, whose XLA it takes; nothing else of JAX is used:

```sh
pip install "jax==0.10.*"        # with jax[cuda12] in place of jax, for a GPU of NVIDIA
python run_step.py
```

The numbers of `results.npz` are those of TensorFlow's graph on a CPU, in float32 unless the
settings say otherwise. Losses must agree within a relative 1e-4. Weights and moments are compared
as well, and only told: Adam's first step has the size of the learning rate and the sign of the
gradient, so that a gradient of 0 but for rounding moves its weight either way. GPUs from Ampere on
round to TF32, which moves losses further; NVIDIA's libraries compute in float32 with
`NVIDIA_TF32_OVERRIDE=0` in the environment. None of this was run on a GPU yet.
"""


def export_step(settings: TrainConfig, num_labels: int, out: str) -> str:
    """Writes the folder.

    Args:
      settings: of the run whose iteration is written; already validated.
      num_labels: K.
      out: the folder, which does not exist.

    Returns:
      What was written, in words.
    """
    algorithm = make_algorithm(dataclasses.replace(settings, xla=False), num_labels)
    batch = drawn_batch(algorithm.draws(), settings.img_size, num_labels, settings.batch_size)
    updates = max(map(algorithm.updates_at, range(_ITERATIONS)), key=len)
    program = stateless(TrainState(algorithm), updates, batch)
    with folder_written_whole(Path(out)) as folder:
        write_folder(folder, program, dataclasses.asdict(settings))
    form = "HLO and StableHLO" if program.stablehlo else "HLO"
    return (
        f"Wrote {out}: the iteration as {form}, {len(program.arguments)} arguments and "
        f"{len(program.results)} results.\n  next: see {Path(out, 'README.md')}"
    )


def write_folder(folder: Path, program: Stateless, settings: dict[str, Any]) -> None:
    """Writes a program with its numbers into an empty folder."""
    (folder / "step.hlo.pb").write_bytes(program.hlo)
    (folder / "step.hlo.txt").write_text(program.text, encoding="utf-8")
    if program.stablehlo:
        (folder / "step.mlir").write_text(program.stablehlo, encoding="utf-8")
    np.savez(folder / "arguments.npz", **_numbered(program.arguments))
    np.savez(folder / "results.npz", **_numbered(program.results))
    manifest = {
        "tensorflow": tf.__version__,
        "settings": settings,
        "arguments": _described(program.arguments),
        "results": _described(program.results),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    title = f"{settings['algorithm']}, {settings['img_size']} pixels, batch "
    title += str(settings["batch_size"])
    row = "| `step.mlir` | the same, as StableHLO text |\n" if program.stablehlo else ""
    readme = _README.format(title=title, version=tf.__version__, stablehlo=row)
    (folder / "README.md").write_text(readme, encoding="utf-8")
    # Here it is no command, so that the call comes with the copy.
    (folder / _RUNNER.name).write_text(
        _RUNNER.read_text(encoding="utf-8") + _CALL, encoding="utf-8"
    )


def _numbered(arrays: Arrays) -> Arrays:
    """By position: names have characters that files in an archive should not have."""
    return {f"{number:05}": array for number, array in enumerate(arrays.values())}


def _described(arrays: Arrays) -> list[dict[str, Any]]:
    return [
        {"name": name, "shape": array.shape, "dtype": array.dtype.name}
        for name, array in arrays.items()
    ]
