"""Settings of `python -m stargan_tf.sample`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, check_model, setting

GRID_SUFFIXES = (".png", ".jpg", ".jpeg")
VIDEO_SUFFIXES = (".mp4", ".webp", ".gif")


@dataclasses.dataclass(frozen=True)
class SampleConfig:
    """The model, the images, the styles they are translated in, and where results go."""

    run_dir: str = setting(
        "", "Folder of the training run; its newest checkpoint is used.", path=True
    )
    saved_model: str = setting(
        "",
        "Version folder of an exported model, such as saved_models/NAME/1, in place of --run_dir.",
        path=True,
    )
    src: str = setting("", "Image to translate, or a folder of images.", path=True)
    ref: str = setting(
        "",
        "Image whose style is taken, or a folder of images, or of one folder per domain. Without "
        "it, styles are random.",
        path=True,
    )
    target_domain: str = setting(
        "",
        "Domain to translate into, by name; all (or nothing) for every domain. With --ref it is "
        "the domain of the references, and can be left out when their folder has its name.",
    )
    set: tuple[str, ...] = setting(
        (),
        "Of models whose labels are attributes: the attributes to draw each source with, such as "
        "Blond_Hair,Male=0,Young=0.5. A name alone is 1, numbers lie from 0 to 1; of attributes "
        "that exclude each other, such as hair colours, one that is set takes the others away. "
        "Attributes that are not named are 0, see --keep. Repeat the flag: each is a column.",
        repeated=True,
    )
    keep: bool = setting(
        False,
        "With --set and --run_dir: keep the attributes that --set does not name, as the run's "
        "classifier reads them off each source (those from probability 0.5), and print what it "
        "read and how sure it is.",
    )
    mask: int = setting(
        0,
        "Of models that were trained on two data sets (--data_dir2 of train): draw each label a "
        "second time, with the mask of data set 1 or 2 where it is not its own, to show what a "
        "wrong mask spoils; 0 for the proper masks alone.",
        least=0,
        most=2,
    )
    psi: float = setting(
        1.0,
        "Truncation of the styles, from 0 (every one the domain's mean style) to 1 (as they are, "
        "the most diverse); 0.5 to 0.7 looks safer, at the price of variety.",
        least=0,
        most=1,
    )
    seed: int = setting(
        7,
        "Seed of the first random style; those after it have the seeds that follow. A server draws "
        "the same style for the same seed.",
        least=0,
    )
    num_outputs: int = setting(4, "Random styles per domain.", least=1)
    max_sources: int = setting(
        8,
        "Grid and video: how many images of the folder --src are drawn, taken at even distances; "
        "0 for all. With --images_only all are drawn.",
        least=0,
    )
    align: bool = setting(
        False,
        "Crop the largest face of each source and reference as in CelebA-HQ first; see "
        "python -m stargan_tf.align.",
    )
    max_refs: int = setting(8, "The same for the references of each domain.", least=0)
    out: str = setting(
        "",
        "File to write: .png or .jpg for a grid of images; .mp4, .webp or .gif for a video that "
        "moves from style to style. With --images_only, a folder.",
        path=True,
    )
    images_only: bool = setting(
        False,
        "Write every translation into a file of its own, named like "
        "SOURCE__to_DOMAIN__seed7_0.png, and no grid.",
    )
    frames: int = setting(24, "Video: frames from one style to the next.", least=1)
    fps: int = setting(24, "Video: frames per second.", least=1)
    batch_size: int = setting(8, "Images that go through the networks at once.", least=1)
    overwrite: bool = setting(False, "Replace files that are already at --out.")

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self._validate_inputs()
        self._validate_labels()
        self._validate_numbers()
        self._validate_out()

    @property
    def is_video(self) -> bool:
        """Whether --out asks for a video."""
        return not self.images_only and Path(self.out).suffix.lower() in VIDEO_SUFFIXES

    def _validate_inputs(self) -> None:
        check_model(self.run_dir, self.saved_model)
        check(
            bool(self.src),
            "Found no --src, expected an image or a folder of images to translate: pass "
            "--src=IMAGE.jpg.",
        )
        for flag in ("src", "ref"):
            value = getattr(self, flag)
            check(
                not value or Path(value).exists(),
                f"--{flag}={value} does not exist, expected an image or a folder of images: check "
                "the path.",
            )

    def _validate_labels(self) -> None:
        for flag in ("ref", "target_domain"):
            value = getattr(self, flag)
            check(
                not (self.set and value),
                f"Found --set={self.set[0] if self.set else ''} and --{flag}={value}, expected one "
                "of them: leave the other out.",
            )
        check(
            not self.keep or bool(self.set),
            "Found --keep without --set, expected the attributes that are to change, such as "
            "--set=Young=0: name them, or leave --keep out.",
        )
        check(
            not (self.keep and self.saved_model),
            f"Found --keep and --saved_model={self.saved_model}, expected --run_dir, since "
            "exported models have nothing that reads attributes off images: pass the run, or leave "
            "--keep out.",
        )
        check(
            not (self.mask and self.ref),
            f"Found --mask={self.mask} and --ref={self.ref}, expected one of them: leave the other "
            "out.",
        )
        given = "--set" if self.set else f"--mask={self.mask}"
        check(
            not ((self.set or self.mask) and self.is_video),
            f"Found {given} and --out={self.out}, expected no video, which moves from style to "
            "style: name a .png or .jpg, or a folder with --images_only.",
        )

    def _validate_numbers(self) -> None:
        check_bounds(self)
        check(
            self.seed + self.num_outputs < 2**63,
            f"Found --seed={self.seed} for {self.num_outputs} styles, expected 64 bits at most for "
            "the seed of each: lower it.",
        )
        check(
            bool(self.ref) or not self.is_video or self.num_outputs >= 2,
            f"Found --num_outputs={self.num_outputs} for a video, which moves from one style to "
            "the next, expected at least 2: raise it.",
        )

    def _validate_out(self) -> None:
        check(
            bool(self.out),
            "Found no --out, expected where to write: pass --out=grid.png, --out=video.mp4, or "
            "--out=FOLDER with --images_only.",
        )
        out = Path(self.out)
        suffix = out.suffix.lower()
        if self.images_only:
            self._validate_out_folder(out)
            return
        known = ", ".join((*GRID_SUFFIXES, *VIDEO_SUFFIXES))
        check(
            suffix in (*GRID_SUFFIXES, *VIDEO_SUFFIXES),
            f"Found --out={self.out}, expected a name that ends in one of {known}: rename it, or "
            "add --images_only to write single images into a folder.",
        )
        check(
            not out.is_dir(),
            f"--out={self.out} is a folder, expected a file to write: choose another name.",
        )
        check(
            self.overwrite or not out.exists(),
            f"--out={self.out} already exists: choose another name, or add --overwrite to "
            "replace it.",
        )

    def _validate_out_folder(self, out: Path) -> None:
        check(
            out.suffix.lower() not in (*GRID_SUFFIXES, *VIDEO_SUFFIXES),
            f"Found --out={self.out} with --images_only, expected a folder: name one, or leave "
            "--images_only out for a grid or a video.",
        )
        check(
            not out.exists() or out.is_dir(),
            f"--out={self.out} is a file, expected a folder for --images_only: choose another "
            "name.",
        )
        check(
            self.overwrite or not out.exists() or not any(out.iterdir()),
            f"--out={self.out} already exists and is not empty: choose another folder, or add "
            "--overwrite to replace images of the same names in it.",
        )
