"""Settings of `python -m stargan_tf.export`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, check_run_dir, setting

FORMATS = ("saved_model", "tflite", "onnx")
TFLITE_TYPES = ("float32", "float16", "dynamic", "int8")


@dataclasses.dataclass(frozen=True)
class ExportConfig:
    """What is exported, into what, and where it goes."""

    run_dir: str = setting(
        "", "Folder of the training run; its newest checkpoint is used.", path=True
    )
    out: str = setting(
        "",
        "Folder of the model, such as saved_models/NAME. The SavedModel becomes NAME/VERSION, "
        "TFLite files become NAME/tflite/VERSION, ONNX files NAME/onnx/VERSION, VERSION being the "
        "next free number.",
        path=True,
    )
    formats: tuple[str, ...] = setting(
        ("saved_model", "tflite"),
        "What to write, separated by commas: saved_model for TF Serving; tflite for phones; onnx "
        "for Triton, onnxruntime and other runtimes, a file for each signature on float images.",
    )
    saved_model_type: str = setting(
        "float32",
        "What the SavedModel computes in: float32; or bfloat16, which takes less time on "
        "processors and GPUs that have it, and far more on others. Its images are compared with "
        "those of float32.",
        choices=("float32", "bfloat16"),
    )
    tflite_types: tuple[str, ...] = setting(
        TFLITE_TYPES,
        "TFLite files to write: float32; float16 (half the size); dynamic (8-bit weights, a "
        "quarter); int8 (8-bit convolutions, calibrated on the data set). A rounded file whose "
        "images are too far from those of the networks is rejected.",
    )
    data_dir: str = setting(
        "",
        "What prepare_data wrote: images to calibrate int8 and to compare the export on, and "
        "their licence. Default: the data set of the run.",
        path=True,
    )
    image_format: str = setting(
        "png", "Format of the encoded images that the SavedModel gives.", choices=("png", "jpeg")
    )
    calibration_images: int = setting(100, "int8: training images to calibrate with.", least=1)
    check_images: int = setting(12, "Validation images to compare the export on.", least=1)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        check_run_dir(self.run_dir)
        check(
            bool(self.out),
            "Found no --out, expected the folder of the model: pass --out=saved_models/NAME.",
        )
        check(
            Path(self.out).is_dir() or not Path(self.out).exists(),
            f"--out={self.out} is a file, expected a folder: choose another name.",
        )
        for flag, known in (("formats", FORMATS), ("tflite_types", TFLITE_TYPES)):
            given = getattr(self, flag)
            check(
                bool(given) and set(given) <= set(known),
                f"Found --{flag}={','.join(given)}, expected some of {', '.join(known)}, separated "
                "by commas: correct it.",
            )
        check_bounds(self)

    @property
    def needs_calibration(self) -> bool:
        """Whether images of the data set are needed to go on."""
        return "tflite" in self.formats and "int8" in self.tflite_types
