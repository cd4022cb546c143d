"""Settings of `python -m stargan_tf.align`."""

import dataclasses
import os
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting

LANDMARKS = ("mediapipe", "wing")
# What --compare writes into --output_dir.
COMPARISON_SHEET = "comparison.png"

# Each may hold a large image in memory.
_MOST_THREADS = 8


@dataclasses.dataclass(frozen=True)
class AlignConfig:
    """The images, what tells where faces are, and what becomes of them."""

    input_dir: str = setting(
        "",
        "Folder of images; folders in it, such as one per domain, are kept.",
        hyperparameter=False,
        path=True,
    )
    output_dir: str = setting(
        "",
        "Folder to create, with the aligned images. Where a run of the same command was stopped, "
        "it goes on.",
        hyperparameter=False,
        path=True,
    )
    landmarks: str = setting(
        "mediapipe",
        "What tells where eyes and mouth are: mediapipe, with the crop of the CelebA-HQ paper "
        "(nothing else is needed); or wing, the published landmark network, with the crop of the "
        "published StarGAN v2 (needs --wing_path and --lm_path).",
        choices=LANDMARKS,
    )
    wing_path: str = setting(
        "", "wing: weights of the landmark network, the published wing.ckpt.", path=True
    )
    lm_path: str = setting(
        "", "wing: landmarks of the mean face, the published celeba_lm_mean.npz.", path=True
    )
    img_size: int = setting(
        256, "Side of the aligned images; 0 keeps the size that each face has.", least=0
    )
    min_size: int = setting(
        0,
        "Reject faces whose crop has fewer pixels on a side (default: half of img_size, and 64 for "
        "img_size 0).",
        least=0,
    )
    faces: str = setting(
        "largest",
        "Of several faces in an image: take the largest, take all (each in a file of its own), or "
        "reject the image.",
        choices=("largest", "all", "reject"),
    )
    cut: str = setting(
        "pad",
        "Crops that reach beyond the image's border: pad them with a blurred mirror image, or "
        "reject those of which more than --max_outside lies beyond.",
        choices=("pad", "reject"),
    )
    max_outside: float = setting(
        0.1,
        "The fraction of a crop that may lie beyond the border with --cut=reject.",
        least=0,
        most=1,
    )
    format: str = setting("png", "Format of the aligned images.", choices=("png", "jpg"))
    workers: int = setting(
        0, "Images that are under way at once; 0 for one on each core, up to 8.", least=0
    )
    compare: bool = setting(
        False,
        "Align nothing; compare the crops of mediapipe and wing instead, in numbers and as "
        f"--output_dir/{COMPARISON_SHEET}.",
    )

    @property
    def least_pixels(self) -> int:
        """Pixels that a crop must have on a side."""
        return self.min_size or (self.img_size // 2 if self.img_size else 64)

    @property
    def needs_wing(self) -> bool:
        """Whether the published landmark network has work to do."""
        return self.compare or self.landmarks == "wing"

    @property
    def threads(self) -> int:
        """Images that are under way at once."""
        return self.workers or min(os.cpu_count() or 1, _MOST_THREADS)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        check_bounds(self)
        check(
            bool(self.input_dir),
            "Found no --input_dir, expected a folder of images: add --input_dir=FOLDER.",
        )
        check(
            Path(self.input_dir).is_dir(),
            f"--input_dir={self.input_dir} is not a folder, expected one of images: check the "
            "path.",
        )
        check(
            bool(self.output_dir),
            "Found no --output_dir, expected the folder to create: add --output_dir=FOLDER.",
        )
        root, output = Path(self.input_dir).resolve(), Path(self.output_dir).resolve()
        check(
            root not in (output, *output.parents),
            f"--output_dir={self.output_dir} lies inside --input_dir, where its images would be "
            "taken for more to align: choose a folder elsewhere.",
        )
        self._validate_wing()

    def _validate_wing(self) -> None:
        wanted = {"wing_path": "wing.ckpt", "lm_path": "celeba_lm_mean.npz"}
        asked = "--compare" if self.compare else "--landmarks=wing"
        for name, file in wanted.items():
            value = getattr(self, name)
            check(
                bool(value) or not self.needs_wing,
                f"Found {asked} and no --{name}, expected the published {file}: pass "
                f"--{name}={file}"
                + ("." if self.compare else ", or align with --landmarks=mediapipe."),
            )
            check(
                not value or Path(value).is_file(),
                f"--{name}={value} is not a file, expected the published {file}: check the path.",
            )
