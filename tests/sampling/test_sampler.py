import dataclasses

import numpy as np
import pytest
from PIL import Image

from stargan_tf.config.sample import SampleConfig
from stargan_tf.errors import UserError
from stargan_tf.sampling.sampler import sample
from tests.sampling.fakes import DOMAINS, fake_model, save_image

GREY = (128, 128, 128)


@pytest.fixture
def config(tmp_path):
    src = save_image(tmp_path / "photo.png", GREY, size=(80, 50))
    return SampleConfig(
        run_dir=str(tmp_path), src=str(src), out=str(tmp_path / "out"), images_only=True
    )


def draw(config, **changes):
    config = dataclasses.replace(config, **changes)
    return sample(config, fake_model())


def images(folder):
    return {path.name: np.asarray(Image.open(path)).mean(axis=(0, 1)) for path in folder.iterdir()}


def test_random_styles_of_all_domains(config, tmp_path):
    message = draw(config, num_outputs=2)
    assert sorted(images(tmp_path / "out")) == [
        f"photo__to_{domain}__seed7_{index}.png" for domain in DOMAINS for index in range(2)
    ]
    assert "6 images" in message and "cat, dog, wild" in message and "seed 7" in message
    assert str(tmp_path / "out") in message


def test_one_target_domain(config, tmp_path):
    draw(config, target_domain="dog", num_outputs=1)
    assert list(images(tmp_path / "out")) == ["photo__to_dog__seed7_0.png"]


def test_an_unknown_target_domain_is_refused(config):
    with pytest.raises(UserError, match=r"--target_domain=fish.*\(cat, dog, wild\) or all"):
        draw(config, target_domain="fish")


def test_the_seed_decides_the_styles(config, tmp_path):
    outs = [tmp_path / name for name in ("first", "again", "other")]
    for out, seed in zip(outs, [3, 3, 4], strict=True):
        draw(config, seed=seed, out=str(out), target_domain="cat", num_outputs=3)
    first, again, other = (np.stack(list(dict(sorted(images(o).items())).values())) for o in outs)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max(axis=1).min() > 1


def test_psi_0_makes_all_styles_the_mean(config, tmp_path):
    draw(config, psi=0.0, target_domain="cat", num_outputs=3, out=str(tmp_path / "mean"))
    draw(config, psi=1.0, target_domain="cat", num_outputs=3, out=str(tmp_path / "free"))
    mean, free = (np.stack(list(images(tmp_path / o).values())) for o in ("mean", "free"))
    assert np.ptp(mean, axis=0).max() == 0
    assert np.ptp(free, axis=0).max() > 10


def test_references_give_their_colour_and_domain(config, tmp_path):
    save_image(tmp_path / "refs" / "wild" / "tiger.png", (255, 0, 0))
    save_image(tmp_path / "refs" / "cat" / "tiger.png", (0, 255, 0))
    message = draw(config, ref=str(tmp_path / "refs"))
    found = images(tmp_path / "out")
    assert sorted(found) == ["photo__to_cat__ref_tiger.png", "photo__to_wild__ref_tiger.png"]
    # Half the grey, half the reference's red and green, and the domain in the blue.
    expected = [(64 + 128, 64, 64 + 96), (64, 64 + 128, 64 + 32)]
    np.testing.assert_allclose(found["photo__to_wild__ref_tiger.png"], expected[0], atol=1)
    np.testing.assert_allclose(found["photo__to_cat__ref_tiger.png"], expected[1], atol=1)
    assert "cat, wild by references" in message


def test_psi_0_takes_nothing_of_a_reference_but_its_domain(config, tmp_path):
    for name, colour in (("red", (255, 0, 0)), ("green", (0, 255, 0))):
        save_image(tmp_path / "refs" / "cat" / f"{name}.png", colour)
    draw(config, ref=str(tmp_path / "refs"), psi=0.0, out=str(tmp_path / "mean"))
    draw(config, ref=str(tmp_path / "refs"), psi=1.0, out=str(tmp_path / "free"))
    mean, free = (np.stack(list(images(tmp_path / o).values())) for o in ("mean", "free"))
    assert np.ptp(mean, axis=0).max() == 0
    assert np.ptp(free, axis=0).max() > 10


def test_a_grid_shows_some_of_many_images_and_says_so(config, tmp_path):
    folder = tmp_path / "many"
    for index in range(20):
        save_image(folder / f"{index:02d}.png", (12 * index, 0, 0))
    few, all_ = tmp_path / "few.png", tmp_path / "all.png"
    grid = {"src": str(folder), "images_only": False, "num_outputs": 1, "target_domain": "cat"}
    message = draw(config, **grid, max_sources=5, out=str(few))
    assert "5 of the 20 images" in message
    assert "of the 20 images" not in draw(config, **grid, max_sources=0, out=str(all_))
    heights = [Image.open(path).height for path in (few, all_)]
    assert heights[1] > 3 * heights[0]


def test_single_images_are_written_of_all(config, tmp_path):
    for index in range(20):
        save_image(tmp_path / "many" / f"{index:02d}.png", GREY)
    draw(config, src=str(tmp_path / "many"), num_outputs=1, target_domain="cat", max_sources=5)
    assert len(images(tmp_path / "out")) == 20


def test_a_grid_shows_some_of_many_references_of_each_domain(config, tmp_path):
    for domain in ("cat", "dog"):
        for index in range(6):
            save_image(tmp_path / "refs" / domain / f"{index}.png", (40 * index, 0, 0))
    widths = []
    for limit in (2, 0):
        out = tmp_path / f"{limit}.png"
        draw(config, ref=str(tmp_path / "refs"), images_only=False, max_refs=limit, out=str(out))
        widths.append(Image.open(out).width)
    assert widths[1] > 2 * widths[0]


def test_a_single_reference_of_the_target_domain(config, tmp_path):
    ref = save_image(tmp_path / "tiger.png", (255, 0, 0))
    draw(config, ref=str(ref), target_domain="wild")
    assert list(images(tmp_path / "out")) == ["photo__to_wild__ref_tiger.png"]


@pytest.mark.parametrize(("name", "kind"), [("grid.png", "PNG"), ("move.gif", "GIF")])
def test_the_suffix_decides_what_is_written(config, tmp_path, name, kind):
    draw(config, images_only=False, out=str(tmp_path / name), frames=3, num_outputs=2)
    with Image.open(tmp_path / name) as image:
        assert image.format == kind
        assert getattr(image, "n_frames", 1) == (6 if kind == "GIF" else 1)
