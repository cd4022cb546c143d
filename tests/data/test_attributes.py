"""The way of binary attributes from a source through records into batches."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.algorithms.stargan_v2.step import TrainBatch, draws
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.data import report
from stargan_tf.data.input_pipeline import eval_dataset, train_dataset
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.data.sources.base import Candidate, label_of
from stargan_tf.errors import UserError
from stargan_tf.types import IMAGE, LABEL, SOURCE, TARGET, Draw
from tests.data import makers
from tests.data.fake_sources import CheckersSource, FacesSource

SIZE = 24


def images(first: int, behind: int) -> dict[bytes, tuple[int, ...]]:
    """Attributes by the pixels of the images that the source gives."""
    return {
        makers.pixels(number, SIZE, SIZE).tobytes(): FacesSource.attributes_of(number)
        for number in range(first, behind)
    }


def pixels(image: np.ndarray) -> np.ndarray:
    """What was stored, of an image in [-1, 1] that was not resized."""
    return np.rint((image + 1) * 127.5).astype(np.uint8)


SETTINGS = StarGANv2Settings(img_size=SIZE, latent_dim=4, randcrop_prob=0.0, seed=3)


def batches(data_dir: Path, count: int) -> list[TrainBatch]:
    data = train_dataset(data_dir, SETTINGS, draws(SETTINGS))
    return [TrainBatch(**batch) for batch in itertools.islice(data.as_numpy_iterator(), count)]


def test_the_data_set_says_what_its_labels_are(faces_dir: Path) -> None:
    info = DatasetInfo.load(faces_dir)
    assert (info.attributes, info.domains) == (("smiling", "young", "glasses"), ())
    assert info.counts == {"train": {"all": 40}, "val": {"all": 9}}
    assert info.schema_version == 4
    assert sorted(path.name for path in faces_dir.glob("*.tfrecord")) == [
        "train-all-00000-of-00001.tfrecord",
        "val-all-00000-of-00001.tfrecord",
    ]
    summary = report.summary(info, "out").splitlines()
    assert info.positives["train"] == {"smiling": 20, "young": 20, "glasses": 20}
    assert summary[1:5] == [
        "  all  40 train, 9 val",
        "  smiling  true of 20 train, 4 val",
        "  young    true of 20 train, 4 val",
        "  glasses  true of 20 train, 5 val",
    ]


@pytest.mark.parametrize(("split", "known"), [("train", images(0, 40)), ("val", images(100, 109))])
def test_evaluation_gives_each_image_its_attributes(
    faces_dir: Path, split: str, known: dict[bytes, tuple[int, ...]]
) -> None:
    data = eval_dataset(faces_dir, split, img_size=SIZE, batch_size=4)
    assert data.element_spec[1] == tf.TensorSpec((None, 3), tf.float32)
    found = {}
    for x, y in data.as_numpy_iterator():
        found |= {pixels(image).tobytes(): tuple(label) for image, label in zip(x, y, strict=True)}
    assert found == known


def test_training_gives_source_and_target_attributes(faces_dir: Path) -> None:
    known = images(0, 40)
    known |= {
        np.frombuffer(key, np.uint8).reshape(SIZE, SIZE, 3)[:, ::-1].tobytes(): label
        for key, label in known.items()
    }
    for batch in batches(faces_dir, 4):
        assert batch.y_org.shape == batch.y_trg.shape == (8, 3)
        assert batch.y_org.dtype == batch.y_trg.dtype == np.float32
        for x, y in ((batch.x_real, batch.y_org), (batch.x_ref, batch.y_trg)):
            assert [known[pixels(image).tobytes()] for image in x] == [tuple(label) for label in y]


def test_a_stream_may_give_labels_alone(faces_dir: Path) -> None:
    """They are those of images that are drawn uniformly, and not of the source's."""
    parts = (Draw("x", IMAGE, SOURCE), Draw("c_org", LABEL, SOURCE), Draw("c_trg", LABEL, TARGET))
    data = train_dataset(faces_dir, SETTINGS, parts)
    found = list(itertools.islice(data.as_numpy_iterator(), 15))  # three epochs of 40 images
    assert set(found[0]) == {"x", "c_org", "c_trg"}
    labels = {name: np.concatenate([batch[name] for batch in found]) for name in found[0]}
    assert (labels["c_org"] != labels["c_trg"]).any(axis=1).mean() > 0.5
    for name in ("c_org", "c_trg"):
        expected = 3 * np.sum(list(images(0, 40).values()), axis=0)
        np.testing.assert_array_equal(labels[name].sum(axis=0), expected)


def test_every_image_is_drawn_equally_often(faces_dir: Path) -> None:
    drawn = np.concatenate([batch.x_real for batch in batches(faces_dir, 15)])
    # 120 examples are three epochs of 40 images; flips do not change the mean of an image.
    _, counts = np.unique(drawn.mean((1, 2, 3)).round(5), return_counts=True)
    assert counts.tolist() == [3] * 40


def test_a_domain_cannot_be_asked_for(faces_dir: Path) -> None:
    for name in ("all", "young"):
        with pytest.raises(UserError, match=f"Found no domain '{name}' .* but attributes"):
            eval_dataset(faces_dir, "val", img_size=SIZE, batch_size=2, domain=name)


def test_who_needs_domains_says_so(faces_dir: Path, uneven_dir: Path) -> None:
    with pytest.raises(UserError, match="smiling, young, glasses .*stargan_v2 needs domains"):
        DatasetInfo.load(faces_dir).check_has_domains("stargan_v2")
    DatasetInfo.load(uneven_dir).check_has_domains("stargan_v2")


@pytest.mark.parametrize("source_class", [CheckersSource, FacesSource])
@pytest.mark.parametrize(
    ("domain", "attributes"),
    [("", ()), ("", (0, 1)), ("", (0, 2, 1)), ("black", (0, 1, 1)), ("grey", ())],
)
def test_a_label_that_no_image_can_have_ends_the_work(
    source_class: type, domain: str, attributes: tuple[int, ...]
) -> None:
    candidate = Candidate("1.png", domain, "train", b"", attributes=attributes)
    with pytest.raises(ValueError, match="1.png has the domain"):
        label_of(candidate, source_class(PrepareDataConfig()))
