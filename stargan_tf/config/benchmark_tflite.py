"""Settings of `python -m stargan_tf.benchmark_tflite`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting

RUNTIMES = ("litert", "tensorflow")


@dataclasses.dataclass(frozen=True)
class BenchmarkTFLiteConfig:
    """Which files are measured, how, and on what."""

    model: str = setting("", "Folder of the model, such as saved_models/NAME.", path=True)
    version: int = setting(0, "Version to measure; 0 for the newest.", least=0)
    data_dir: str = setting(
        "",
        "What prepare_data wrote: quality is measured on its validation images, against the "
        "SavedModel of the same version. Without it, or without a SavedModel, only size, time and "
        "memory are measured.",
        path=True,
    )
    signature: str = setting(
        "",
        "What is timed, by its name in the files, such as translate_style_float. Default: "
        "translate_latent_float, or the first one in files without it.",
    )
    runtimes: tuple[str, ...] = setting(
        ("litert",), "litert (what apps use), tensorflow, or both, separated by a comma."
    )
    num_threads: int = setting(2, "Threads of the interpreter.", least=1)
    runs: int = setting(50, "Timed calls, after five that are not.", least=1)
    num_images: int = setting(24, "Images to measure quality on.", least=1)
    out: str = setting(
        "", "JSON file for the measurements, beside the table that is printed.", path=True
    )

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
        check_bounds(self)
        check(
            bool(self.runtimes) and set(self.runtimes) <= set(RUNTIMES),
            f"Found --runtimes={','.join(self.runtimes)}, expected some of {', '.join(RUNTIMES)}, "
            "separated by commas: correct it.",
        )
        check(
            not self.out or Path(self.out).parent.is_dir(),
            f"Found no folder for --out={self.out}, expected one: make it first.",
        )
