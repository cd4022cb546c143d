"""Links between the documents lead somewhere, and folders that a README describes are whole."""

import re

import pytest

from tests.source_tree import ROOT

DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "page").glob("*.md"),
    *(ROOT / "pipeline").rglob("*.md"),
    *(ROOT / "saved_models").glob("*.md"),
    ROOT / "saved_models/portraits_64/README.md",
    *(ROOT / "serving").glob("*.md"),
]
LINKS = [
    (document.relative_to(ROOT).as_posix(), target)
    for document in DOCUMENTS
    for target in sorted(set(re.findall(r"\]\(([^):]+)\)", document.read_text())))
]


def headings(document):
    """What follows the # in links to a document's headings."""
    found = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found}


@pytest.mark.parametrize(("document", "target"), LINKS)
def test_links_lead_somewhere(document, target):
    path, _, heading = target.partition("#")
    there = (ROOT / document).parent / path if path else ROOT / document
    assert there.exists()
    assert not heading or heading in headings(there)


@pytest.mark.parametrize("folder", ["serving", "pipeline/deploy"])
def test_a_readme_names_every_file_of_its_folder(folder):
    readme = (ROOT / folder / "README.md").read_text()
    for path in (ROOT / folder).iterdir():
        assert path.name == "README.md" or path.name in readme
