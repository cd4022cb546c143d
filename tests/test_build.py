"""BUILD says the same as the files: every file in a target, every import in the deps."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.source_tree import (
    ROOT,
    file_of,
    files,
    imports,
    is_main,
    started_mains,
    starts_processes,
    third_party,
)

FILES = list(files())

Targets = dict[str, dict[str, Any]]


def matches(pattern: str, file: str) -> bool:
    """Whether Bazel's glob takes a file: * stays in a folder, ** stands for any folders."""
    parts = [
        "(?:[^/]+/)*" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") + "/"
        for part in pattern.split("/")
    ]
    return re.fullmatch("".join(parts), file + "/") is not None


def read_build(existing: Sequence[str] = FILES) -> tuple[Targets, str]:
    """The targets of BUILD by name, and the format of a package's label.

    BUILD files are Python in syntax, so Python runs this one, with functions that take
    down what they are called with.

    Args:
        existing: the files that glob finds.
    """
    targets: Targets = {}

    def taker(rule: str) -> Any:
        def take(**attributes: Any) -> None:
            assert attributes["name"] not in targets, f"two targets are named {attributes['name']}"
            targets[attributes["name"]] = {"rule": rule, "srcs": [], "data": [], **attributes}

        return take

    def glob(
        include: list[str],
        exclude: Sequence[str] = (),
        allow_empty: bool = False,
        exclude_directories: int = 1,
    ) -> list[str]:
        found = [
            file
            for file in existing
            if any(matches(pattern, file) for pattern in include)
            and not any(matches(pattern, file) for pattern in exclude)
        ]
        assert found or allow_empty, f"BUILD: no file is one of {include}, without {exclude}"
        return found

    rules = ("py_library", "py_binary", "py_test", "filegroup", "genrule")
    names: dict[str, Any] = {rule: taker(rule) for rule in rules} | {"glob": glob}
    names |= dict.fromkeys(("load", "package", "exports_files"), lambda *_, **__: None)
    exec(compile((ROOT / "BUILD").read_text(), "BUILD", "exec"), names)
    return targets, names["PIP"]


TARGETS, PIP = read_build()


def is_test(file: str) -> bool:
    return PurePosixPath(file).name.startswith("test_")


def folder_of(test: str) -> str:
    """The name in TESTS of the folder that a file of tests/ is in."""
    return "/".join(PurePosixPath(test).parts[:-1][:2])


def python_targets(targets: Targets) -> Targets:
    return {name: target for name, target in targets.items() if target["rule"].startswith("py_")}


def owners(targets: Targets) -> dict[str, list[str]]:
    """Every file of a Python target, with the targets that it is in."""
    found: dict[str, list[str]] = {}
    for name, target in python_targets(targets).items():
        for file in target["srcs"]:
            found.setdefault(file, []).append(name)
    return found


def uncovered(existing: Sequence[str]) -> list[str]:
    """What to change so that every Python file is in exactly one target."""
    owner = owners(read_build(existing)[0])
    problems = []
    for file in existing:
        names = owner.get(file, [])
        if file.endswith(".py") and not names:
            table = "TESTS" if file.startswith("tests/") else "PACKAGES"
            problems.append(f"{file} is in no target: add {folder_of(file)} to {table}")
        elif len(names) > 1:
            problems.append(f"{file} is in the targets {names}, expected one")
    return problems


def declared_deps(targets: Targets) -> dict[str, set[str]]:
    return {name: set(target.get("deps", [])) for name, target in python_targets(targets).items()}


def expected_deps(targets: Targets) -> dict[str, set[str]]:
    """The labels that each target needs.

    What the tests of a folder import, the folder's library needs.
    """
    owner = {file: names[0] for file, names in owners(targets).items()}
    deps: dict[str, set[str]] = {name: set() for name in python_targets(targets)}
    for file, name in owner.items():
        if file not in FILES:
            continue  # made by a genrule
        if is_test(file):
            deps[name] = {":" + folder_of(file), ":tests/conftest", PIP % "pytest"}
            deps[folder_of(file)].add(PIP % "pytest")
            name = folder_of(file)
        deps[name] |= needs(file, owner)
    return {name: labels - {":" + name} for name, labels in deps.items()}


def needs(file: str, owner: dict[str, str]) -> set[str]:
    """The labels of what one file imports, or starts as a command, and of __init__.py above."""
    modules = {i.module for i in imports(file)}
    if is_test(file) or starts_processes(file):
        modules |= started_mains(file)
    sources = {file_of(module) for module in modules}
    sources |= {f"{folder}/__init__.py" for folder in PurePosixPath(file).parents}
    own = {":" + owner[source] for source in sources if source in owner}
    return own | {PIP % name for name in third_party(file)}


def reached(name: str, deps: dict[str, set[str]]) -> set[str]:
    """A target and all that it depends on, directly or not."""
    found, todo = {name}, [name]
    while todo:
        new = {dep[1:] for dep in deps.get(todo.pop(), ()) if dep.startswith(":")} - found
        found |= new
        todo += new
    return found


def wrong_deps(targets: Targets) -> list[str]:
    """What to change so that each target declares exactly what it needs."""
    start, end = PIP.split("%s")
    problems = []
    for name, expected in expected_deps(targets).items():
        given = declared_deps(targets)[name]
        for word, labels in (("add to", expected - given), ("remove from", given - expected)):
            written = ", ".join(
                f'"{label.removeprefix(start).removesuffix(end)}"' for label in sorted(labels)
            )
            problems += [f'{word} the deps of "{name}": {written}'] if written else []
    return problems


def report(problems: list[str]) -> str:
    return "\nBUILD: ".join(["", *problems])


def test_every_python_file_is_in_exactly_one_target():
    problems = uncovered(FILES)
    assert not problems, report(problems)


def test_a_new_file_in_a_package_needs_no_new_line():
    new = [f"{PurePosixPath(file).parent}/new_file.py" for file in FILES if file.endswith(".py")]
    new += ["stargan_tf/data/new_folder/__init__.py", "tests/data/test_new_file.py"]
    assert not uncovered([*FILES, *dict.fromkeys(new)])


@pytest.mark.parametrize("folder", ["stargan_tf/new_package", "tests/new_package", "new_package"])
def test_a_new_package_needs_a_line(folder):
    [problem] = uncovered([*FILES, f"{folder}/__init__.py"])
    assert folder in problem


def test_a_package_that_has_gone_is_reported():
    with pytest.raises(AssertionError, match="stargan_tf/losses"):
        read_build([file for file in FILES if not file.startswith("stargan_tf/losses/")])


@pytest.mark.parametrize(
    ("pattern", "taken", "not_taken"),
    [
        ("a/*.py", ["a/b.py"], ["a/b/c.py", "a/b.pyc", "a/bXpy"]),
        ("a/**/*.py", ["a/b.py", "a/b/c.py", "a/b/c/d.py"], ["a.py", "ba/b.py"]),
        ("a/**", ["a/b", "a/b/c"], ["b/a"]),
        ("**/*.py", ["a.py", "a/b.py"], ["a/b"]),
        ("*", ["a"], ["a/b"]),
    ],
)
def test_globs_are_bazels(pattern, taken, not_taken):
    assert [file for file in taken + not_taken if matches(pattern, file)] == taken


def test_every_data_file_is_listed():
    listed = {
        file
        for name, target in TARGETS.items()
        for file in target["srcs"] + target["data"]
        if name != "checkout"  # which has every file
    }
    missing = [f for f in FILES if f not in listed and not f.endswith((".py", ".md"))]
    assert not missing, report([f'add "{f}" to the data of who reads it' for f in missing])


def test_every_listed_file_exists():
    generated = {out for target in TARGETS.values() for out in target.get("outs", [])}
    problems = [
        f'remove "{file}" from "{name}", for there is no such file'
        for name, target in TARGETS.items()
        for file in target["srcs"] + target["data"]
        if not file.startswith(":") and file not in generated and not (ROOT / file).is_file()
    ]
    assert not problems, report(problems)


def test_tests_are_py_tests_and_mains_are_py_binaries():
    problems = []
    for file, (name, *_) in owners(TARGETS).items():
        if file in FILES:
            expected = "test" if is_test(file) else "binary" if is_main(file) else "library"
            if TARGETS[name]["rule"] != f"py_{expected}":
                problems.append(f"{file} is in a {TARGETS[name]['rule']}, expected py_{expected}")
            if is_test(file) and TARGETS[name]["args"] != [f"$(rootpath {file})"]:
                problems.append(f"the args of {file} are {TARGETS[name]['args']}")
    assert not problems, report(problems)


def test_deps_are_what_the_sources_import():
    problems = wrong_deps(TARGETS)
    assert not problems, report(problems)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["losses", "train", "wiring", "pipeline", "tests/data"])
def test_a_dependency_more_or_less_is_reported(name):
    for dep in TARGETS[name]["deps"]:
        if dep != PIP % "pytest":
            fewer = {**TARGETS[name], "deps": [d for d in TARGETS[name]["deps"] if d != dep]}
            assert any(f'"{name}"' in p for p in wrong_deps(TARGETS | {name: fewer})), dep
    more = {**TARGETS[name], "deps": [*TARGETS[name]["deps"], ":compile_kubeflow"]}
    assert [f'remove from the deps of "{name}": ":compile_kubeflow"'] == wrong_deps(
        TARGETS | {name: more}
    )


def test_no_dependency_is_declared_twice():
    for name, target in TARGETS.items():
        deps = target.get("deps", [])
        assert len(deps) == len(set(deps)), f'"{name}" lists a dep twice: {sorted(deps)}'


def test_no_test_imports_another():
    problems = [
        f"{file} imports {i.module}, a test: move what both use to a file beside them"
        for file in FILES
        for i in (imports(file) if is_test(file) else ())
        if is_test(file_of(i.module) or "")
    ]
    assert not problems, report(problems)


def test_no_target_depends_on_itself():
    deps = declared_deps(TARGETS)
    circles = [
        f'"{name}" needs "{dep[1:]}", which needs "{name}": move what both import to another'
        for name in deps
        for dep in deps[name]
        if dep.startswith(":") and name in reached(dep[1:], deps)
    ]
    assert not circles, report(circles)


def test_every_package_is_locked():
    lines = (ROOT / "requirements.txt").read_text().lower().replace("-", "_").splitlines()
    locked = {PIP % line.partition("==")[0] for line in lines if "==" in line}
    used = {dep for target in TARGETS.values() for dep in target.get("deps", []) if dep[0] != ":"}
    assert used <= locked, "requirements.txt lacks what BUILD names"
