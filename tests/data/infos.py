"""What dataset_info.json may hold, for the tests."""

import dataclasses

from stargan_tf.data.schema import DatasetInfo

INFO = DatasetInfo(
    name="pets",
    source="folder",
    domains=("cat", "dog"),
    counts={"train": {"cat": 3, "dog": 2}},
    encoded_bytes={"train": {"cat": 300, "dog": 200}},
    img_size=64,
    licence="CC0 1.0",
    credits={"cat": {"creator": "Ana Ünal"}},
    rejected=0,
    settings={"seed": 1},
)


def sized(img_size: int, *sides: int) -> DatasetInfo:
    """The same with images of one size, or of the least, the median and the most pixels."""
    named = dict(zip(("least", "median", "most"), sides, strict=bool(sides)))
    return dataclasses.replace(INFO, img_size=img_size, sides=named)
