from pathlib import Path

import pytest

from pipeline import source_hash
from pipeline.source_hash import ROOT, sources
from stargan_tf.algorithms.registry import module_path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "stargan_tf/__init__.py": "",
        "stargan_tf/a.py": "import os\nfrom stargan_tf import b\n",
        "stargan_tf/b.py": "def late():\n    from stargan_tf.deep.c import thing\n",
        "stargan_tf/deep/__init__.py": "",
        "stargan_tf/deep/c.py": "thing = 1\n",
        "stargan_tf/stranger.py": "import stargan_tf.a\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(source_hash, "ROOT", tmp_path)
    return tmp_path


def test_what_a_module_imports_counts_however_deep(project: Path) -> None:
    found = {str(file.relative_to(project / "stargan_tf")) for file in sources("stargan_tf.a")}
    assert found == {"__init__.py", "a.py", "b.py", "deep/__init__.py", "deep/c.py"}


@pytest.mark.parametrize(
    ("file", "counts"), [("a", True), ("b", True), ("deep/c", True), ("stranger", False)]
)
def test_the_hash_follows_the_sources(project: Path, file: str, counts: bool) -> None:
    before = source_hash.source_hash("stargan_tf.a")
    with (project / f"stargan_tf/{file}.py").open("a") as source:
        source.write("# edited\n")
    assert (source_hash.source_hash("stargan_tf.a") != before) == counts


def test_a_module_of_somebody_else_counts_by_its_own_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = project / "own_algorithm.py"
    own.write_text("import os\n")
    monkeypatch.syspath_prepend(project)
    before = source_hash.source_hash("stargan_tf.a", "own_algorithm")
    assert before != source_hash.source_hash("stargan_tf.a")
    own.write_text("import sys\n")
    assert source_hash.source_hash("stargan_tf.a", "own_algorithm") != before


def test_an_unknown_module_is_an_error(project: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="no module stargan_tf.typo"):
        sources("stargan_tf.a", "stargan_tf.typo")


def test_training_depends_on_what_it_runs() -> None:
    trainer = sources("pipeline.components.trainer", module_path("stargan_v2"))
    names = {file.name for file in trainer}
    assert {"trainer.py", "generator.py", "input_pipeline.py", "exporter.py"} <= names
    files = {file.relative_to(ROOT).as_posix() for file in trainer}
    assert {f"stargan_tf/{part}/step.py" for part in ("training", "algorithms/stargan_v2")} <= files
    assert not {"client.py", "serve.py", "run_local.py", "model_evaluator.py"} & names
