"""Settings of `python -m stargan_tf.prepare_data`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting

# What --source may be, each with what it is. Its class is in stargan_tf/data/sources.
SOURCES = {
    "folder": "your own",
    "tfds": "tensorflow-datasets",
    "portraits": "drawn here, nothing to download",
}


@dataclasses.dataclass(frozen=True)
class PrepareDataConfig:
    """Where the images come from, what is made of them and where they go."""

    source: str = setting(
        "folder",
        f"where the images come from: {'; '.join(f'{k} ({v})' for k, v in SOURCES.items())}",
        choices=tuple(SOURCES),
    )
    input_dir: str = setting(
        "",
        "folder: root/{train,val}/DOMAIN/IMAGES, or root/DOMAIN/IMAGES, which is split here; with "
        "--attributes root/{train,val}/IMAGES, or root/IMAGES",
        hyperparameter=False,
        path=True,
    )
    output_dir: str = setting(
        "",
        "folder to create, with TFRecord shards and dataset_info.json",
        hyperparameter=False,
        path=True,
    )
    name: str = setting("", "name of the data set (default: from the source)")
    licence: str = setting("", "licence of the images, kept in dataset_info.json")
    img_size: int = setting(
        0,
        "side of the stored square images; 0 keeps every image as it is (portraits: 128). Images "
        "are never enlarged",
        least=0,
    )
    min_size: int = setting(
        0,
        "reject images whose shorter side has fewer pixels (default: img_size, or "
        "64 when images are kept as they are)",
        least=0,
    )
    val_fraction: float = setting(
        0.1,
        "fraction of the images put aside for validation when the source has no split",
        least=0,
        below=1,
    )
    max_rejected: float = setting(
        0.1,
        "stop when more images than this are rejected: below 1 a fraction, else a count",
        least=0,
    )
    seed: int = setting(0, "seed of the portraits and of the order in the shards", least=0)
    attributes: tuple[str, ...] = setting(
        (),
        "labels are these binary attributes, such as Black_Hair,Male,Young, in place of domains: "
        "of --attributes_file, of a tensorflow-datasets builder that has them, or drawn "
        "(portraits: Black_Hair, Blond_Hair, Brown_Hair, Gray_Hair, Eyeglasses, Beard)",
    )
    attributes_file: str = setting(
        "",
        "folder: the list of the attributes of all images, list_attr_celeba.txt or CSV",
        hyperparameter=False,
        path=True,
    )
    exclusive: tuple[str, ...] = setting(
        (),
        "groups of attributes of which at most one can be true, such as "
        "Black_Hair/Blond_Hair/Brown_Hair; images with more are rejected. Default: those of "
        "Black_Hair, Blond_Hair, Brown_Hair and Gray_Hair that are attributes; none for no group",
    )
    tfds_name: str = setting("", "tfds: builder, such as celeb_a, afhq, afhq_v2 or celeba_hq")
    tfds_label: tuple[str, ...] = setting(
        (),
        "tfds: the label or attributes that make the domains, such as Male or Male,Young for "
        "celeb_a (default: the data set's only class label)",
    )
    tfds_manual_dir: str = setting(
        "",
        "tfds: folder with archives that were downloaded by hand",
        hyperparameter=False,
        path=True,
    )
    tfds_data_dir: str = setting(
        "",
        "tfds: where tensorflow-datasets keeps its prepared data",
        hyperparameter=False,
        path=True,
    )
    styles: tuple[str, ...] = setting(
        (),
        "portraits: styles, one domain each (default: toon-head, personas, micah); with "
        "--attributes they are mixed (default: personas; also micah, open-peeps, pixel-art, "
        "toon-head)",
    )
    train_per_domain: int = setting(1000, "portraits: training images of each style", least=1)
    val_per_domain: int = setting(100, "portraits: validation images of each style", least=0)

    def validate(self) -> None:
        """Checks what holds for every source; `stargan_tf.data.sources.validate` checks the rest.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        self.validate_ranges()
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
        check(
            not (output.exists() and (output.is_mount() or output.samefile("."))),
            f"--output_dir={output} is the working folder or a disk, which cannot be put in place "
            "as a whole: name a new folder in it.",
        )
        if self.input_dir:
            root = Path(self.input_dir)
            check(
                root.resolve() not in (output.resolve(), *output.resolve().parents),
                f"--output_dir={output} lies inside --input_dir, where it would look like a "
                "domain: choose a folder elsewhere.",
            )

    def validate_ranges(self) -> None:
        """Checks the numbers.

        Raises:
          UserError: one is out of range.
        """
        check_bounds(self)
