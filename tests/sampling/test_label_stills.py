"""Sources in changed labels, with networks whose images are known in advance."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stargan_tf.algorithms.drawable import NOTHING, Mode
from stargan_tf.algorithms.trained_model import Trained, TrainedModel
from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet, layout_of
from stargan_tf.sampling.grids import Grid, Group
from stargan_tf.sampling.sampler import sample
from tests.sampling.fakes import SIZE, FakeAlgorithm, assert_cell, fake_model, save_image

FACES = LabelSet(("Red", "Green", "Blue"), True, (("Red", "Green"),))
GREY = (128, 128, 128)


class FakeDrawing:
    """Draws the first three labels as a colour, whatever the image."""

    modes = (Mode("label", NOTHING, "translations"),)
    img_size, latent_dim = SIZE, 0

    def __init__(self, label_sets):
        self.layout = layout_of(label_sets)
        self.code_dim = self.layout.length

    def make_codes(self, mode, source, y):
        return self.layout.vectors_of_indices(y) if y.dtype.is_integer else y

    def encode(self, x):
        return x

    def draw(self, encoded, codes):
        colours = codes[:, tf.newaxis, tf.newaxis, :3] * 2 - 1
        return tf.zeros_like(encoded) + colours


class MaskDrawing(FakeDrawing):
    """Draws the labels and the mask as a colour: the first label, then the mask."""

    def draw(self, encoded, codes):
        colours = tf.concat([codes[:, :1], codes[:, -2:]], axis=1) * 2 - 1
        return tf.zeros_like(encoded) + colours[:, tf.newaxis, tf.newaxis, :]


class FakeClassifier:
    """Reads the colour of an image as the logits of the labels."""

    needs_domains = False

    def classify(self, networks, x):
        return 4 * tf.reduce_mean(x, axis=[1, 2])


def model(*label_sets, drawing=FakeDrawing):
    return TrainedModel(
        origin="here",
        domains=tuple(name for one in label_sets for name in one.names),
        drawable=drawing(label_sets),
        step=7,
        fingerprint="abc",
        trained=Trained(FakeClassifier(), {}),
        label_sets=label_sets,
    )


@pytest.fixture
def config(tmp_path):
    save_image(tmp_path / "in" / "a.png", (255, 0, 255))
    save_image(tmp_path / "in" / "longer.png", (0, 255, 0))
    return SampleConfig(
        run_dir=str(tmp_path), src=str(tmp_path / "in"), out=str(tmp_path / "out.png")
    )


def cells(out, columns):
    """The mean colours of a grid's translations, by row."""
    image = Image.open(out)
    grid = Grid(3 * SIZE, [Group("source"), *map(Group, columns)], [Group("", 2)])
    return image, grid


def test_each_set_is_a_column_beside_the_source(config):
    columns = ("Red,Blue=0.5", "Green")
    said = sample(dataclasses.replace(config, set=columns), model(FACES))
    assert "with Red,Blue=0.5; Green" in said and config.out in said
    image, grid = cells(config.out, columns)
    for row, source in enumerate([(255, 0, 255), (0, 255, 0)]):
        assert_cell(image, grid, 0, row, source)
        assert_cell(image, grid, 1, row, (255, 0, 128))
        assert_cell(image, grid, 2, row, (0, 255, 0))


def test_keep_reads_the_rest_off_each_source_and_says_how_sure_it_is(config, capsys):
    columns = ("Blue=0.5", "Red")
    sample(dataclasses.replace(config, set=columns, keep=True), model(FACES))
    image, grid = cells(config.out, columns)
    expected = [[(255, 0, 128), (255, 0, 255)], [(0, 255, 128), (255, 0, 0)]]
    for row, of_row in enumerate(expected):
        for column, colour in enumerate(of_row, 1):
            assert_cell(image, grid, column, row, colour)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  a.png       Red 0.98, Blue 0.98; not Green 0.02",
        "  longer.png  Green 0.98; not Red 0.02, Blue 0.02",
    ]


def test_single_images_are_called_by_their_labels(config, tmp_path):
    out = tmp_path / "images"
    changed = dataclasses.replace(
        config, set=("Red, Blue=0.5", "Green"), images_only=True, out=str(out), batch_size=1
    )
    assert "4 images" in sample(changed, model(FACES))
    assert {path.name for path in out.iterdir()} == {
        f"{source}__to_{labels}__label.png"
        for source in ("a", "longer")
        for labels in ("Red,Blue=0.5", "Green")
    }
    colour = np.asarray(Image.open(out / "a__to_Red,Blue=0.5__label.png"))[0, 0]
    assert np.abs(colour.astype(int) - (255, 0, 128)).max() <= 1


def test_single_images_of_one_name_are_refused(config, tmp_path):
    twice = ("Red,Blue=0.5", "Red, Blue=0.5")
    changed = dataclasses.replace(config, set=twice, images_only=True, out=str(tmp_path / "images"))
    with pytest.raises(UserError, match="Found changes of one name .* give each --set once"):
        sample(changed, model(FACES))


@pytest.mark.parametrize("changes", [{"target_domain": "happy"}, {}])
def test_a_wrong_mask_is_drawn_beside_the_proper_one(config, changes):
    moods = LabelSet(("happy",), False)
    joint = model(LabelSet(("Red",), True), moods, drawing=MaskDrawing)
    said = sample(dataclasses.replace(config, mask=1, **changes), joint)
    columns = ["happy", "happy, mask 1"] if changes else ["Red", "happy", "happy, mask 1"]
    assert f"with {'; '.join(columns)}" in said
    image, grid = cells(config.out, columns)
    colours = {"Red": (255, 255, 0), "happy": (0, 0, 255), "happy, mask 1": (0, 255, 0)}
    for row in (0, 1):
        for column, name in enumerate(columns, 1):
            assert_cell(image, grid, column, row, colours[name])


def test_wrong_masks_are_told_in_the_names_of_files(config, tmp_path):
    joint = model(FACES, LabelSet(("happy",), False))
    changed = dataclasses.replace(
        config, set=("Red",), mask=2, images_only=True, out=str(tmp_path / "images")
    )
    sample(changed, joint)
    names = {path.name for path in (tmp_path / "images").iterdir()}
    assert names == {f"{s}__to_Red__label{m}.png" for s in ("a", "longer") for m in ("", "_mask2")}


def test_keep_reads_the_labels_of_the_set_that_changes(config, capsys):
    joint = model(LabelSet(("happy", "sad"), False), LabelSet(("Blue",), True))
    sample(dataclasses.replace(config, set=("Blue=0",), keep=True), joint)
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == ["  a.png       Blue 0.98", "  longer.png  not Blue 0.02"]


def test_labels_of_models_that_do_not_say_are_attributes(config):
    """As those of imported runs, unless the algorithm knows domains alone."""
    unsaid = model(FACES)._replace(label_sets=())
    sample(dataclasses.replace(config, set=("Red,Blue=0.5",)), unsaid)
    image, grid = cells(config.out, ["Red,Blue=0.5"])
    assert_cell(image, grid, 1, 0, (255, 0, 128))
    for other in (fake_model(), unsaid._replace(trained=Trained(FakeAlgorithm(), {}))):
        with pytest.raises(UserError, match="domains .*: pass one of them as --target_domain"):
            sample(dataclasses.replace(config, set=("Red",), overwrite=True), other)


def test_hair_has_one_colour_even_where_a_model_does_not_say(config):
    unsaid = model(LabelSet(("Black_Hair", "Blond_Hair", "Young"), True))._replace(label_sets=())
    both = dataclasses.replace(config, set=("Black_Hair,Blond_Hair",))
    with pytest.raises(UserError, match="Black_Hair and Blond_Hair"):
        sample(both, unsaid)


def test_models_that_take_more_than_labels_are_said(config):
    other = fake_model()._replace(label_sets=(FACES,))
    with pytest.raises(UserError, match="^Found --set or --mask for a model that takes more"):
        sample(dataclasses.replace(config, set=("Red",)), other)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"keep": True}, "Found --keep without --set"),
        ({"set": ("Red",), "target_domain": "Red"}, "Found --set=Red and --target_domain=Red"),
        ({"set": ("Red",), "ref": "."}, "Found --set=Red and --ref=."),
        ({"mask": 1, "ref": "."}, "Found --mask=1 and --ref=."),
        ({"mask": 1, "out": "x.mp4"}, "Found --mask=1 and --out=x.mp4, expected no video"),
        ({"mask": 3}, r"Found --mask=3, expected a value in \[0, 2\]"),
        ({"set": ("Red",), "out": "x.mp4"}, "Found --set and --out=x.mp4, expected no video"),
        (
            {"set": ("Red",), "keep": True, "saved_model": ".", "run_dir": ""},
            "Found --keep and --saved_model=., expected --run_dir",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_said(config, changes, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        dataclasses.replace(config, **changes).validate()
    assert str(error.value).count(". ") == 0
