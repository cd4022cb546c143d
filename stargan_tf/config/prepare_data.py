"""Settings of `python -m stargan_tf.prepare_data`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, setting

# Square images smaller than this hold too little to learn from; it applies when
# neither --img_size nor --min_size says more.
DEFAULT_MIN_SIZE = 64
DEFAULT_PORTRAIT_SIZE = 128


@dataclasses.dataclass(frozen=True)
class PrepareDataConfig:
    """Where the images come from, what is made of them and where they go."""

    source: str = setting(
        "folder",
        "where the images come from: folder (your own), tfds (tensorflow-datasets), or portraits "
        "(drawn here, nothing to download)",
        choices=("folder", "tfds", "portraits"),
    )
    input_dir: str = setting(
        "",
        "folder: root/{train,val}/DOMAIN/IMAGES, or root/DOMAIN/IMAGES, which is split here",
    )
    output_dir: str = setting("", "folder to create, with TFRecord shards and dataset_info.json")
    name: str = setting("", "name of the data set (default: from the source)")
    licence: str = setting("", "licence of the images, kept in dataset_info.json")
    img_size: int = setting(
        0,
        "side of the stored square images; 0 keeps every image as it is (portraits: 128). Images "
        "are never enlarged",
    )
    min_size: int = setting(
        0,
        "reject images whose shorter side has fewer pixels (default: img_size, or "
        f"{DEFAULT_MIN_SIZE} when images are kept as they are)",
    )
    val_fraction: float = setting(
        0.1, "fraction of the images put aside for validation when the source has no split"
    )
    max_rejected: float = setting(
        0.1, "stop when more images than this are rejected: below 1 a fraction, else a count"
    )
    seed: int = setting(0, "seed of the portraits and of the order in the shards")
    tfds_name: str = setting("", "tfds: builder, such as celeb_a, afhq, afhq_v2 or celeba_hq")
    tfds_label: tuple[str, ...] = setting(
        (),
        "tfds: the label or attributes that make the domains, such as Male or Male,Young for "
        "celeb_a (default: the data set's only class label)",
    )
    tfds_manual_dir: str = setting("", "tfds: folder with archives that were downloaded by hand")
    tfds_data_dir: str = setting("", "tfds: where tensorflow-datasets keeps its prepared data")
    styles: tuple[str, ...] = setting(
        ("open-peeps", "pixel-art", "toon-head"), "portraits: styles, one domain each"
    )
    train_per_domain: int = setting(1000, "portraits: training images of each style")
    val_per_domain: int = setting(100, "portraits: validation images of each style")

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self.validate_source()
        check(
            bool(self.output_dir),
            "Found no --output_dir, expected the folder to create: add --output_dir=FOLDER.",
        )
        output = Path(self.output_dir)
        check(
            not output.exists() or (output.is_dir() and not any(output.iterdir())),
            f"--output_dir={output} already exists and is not an empty folder: choose another "
            "folder or remove it first.",
        )
        if self.source == "folder":
            root = Path(self.input_dir)
            check(
                root.resolve() not in (output.resolve(), *output.resolve().parents),
                f"--output_dir={output} lies inside --input_dir, where it would look like a "
                "domain: choose a folder elsewhere.",
            )

    def validate_source(self) -> None:
        """Checks everything but where the output goes.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self._validate_ranges()
        if self.source == "folder":
            self._validate_folder()
        elif self.source == "tfds":
            check(
                bool(self.tfds_name),
                "Found no --tfds_name, expected a tensorflow-datasets builder: add for example "
                "--tfds_name=celeb_a.",
            )
        else:
            self._validate_portraits()

    def stored_size(self) -> int:
        """Side of the stored images; 0 when each keeps its own."""
        if self.source == "portraits" and not self.img_size:
            return DEFAULT_PORTRAIT_SIZE
        return self.img_size

    def needed_size(self) -> int:
        """Pixels that the shorter side of an image must have."""
        if self.min_size or self.stored_size():
            return max(self.min_size, self.stored_size())
        return DEFAULT_MIN_SIZE

    def _validate_ranges(self) -> None:
        for field in ("img_size", "min_size", "max_rejected", "seed", "val_per_domain"):
            value = getattr(self, field)
            check(value >= 0, f"Found --{field}={value}, expected 0 or more: give such a value.")
        check(
            0 <= self.val_fraction < 1,
            f"Found --val_fraction={self.val_fraction}, expected at least 0 and below 1: give for "
            "example 0.1.",
        )

    def _validate_folder(self) -> None:
        check(
            bool(self.input_dir),
            "Found no --input_dir, expected a folder with one folder of images per domain: add "
            "--input_dir=FOLDER.",
        )
        root = Path(self.input_dir)
        check(
            root.is_dir(),
            f"--input_dir={root} is not a folder, expected one folder of images per domain in it: "
            "check the path.",
        )

    def _validate_portraits(self) -> None:
        check(
            len(self.styles) >= 2,
            f"Found --styles={','.join(self.styles)}, expected at least two: translation needs a "
            "second domain to go to.",
        )
        check(
            len(set(self.styles)) == len(self.styles),
            f"Found --styles={','.join(self.styles)}, expected each style once: remove the "
            "repetition.",
        )
        check(
            self.train_per_domain >= 1,
            f"Found --train_per_domain={self.train_per_domain}, expected 1 or more: give such a "
            "value.",
        )
