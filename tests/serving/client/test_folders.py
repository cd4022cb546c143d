import pytest
from PIL import Image

from stargan_tf.serving.client import (
    Client,
    ImageError,
    InvalidRequestError,
    NotFoundError,
    ServingError,
    UnavailableError,
)
from stargan_tf.serving.client.folders import FolderJob, Job
from tests.serving.client import fakes
from tests.serving.client.fake_rest import rest_server
from tests.serving.client.fakes import UNLIKED_WIDTH, colour_of, make_image


@pytest.fixture
def images(tmp_path):
    """Three images, whose red tells them apart."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for red, name in enumerate(("a.png", "b.png", "c.bmp"), start=1):
        content = make_image(name[-3:].upper(), colour=(red, 0, 0))
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def run(client, images, tmp_path):
    """Runs a job; returns the files' colours by name, the counts and the warnings."""

    def run(**settings):
        warnings = []
        job = {"src": str(images), "target_domain": "cat", "out": str(tmp_path / "out"), **settings}
        work = FolderJob(client, Job(**job), warnings.append)
        counts = list(work.run())
        assert sum(map(sum, counts)) == work.total
        out = tmp_path / "out"
        files = {p.name: colour_of(p.read_bytes()) for p in out.iterdir()} if out.is_dir() else {}
        return files, counts, warnings

    return run


def test_every_image_in_every_style(run, model):
    files, counts, warnings = run(num_outputs=2, seed=100, psi=0.5)
    assert files == {
        f"{name}__to_cat__seed100_{index}.png": (red, 100 + index, 0)
        for red, name in enumerate("abc", start=1)
        for index in range(2)
    }
    assert counts == [(1, 0)] * 6 and warnings == []
    assert {row["psi"] for _, _, rows in model.requests for row in rows} == {0.5}


def test_batches(run, model):
    files, counts, _ = run(num_outputs=3, batch_size=4, concurrency=1)
    assert counts == [(4, 0), (4, 0), (1, 0)]
    assert [len(rows) for _, _, rows in model.requests] == [4, 4, 1]
    assert files["b__to_cat__seed7_2.png"] == (2, 9, 0)


def test_no_more_requests_at_once_than_asked_for(run, model):
    model.delay = 0.05
    run(num_outputs=4, concurrency=3)
    assert model.most_in_flight == 3


@pytest.mark.parametrize("batch_size", [1, 5])
def test_what_cannot_be_used_is_rejected(run, images, batch_size):
    (images / "notes.txt").write_text("no image")
    (images / "ugly.png").write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    files, counts, warnings = run(num_outputs=2, batch_size=batch_size)
    assert sorted(files) == [f"{n}__to_cat__seed7_{i}.png" for n in "abc" for i in (0, 1)]
    assert [sum(c) for c in zip(*counts, strict=True)] == [6, 4]
    assert sorted(warnings) == [
        f"warning: rejected: {images / 'notes.txt'} cannot be used (not an image, or of an "
        "unknown format): give a JPEG, PNG, WebP or other common image.",
        f"warning: rejected: {images / 'ugly.png'} (Found an ugly image in row 0: choose another.)",
    ]


def test_an_error_says_when_all_are_rejected(run, images):
    for path in images.iterdir():
        path.write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    with pytest.raises(ServingError, match="None of the 3 files in .* could be translated"):
        run()


def test_a_wrong_domain_is_no_images_fault(run, model):
    with pytest.raises(InvalidRequestError, match=r'^Found target_domain "fox", expected one of'):
        run(target_domain="fox", concurrency=1)
    assert len(model.requests) == 2


def test_once_an_image_was_accepted_the_settings_are_not_doubted(run, model, images):
    (images / "ugly.png").write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    run(concurrency=1)
    assert len(model.requests) == 4


def test_a_single_image_is_never_rejected(run, images):
    path = images / "a.png"
    path.write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    with pytest.raises(InvalidRequestError, match="ugly image"):
        run(src=str(path))
    path.write_text("no image")
    with pytest.raises(ImageError, match="a.png cannot be used"):
        run(src=str(path))


@pytest.mark.parametrize(("name", "file_format"), [("x.png", "PNG"), ("x.JPG", "JPEG")])
def test_one_file(run, images, tmp_path, name, file_format):
    run(src=str(images / "a.png"), out=str(tmp_path / name), seed=200)
    with Image.open(tmp_path / name) as image:
        assert image.format == file_format
        assert abs(image.convert("RGB").getpixel((0, 0))[1] - 200) <= 3


def test_a_server_that_answers_jpeg(run, monkeypatch):
    monkeypatch.setattr(fakes, "translation_of", lambda row: make_image("JPEG"))
    files, _, _ = run()
    assert sorted(files) == [f"{name}__to_cat__seed7_0.jpg" for name in "abc"]


def test_references(run, tmp_path, model):
    refs = tmp_path / "refs"
    refs.mkdir()
    (refs / "white.png").write_bytes(make_image(colour="white"))
    (refs / "black.png").write_bytes(make_image(colour="black"))
    (refs / "notes.txt").write_text("no image")
    (refs / "ugly.png").write_bytes(make_image(size=(UNLIKED_WIDTH, 5)))
    files, _, warnings = run(ref=str(refs), num_outputs=5)
    assert files == {
        f"{name}__to_cat__ref_{ref}.png": (red, 0, style)
        for red, name in enumerate("abc", start=1)
        for ref, style in (("white", 100), ("black", 0))
    }
    assert len(warnings) == 2
    signatures = [signature for _, signature, _ in model.requests]
    assert signatures.count("translate_style") == 6


def test_references_of_which_none_is_usable(run, tmp_path):
    ref = tmp_path / "refs" / "a.png"
    ref.parent.mkdir()
    ref.write_text("no image")
    with pytest.raises(ImageError, match="None of the 1 files in .* as a reference"):
        run(ref=str(ref.parent))
    with pytest.raises(ImageError, match="a.png cannot be used"):
        run(ref=str(ref))
    ref.write_bytes(make_image())
    with pytest.raises(InvalidRequestError, match='target_domain "fox"'):
        run(ref=str(ref.parent), target_domain="fox")


def test_a_server_that_goes_leaves_what_is_finished(images, model, tmp_path):
    out = tmp_path / "out"
    job = Job(str(images), "cat", str(out), concurrency=1)
    with rest_server(model) as address:
        client = Client(address, "pets", retries=0)
        work = FolderJob(client, job, print).run()
        model.before = [None] + [ConnectionAbortedError()] * 5
        assert next(work) == (1, 0)
        with pytest.raises(UnavailableError):
            list(work)
    assert "a__to_cat__seed7_0.png" in {path.name for path in out.iterdir()}
    assert all(path.name.endswith("seed7_0.png") for path in out.iterdir())


def test_a_domain_makes_no_folders(run, monkeypatch, model):
    monkeypatch.setattr(fakes, "DOMAINS", ("../cat",))
    files, _, _ = run(target_domain="../cat")
    assert "a__to_.._cat__seed7_0.png" in files


@pytest.mark.parametrize("label", [None, "stable"])
def test_styles_of_references_are_drawn_by_the_version_that_made_them(
    server, model, images, tmp_path, label
):
    """A server takes up new versions while it answers; their styles have other codes."""
    model.versions = [(2, "END", ""), (3, "AVAILABLE", ""), (4, "LOADING", "")]
    job = Job(src=str(images), target_domain="cat", out=str(tmp_path / "out"), ref=str(images))
    with Client(server, "pets", label=label) as client:
        work = FolderJob(client, job, print)
        model.versions = [(3, "UNLOADING", ""), (4, "AVAILABLE", "")]
        assert sum(written for written, _ in work.run()) == 9
    assert {signature for _, signature, _ in model.requests} == {"encode_style", "translate_style"}
    assert {choice.get("versions") for choice, _, _ in model.requests} == {"3"}


def test_references_need_a_version_that_can_answer(client, model, images, tmp_path):
    model.versions = [(3, "LOADING", "")]
    job = Job(src=str(images), target_domain="cat", out=str(tmp_path / "out"), ref=str(images))
    with pytest.raises(NotFoundError, match="no available version of pets .*3 is LOADING"):
        FolderJob(client, job, print)
    assert model.requests == []
