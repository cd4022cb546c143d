"""Settings of `python -m stargan_tf.benchmark_tflite`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, setting

RUNTIMES = ("litert", "tensorflow")


@dataclasses.dataclass(frozen=True)
class BenchmarkTFLiteConfig:
    """Which files are measured, how, and on what."""

    model: str = setting("", "Folder of the model, such as saved_models/NAME.")
    version: int = setting(0, "Version to measure; 0 for the newest.")
    data_dir: str = setting(
        "",
        "What prepare_data wrote: quality is measured on its validation images, against the "
        "SavedModel of the same version. Without it, or without a SavedModel, only size, time and "
        "memory are measured.",
    )
    signature: str = setting(
        "translate_latent_float",
        "What is timed.",
        choices=(
            "translate_latent_float",
            "translate_reference_float",
            "encode_style_float",
            "translate_style_float",
        ),
    )
    runtimes: tuple[str, ...] = setting(
        ("litert",), "litert (what apps use), tensorflow, or both, separated by a comma."
    )
    num_threads: int = setting(2, "Threads of the interpreter.")
    runs: int = setting(50, "Timed calls, after five that are not.")
    num_images: int = setting(24, "Images to measure quality on.")
    out: str = setting("", "JSON file for the figures, beside the table that is printed.")

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing or out of range.
        """
        check(
            bool(self.model),
            "Found no --model, expected the folder of an exported model: pass "
            "--model=saved_models/NAME.",
        )
        check(
            Path(self.model).is_dir(),
            f"--model={self.model} is not a folder, expected that of an exported model: check the "
            "path, or export one with python -m stargan_tf.export.",
        )
        check(self.version >= 0, f"Found --version={self.version}, expected 0 or more: change it.")
        check(
            bool(self.runtimes) and set(self.runtimes) <= set(RUNTIMES),
            f"Found --runtimes={','.join(self.runtimes)}, expected some of {', '.join(RUNTIMES)}, "
            "separated by commas: correct it.",
        )
        for flag in ("num_threads", "runs", "num_images"):
            value = getattr(self, flag)
            check(value >= 1, f"Found --{flag}={value}, expected at least 1: raise it.")
        check(
            not self.out or Path(self.out).parent.is_dir(),
            f"Found no folder for --out={self.out}, expected one: make it first.",
        )
