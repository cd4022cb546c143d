"""Builders for AFHQ, AFHQ v2 and CelebA-HQ as StarGAN v2 published them.

Their archives must be downloaded by hand, since their licences ask for consent;
tensorflow-datasets then reads them from --tfds_manual_dir. Importing this module
makes the builders known as afhq, afhq_v2 and celeba_hq.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from stargan_tf.errors import UserError
from stargan_tf.names import is_system_name

_CITATION = """@inproceedings{choi2020starganv2,
  title={StarGAN v2: Diverse Image Synthesis for Multiple Domains},
  author={Yunjey Choi and Youngjung Uh and Jaejun Yoo and Jung-Woo Ha},
  booktitle={Proceedings of the IEEE Conference on Computer Vision and Pattern Recognition},
  year={2020}
}"""
_HOMEPAGE = "https://github.com/clovaai/stargan-v2"
# The archives differ in what lies above these folders and in the name of the second.
_MEMBER = re.compile(r"(?:^|/)(?P<split>train|val|test)/(?P<domain>[^/]+)/(?P<file>[^/]+)$")


class _ArchiveBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Reads SPLIT/DOMAIN/IMAGE members of one zip archive."""

    VERSION = tfds.core.Version("1.0.0")
    ARCHIVE = ""
    DOMAINS: tuple[str, ...] = ()
    ABOUT = ""
    LICENCE = "CC BY-NC 4.0 (non-commercial use only)"

    @property
    def MANUAL_DOWNLOAD_INSTRUCTIONS(self) -> str:  # noqa: N802 (the base class's name)
        """What tensorflow-datasets shows when the archive is missing."""
        return f"Download {self.ARCHIVE} from {_HOMEPAGE} into the manual directory."

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description=self.ABOUT,
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "label": tfds.features.ClassLabel(names=list(self.DOMAINS)),
                }
            ),
            supervised_keys=("image", "label"),
            homepage=_HOMEPAGE,
            citation=_CITATION,
            license=self.LICENCE,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        archive = Path(dl_manager.manual_dir) / self.ARCHIVE
        if not archive.is_file():
            raise UserError(
                f"Found no {archive}, expected the archive from {_HOMEPAGE}: download it and give "
                "its folder as --tfds_manual_dir."
            )
        return {
            "train": self._generate_examples(dl_manager, archive, ("train",)),
            "validation": self._generate_examples(dl_manager, archive, ("val", "test")),
        }

    def _generate_examples(
        self, dl_manager: tfds.download.DownloadManager, archive: Path, splits: tuple[str, ...]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, file in dl_manager.iter_archive(archive):
            member = _MEMBER.search(str(name))
            parts = Path(str(name)).parts
            if not member or member["split"] not in splits or any(map(is_system_name, parts)):
                continue
            if member["domain"] not in self.DOMAINS:
                raise UserError(
                    f"Found the domain {member['domain']} in {archive}, expected only "
                    f"{', '.join(self.DOMAINS)}: use the published archive."
                )
            yield f"{member['domain']}/{member['file']}", {"image": file, "label": member["domain"]}


class Afhq(_ArchiveBuilder):
    """Animal faces: 15,803 images of cats, dogs and wild animals at 512x512."""

    ARCHIVE = "afhq.zip"
    DOMAINS = ("cat", "dog", "wild")
    ABOUT = "Animal faces in high quality: cats, dogs and wild animals, JPEG at 512x512."


class AfhqV2(_ArchiveBuilder):
    """Animal faces, the second version: better resampled, stored without loss."""

    ARCHIVE = "afhq_v2.zip"
    DOMAINS = ("cat", "dog", "wild")
    ABOUT = "Animal faces in high quality, version 2: resampled better, PNG at 512x512."


class CelebaHq(_ArchiveBuilder):
    """Celebrity faces: 30,000 images, female and male."""

    ARCHIVE = "celeba_hq.zip"
    DOMAINS = ("female", "male")
    ABOUT = "Celebrity faces in high quality, divided into female and male."
