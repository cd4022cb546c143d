"""BUILD says the same as the files: every file in a target, every import in the deps."""

from pathlib import PurePosixPath
from typing import Any

from tests.source_tree import ROOT, file_of, files, imports, is_main, started_mains, third_party

FILES = list(files())
PYTHON = [file for file in FILES if file.endswith(".py")]

Targets = dict[str, dict[str, Any]]


def read_build() -> tuple[Targets, str]:
    """The targets of BUILD by name, and the format of a package's label.

    BUILD files are Python in syntax, so Python runs this one, with functions that take
    down what they are called with.
    """
    targets: Targets = {}

    def taker(rule: str) -> Any:
        def take(**attributes: Any) -> None:
            assert attributes["name"] not in targets, f"two targets are named {attributes['name']}"
            targets[attributes["name"]] = {"rule": rule, "srcs": [], "data": [], **attributes}

        return take

    rules = ("py_library", "py_binary", "py_test", "filegroup", "genrule")
    names: dict[str, Any] = {rule: taker(rule) for rule in rules}
    names |= dict.fromkeys(("load", "package", "exports_files"), lambda *_, **__: None)
    names["glob"] = lambda *_, **__: []
    exec(compile((ROOT / "BUILD").read_text(), "BUILD", "exec"), names)
    return targets, names["PIP"]


def is_test(file: str) -> bool:
    return PurePosixPath(file).name.startswith("test_")


TARGETS, PIP = read_build()
SOURCES = {
    name: [file for file in target["srcs"] if file in PYTHON]
    for name, target in TARGETS.items()
    if target["rule"].startswith("py_")
}
LIBRARIES = [name for name in SOURCES if TARGETS[name]["rule"] == "py_library"]


def home_of(file: str) -> str:
    """The target that a new file belongs to: a library beside it, or one of its own."""
    path = PurePosixPath(file)
    if is_test(file):
        return file.removesuffix(".py")
    if is_main(file) or str(path.parent) == "stargan_tf":
        return path.stem
    folder = str(path.parent)
    for name in LIBRARIES:
        if any(str(PurePosixPath(source).parent) == folder for source in SOURCES[name]):
            return name
    return folder if path.parts[0] == "tests" else path.parts[1]


def expected_deps(sources_of: dict[str, list[str]]) -> dict[str, set[str]]:
    """The labels that each target needs.

    What its files import it needs itself, and a test pytest and what conftest.py above it
    gives; the __init__.py above may also come with one of those.
    """
    owner = {file: name for name, sources in sources_of.items() for file in sources}
    deps: dict[str, set[str]] = {}
    for name, sources in sources_of.items():
        labels = set()
        for file in sources:
            modules = {i.module for i in imports(file)}
            packages = third_party(file)
            if is_test(file):
                conftests = {f"{folder}/conftest.py" for folder in PurePosixPath(file).parents}
                labels |= {":" + owner[conftest] for conftest in conftests & owner.keys()}
                modules |= started_mains(file)
                packages.add("pytest")
            own = filter(None, map(file_of, modules))
            labels |= {":" + owner.get(source, home_of(source)) for source in own}
            labels |= {PIP % package for package in packages}
        deps[name] = labels - {":" + name}

    for name in sorted(sources_of, key=lambda name: (name not in LIBRARIES, name)):
        for file in sources_of[name]:
            for folder in PurePosixPath(file).parents:  # the innermost first
                target = owner.get(f"{folder}/__init__.py", name)
                if target not in reached(name, deps):
                    deps[name].add(":" + target)
    return deps


def reached(name: str, deps: dict[str, set[str]]) -> set[str]:
    """A target and all that it depends on, directly or not."""
    found, todo = {name}, [name]
    while todo:
        new = {dep[1:] for dep in deps.get(todo.pop(), ()) if dep.startswith(":")} - found
        found |= new
        todo += new
    return found


def as_written(label: str) -> str:
    """A label as it stands in BUILD."""
    start, end = PIP.split("%s")
    if label.startswith(start) and label.endswith(end):
        return f'PIP % "{label[len(start) : len(label) - len(end)]}"'
    return f'"{label}"'


def new_target(file: str) -> str:
    """The lines that give a file a target of its own."""
    name = home_of(file)
    deps = expected_deps(SOURCES | {name: [file]})[name]
    if is_test(file):
        deps -= {PIP % "pytest", ":tests/conftest"}  # every test has these
    labels = ", ".join(as_written(label) for label in sorted(deps, key=lambda d: (d[0] != ":", d)))
    if is_test(file):
        return f'to TESTS:\n    "{file}": [{labels}],'
    if is_main(file):
        module = file.removesuffix(".py").replace("/", ".")
        return (
            f'to MAINS, and then as a target:\n    "{name}": "{module}",\n'
            f'py_binary(\n    name = "{name}",\n    srcs = ["{name}_main.py", "{file}"],\n'
            f'    legacy_create_init = 0,\n    main = "{name}_main.py",\n    deps = [{labels}],\n)'
        )
    return f'as a target:\npy_library(name = "{name}", srcs = ["{file}"], deps = [{labels}])'


def test_every_python_file_is_in_exactly_one_target():
    problems = []
    for file in PYTHON:
        count = sum(sources.count(file) for sources in SOURCES.values())
        if count > 1:
            problems.append(f"{file} is in {count} targets, expected one")
        elif not count and home_of(file) in SOURCES:
            problems.append(f'add to the srcs of "{home_of(file)}":\n        "{file}",')
        elif not count:
            problems.append("add " + new_target(file))
    assert not problems, "\nBUILD: ".join(["", *problems])


def test_every_data_file_is_listed():
    listed = {file for target in TARGETS.values() for file in target["srcs"] + target["data"]}
    # Under Bazel a program stands beside each test, with its name.
    ignored = {file.removesuffix(".py") for file in PYTHON}
    missing = [f for f in FILES if f not in listed | ignored and not f.endswith((".py", ".md"))]
    text = "\nBUILD: add to the data of the target that reads it, or to its filegroup:\n"
    assert not missing, text + "\n".join(f'        "{file}",' for file in missing)


def test_every_listed_file_exists():
    generated = {out for target in TARGETS.values() for out in target.get("outs", [])}
    problems = [
        f'BUILD: remove from "{name}": "{file}", for there is no such file'
        for name, target in TARGETS.items()
        for file in target["srcs"] + target["data"]
        if not file.startswith(":") and file not in generated and not (ROOT / file).is_file()
    ]
    assert not problems, "\n".join(["", *problems])


def test_tests_are_py_tests_and_mains_are_py_binaries():
    for name, sources in SOURCES.items():
        rule = TARGETS[name]["rule"]
        for file in sources:
            needed = "test" if is_test(file) else "binary" if is_main(file) else "library"
            assert rule == f"py_{needed}", f"{file} is in a {rule}, needs a py_{needed} of its own"
        if rule == "py_test":
            assert TARGETS[name]["args"] == [f"$(rootpath {sources[0]})"]


def test_deps_are_what_the_sources_import():
    problems = []
    for name, expected in expected_deps(SOURCES).items():
        given = TARGETS[name].get("deps", [])
        assert len(given) == len(set(given)), f'"{name}" lists a dep twice'
        for word, labels in (("add to", expected - {*given}), ("remove from", {*given} - expected)):
            written = ", ".join(as_written(label) for label in sorted(labels))
            problems += [f'BUILD: {word} the deps of "{name}": {written}'] if written else []
    assert not problems, "\n".join(["", *problems])


def test_no_target_depends_on_itself():
    deps = {name: set(target.get("deps", [])) for name, target in TARGETS.items()}
    circles = [
        f'"{name}" needs "{dep[1:]}", which needs "{name}"'
        for name in deps
        for dep in deps[name]
        if name in reached(dep[1:], deps) and dep.startswith(":")
    ]
    assert not circles, "BUILD: split a target in two:\n" + "\n".join(circles)


def test_every_package_is_locked():
    lines = (ROOT / "requirements.txt").read_text().lower().replace("-", "_").splitlines()
    locked = {PIP % line.partition("==")[0] for line in lines if "==" in line}
    used = {dep for target in TARGETS.values() for dep in target.get("deps", []) if dep[0] != ":"}
    assert used <= locked, "requirements.txt lacks what BUILD names"
