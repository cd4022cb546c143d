"""docs/extending.md is right: each recipe, followed literally in a copy, does what it says.

A recipe is a section of the page. A block of code in it is a step, and the sentence before
the block says which:

  Write `FILE`:                                         the block becomes a new file
  In `FILE`, after the line with `TEXT`, add:           it goes after this line
  In `FILE`, replace the line with `TEXT` by:           it takes the place of this line
  Try it:                                               its lines are commands

The sentences of the paragraph after commands that begin with "It" are what must be seen:

  It says `TEXT`.      It fails and says `TEXT`.      It writes `FILE`.      ... with `TEXT`.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source_tree import ROOT

PAGE = (ROOT / "docs/extending.md").read_text()
TINY = "A tiny model to try things on"
RECIPES = ["A loss weight", "An algorithm", "A feature extractor", "A data source"]
RECIPES += ["A signature", "A flag"]
# What the recipes start. BUILD's dependencies follow from these names.
COMMANDS = {"stargan_tf.train", "stargan_tf.sample", "stargan_tf.evaluate", "stargan_tf.export"}
COMMANDS |= {"stargan_tf.prepare_data"}
EXAMPLE = "saved_models/portraits_64/example.png"

STEPS = {
    "write": r"Write `([^`]+)`:",
    "add": r"In `([^`]+)`, after the line with `([^`]+)`, add:",
    "replace": r"In `([^`]+)`, replace the line with `([^`]+)` by:",
    "run": r"Try it:",
}
SEEN = r"It (says|fails and says|writes) `([^`]+)`(?: with `([^`]+)`)?\.?"
SECONDS = 600  # a command, on a machine that has much else to do


def parse(section: str) -> list[tuple[str, ...]]:
    """Steps as (kind, block, *arguments), and after commands what is seen, as (says, TEXT)."""
    steps: list[tuple[str, ...]] = []
    paragraphs: list[str] = []
    for part in re.split(r"(^```.*?^```$)", section, flags=re.MULTILINE | re.DOTALL):
        if part.startswith("```"):
            steps.append(parse_step(paragraphs[-1], part.partition("\n")[2].removesuffix("```")))
            continue
        paragraphs = [" ".join(paragraph.split()) for paragraph in part.strip().split("\n\n")]
        if steps and steps[-1][0] == "run":
            seen = re.findall(SEEN, paragraphs[0])
            assert seen, f"nothing is said to be seen after {steps[-1][1]!r}"
            steps += seen
    return steps


def parse_step(sentence: str, block: str) -> tuple[str, ...]:
    for kind, form in STEPS.items():
        if match := re.fullmatch(form, sentence):
            return kind, block, *match.groups()
    raise AssertionError(f"{sentence!r} before a block is none of the forms of a step")


class Follower:
    """Follows steps in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = ""  # of the last commands
        self.failed = False

    def follow(self, steps: list[tuple[str, ...]]) -> None:
        for place, (kind, *arguments) in enumerate(steps):
            if kind == "run":
                following = [name for name, *_ in steps[place + 1 :][:1]]
                self.run(*arguments, fails=following == ["fails and says"])
            elif kind == "write":
                self.write(*arguments)
            elif kind in ("add", "replace"):
                self.change(kind, *arguments)
            elif kind == "writes":
                self.look_into(*arguments)
            else:
                text = arguments[0]
                assert text in self.output, f"{text!r} is not in:\n{self.output}"

    def write(self, block: str, file: str) -> None:
        path = self.folder / file
        assert not path.exists(), f"{file} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)

    def change(self, kind: str, block: str, file: str, text: str) -> None:
        lines = (self.folder / file).read_text().splitlines(keepends=True)
        places = [place for place, line in enumerate(lines) if text in line]
        assert len(places) == 1, f"{len(places)} lines of {file} have {text!r}, expected one"
        first = places[0] + (kind == "add")
        lines[first : places[0] + 1] = [block]
        (self.folder / file).write_text("".join(lines))

    def run(self, block: str, fails: bool) -> None:
        self.output = ""
        for command in block.replace("\\\n", " ").splitlines():
            python, *arguments = shlex.split(command)
            assert python == "python", f"{command!r} does not begin with python"
            result = subprocess.run(
                [sys.executable, *arguments],
                cwd=self.folder,
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            self.output += result.stdout
            assert result.returncode == int(fails), f"{command}\n{result.stdout}"
        # Help texts are wrapped where it pleases the terminal.
        self.output = " ".join(self.output.split())

    def look_into(self, file: str, text: str) -> None:
        path = self.folder / file
        assert path.is_file(), f"{file} was not written"
        assert text.encode() in path.read_bytes(), f"{text!r} is not in {file}"


def section(title: str) -> str:
    _, found, rest = PAGE.partition(f"\n## {title}\n")
    assert found, f"no section is called {title!r}"
    return rest.partition("\n## ")[0]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, with the tiny model in it."""
    folder = tmp_path_factory.mktemp("extending") / "tiny"
    shutil.copytree(ROOT / "stargan_tf", folder / "stargan_tf")
    (folder / EXAMPLE).parent.mkdir(parents=True)
    shutil.copy(ROOT / EXAMPLE, folder / EXAMPLE)
    Follower(folder).follow(parse(section(TINY)))
    return folder


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_does_what_it_says(title, tiny, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny, folder)
    Follower(folder).follow(parse(section(title)))


def test_every_block_and_every_sentence_of_what_is_seen_belongs_to_a_recipe():
    steps = [step for title in [TINY, *RECIPES] for step in parse(section(title))]
    assert PAGE.count("\n```") == 2 * sum(step[0] in STEPS for step in steps)
    seen = [step for step in steps if step[0] not in STEPS]
    assert len(re.findall(r"\bIt\s+(?:says|fails|writes)\b", PAGE)) == len(seen)
    for title in RECIPES:
        assert any(kind == "run" for kind, *_ in parse(section(title))), title


def test_every_command_is_one_of_the_product():
    assert set(re.findall(r"python -m (\S+)", PAGE)) == COMMANDS


# What is wrong with a recipe, by what is said of it.
WRONG = {
    "none of the forms": "Do `a.py`:\n\n```\n1\n```\n",
    "nothing is said to be seen": "Try it:\n\n```sh\npython -V\n```\n\nMore.",
    "there already": "Write `there.py`:\n\n```\n1\n```\n",
    "0 lines": "In `there.py`, after the line with `b`, add:\n\n```\n1\n```\n",
    "2 lines": "In `there.py`, replace the line with `a` by:\n\n```\n1\n```\n",
    "begin with python": "Try it:\n\n```sh\nls\n```\n\nIt says `a`.",
    "ZeroDivisionError": "Try it:\n\n```sh\npython -c 1/0\n```\n\nIt says `a`.",
    "python -V": "Try it:\n\n```sh\npython -V\n```\n\nIt fails and says `Python`.",
    "'Ruby' is not in": "Try it:\n\n```sh\npython -V\n```\n\nIt says `Ruby`.",
    "not written": "Try it:\n\n```sh\npython -V\n```\n\nIt writes `b.py`.",
    "'b' is not in": "Try it:\n\n```sh\npython -V\n```\n\nIt writes `there.py` with `b`.",
}


@pytest.mark.parametrize("complaint", WRONG)
def test_a_wrong_recipe_is_noticed(complaint, tmp_path):
    (tmp_path / "there.py").write_text("a = 1\na = 2\n")
    with pytest.raises(AssertionError, match=complaint):
        Follower(tmp_path).follow(parse(WRONG[complaint]))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("after the line with `b`, add", "a\nb\nc = 1\nd\n"),
        ("replace the line with `b` by", "a\nc = 1\nd\n"),
    ],
)
def test_lines_go_where_a_recipe_says(form, expected, tmp_path):
    (tmp_path / "f.py").write_text("a\nb\nd\n")
    Follower(tmp_path).follow(parse(f"In `f.py`,\n{form}:\n\n```python\nc = 1\n```\n"))
    assert (tmp_path / "f.py").read_text() == expected
