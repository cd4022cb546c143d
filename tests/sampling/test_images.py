import os
import unicodedata

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.names import find_domain
from stargan_tf.sampling.images import (
    ReferenceFile,
    find_references,
    find_sources,
    read_images,
    spread,
)
from tests.sampling.fakes import DOMAINS, SIZE, save_image

WILD = DOMAINS.index("wild")


def test_a_source_may_be_one_file(tmp_path):
    path = save_image(tmp_path / "photo.jpg", "red")
    assert find_sources(path) == [path]


def test_sources_are_the_files_directly_in_a_folder(tmp_path):
    b, a = (save_image(tmp_path / name, "red") for name in ("b.jpg", "a.png"))
    save_image(tmp_path / "cat" / "c.jpg", "red")
    (tmp_path / ".hidden").touch()
    assert find_sources(tmp_path) == [a, b]


def test_a_folder_of_folders_is_no_source(tmp_path):
    save_image(tmp_path / "cat" / "c.jpg", "red")
    with pytest.raises(UserError, match=r"directly in .*one of the folders in it \(cat\)"):
        find_sources(tmp_path)


def test_an_empty_folder_is_no_source(tmp_path):
    with pytest.raises(UserError, match="Found no files directly in"):
        find_sources(tmp_path)


def test_a_references_domain_is_that_of_its_folder(tmp_path):
    path = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    assert find_references(path, DOMAINS) == [ReferenceFile(path, WILD)]
    assert find_references(path.parent, DOMAINS) == [ReferenceFile(path, WILD)]


def test_a_links_domain_is_that_of_its_own_folder(tmp_path):
    path = save_image(tmp_path / "store" / "cat" / "x.jpg", "red")
    (tmp_path / "dog").mkdir()
    link, folder = tmp_path / "dog" / "a.jpg", tmp_path / "wild"
    link.symlink_to(path)
    folder.symlink_to(path.parent)
    assert find_references(link, DOMAINS) == [ReferenceFile(link, DOMAINS.index("dog"))]
    assert find_references(folder, DOMAINS) == [ReferenceFile(folder / "x.jpg", WILD)]


def test_the_target_domain_is_stronger_than_the_folder(tmp_path):
    path = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    assert find_references(path, DOMAINS, target=0) == [ReferenceFile(path, 0)]
    assert find_references(path.parent, DOMAINS, target=0) == [ReferenceFile(path, 0)]


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_reference_of_unknown_domain_asks_for_it(tmp_path, as_folder):
    path = save_image(tmp_path / "holiday" / "tiger.jpg", "red")
    with pytest.raises(UserError, match=r"\(cat, dog, wild\): pass --target_domain"):
        find_references(path.parent if as_folder else path, DOMAINS)
    found = find_references(path.parent if as_folder else path, DOMAINS, target=WILD)
    assert found == [ReferenceFile(path, WILD)]


def test_references_in_domain_folders(tmp_path, capsys):
    tiger = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    felix = save_image(tmp_path / "cat" / "felix.jpg", "red")
    save_image(tmp_path / "others" / "x.jpg", "red")
    save_image(tmp_path / "stray.jpg", "red")
    assert find_references(tmp_path, DOMAINS) == [ReferenceFile(felix, 0), ReferenceFile(tiger, 2)]
    assert f"warning: rejected: {tmp_path / 'stray.jpg'}" in capsys.readouterr().err


@pytest.mark.parametrize("target", [None, WILD])
def test_folders_that_fit_no_domain_are_named(tmp_path, capsys, target):
    tiger = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    save_image(tmp_path / "Cat" / "felix.jpg", "red")
    save_image(tmp_path / "dogs" / "rex.jpg", "red")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "Thumbs.db").touch()
    assert find_references(tmp_path, DOMAINS, target=target) == [ReferenceFile(tiger, WILD)]
    named = f"{tmp_path / 'Cat'}, {tmp_path / 'dogs'} (expected folders with the name of a domain"
    assert capsys.readouterr().err == f"warning: rejected: {named}: cat, dog, wild)\n"


@pytest.mark.parametrize("domain_as", ["NFC", "NFD"])
@pytest.mark.parametrize("folder_as", ["NFC", "NFD"])
def test_folders_of_references_fit_in_both_forms_of_unicode(tmp_path, domain_as, folder_as):
    domains = ("cat", unicodedata.normalize(domain_as, "고양이"))
    folder = tmp_path / unicodedata.normalize(folder_as, "고양이")
    path = save_image(folder / "a.jpg", "red")
    for ref in (tmp_path, folder, path):
        assert find_references(ref, domains) == [ReferenceFile(path, 1)]


def test_system_files_are_neither_sources_nor_references(tmp_path):
    path = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "._tiger.jpg"):
        (path.parent / name).touch()
    assert find_sources(path.parent) == [path]
    assert find_references(path.parent, DOMAINS) == [ReferenceFile(path, WILD)]


def test_only_the_target_domains_folder_is_used(tmp_path):
    tiger = save_image(tmp_path / "wild" / "tiger.jpg", "red")
    save_image(tmp_path / "cat" / "felix.jpg", "red")
    assert find_references(tmp_path, DOMAINS, target=WILD) == [ReferenceFile(tiger, WILD)]
    with pytest.raises(UserError, match=r"name of a domain \(dog\)"):
        find_references(tmp_path, DOMAINS, target=1)


def test_no_references_at_all(tmp_path):
    save_image(tmp_path / "others" / "x.jpg", "red")
    with pytest.raises(UserError, match=r"Found no files in .*\(cat, dog, wild\)"):
        find_references(tmp_path, DOMAINS)


def test_domains_are_found_by_the_names_of_the_folders_they_were_made_from():
    domains = ("Open_Peeps", "pixel-art")
    assert find_domain("Open Peeps", domains) == 0
    assert find_domain("pixel-art", domains) == 1
    assert find_domain("elsewhere", domains) is None
    assert find_domain("___", domains) is None


def test_images_of_any_size_become_square(tmp_path):
    paths = [
        save_image(tmp_path / "wide.jpg", (255, 0, 0), size=(90, 40)),
        save_image(tmp_path / "small.png", (0, 0, 0), size=(7, 9)),
    ]
    found = list(read_images(tmp_path, paths, SIZE))
    assert [image.path for image in found] == paths
    for image in found:
        assert image.pixels.shape == (SIZE, SIZE, 3) and image.pixels.dtype == np.float32
    np.testing.assert_allclose(found[0].pixels.mean(axis=(0, 1)), [1, -1, -1], atol=0.03)


def test_bad_files_of_a_folder_are_named_and_rejected(tmp_path, capsys):
    good = save_image(tmp_path / "good.png", "red")
    bad = tmp_path / "notes.txt"
    bad.write_text("no image")
    found = list(read_images(tmp_path, [good, bad], SIZE))
    assert [image.path for image in found] == [good]
    error = capsys.readouterr().err
    assert error.startswith("warning: ") and str(bad) in error and error.count("\n") == 1


def test_what_is_no_file_is_named_and_rejected(tmp_path, capsys):
    good = save_image(tmp_path / "good.png", "red")
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to("nowhere.png")
    os.mkfifo(pipe)
    paths = find_sources(tmp_path)
    assert paths == [good, link, pipe]
    assert [image.path for image in read_images(tmp_path, paths, SIZE)] == [good]
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"warning: rejected: {link} cannot be used (No such file")
    assert second.startswith(f"warning: rejected: {pipe} cannot be used (not a file: ")
    with pytest.raises(UserError, match="pipe.png cannot be used .not a file"):
        list(read_images(pipe, find_sources(pipe), SIZE))


def test_images_may_be_prepared_first(tmp_path, capsys):
    good, bad = (save_image(tmp_path / name, "red") for name in ("good.png", "bad.png"))

    def blue(path, image):
        assert image.shape == (SIZE, SIZE, 3) and image.dtype == np.uint8
        if path == bad:
            raise UserError(f"{path} has no face.")
        return np.full([5, 7, 3], (0, 0, 255), np.uint8)

    (found,) = read_images(tmp_path, [good, bad], SIZE, blue)
    np.testing.assert_allclose(found.pixels.mean(axis=(0, 1)), [-1, -1, 1])
    assert capsys.readouterr().err == f"warning: rejected: {bad} has no face.\n"
    with pytest.raises(UserError, match="has no face"):
        list(read_images(bad, [bad], SIZE, blue))


def test_a_folder_of_bad_files_is_an_error(tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("no image")
    with pytest.raises(UserError, match="None of the 1 files in .* is an image that can be used"):
        list(read_images(tmp_path, [bad], SIZE))


def test_a_single_bad_file_is_an_error(tmp_path):
    bad = tmp_path / "photo.jpg"
    bad.write_text("no image")
    with pytest.raises(UserError, match="photo.jpg"):
        list(read_images(bad, [bad], SIZE))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, range(10)), (10, range(10)), (99, range(10)), (5, [0, 2, 4, 6, 8]), (3, [0, 3, 6])],
)
def test_items_are_taken_at_even_distances(limit, expected):
    assert spread(range(10), limit) == list(expected)
