"""What the files of the project import, read from their source."""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("stargan_tf", "pipeline", "tests")
# Imports whose package has another name, and packages that one we import needs to do our work.
PACKAGE_OF = {
    "PIL": "pillow",
    "absl": "absl_py",
    "dicebear": "dicebear_core",
    "google": "protobuf",
    "grpc": "grpcio",
    "kfp": "kfp_pipeline_spec",
    "tensorflow_serving": "tensorflow_serving_api",
    "yaml": "pyyaml",
}
COMPANIONS = {"dicebear": "dicebear_styles", "imageio": "imageio_ffmpeg"}
# Imported only with a TensorFlow newer than that of requirements.txt.
MODERN_ONLY = {"tf_keras"}


class Import(NamedTuple):
    """One module that a file imports."""

    module: str  # the longest part that is a module: stargan_tf.config.train, or PIL.Image
    name: str  # with what is taken out of it: stargan_tf.config.train.TrainConfig
    line: int

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


def files() -> Iterator[str]:
    """Every file of the packages, as a path from the root of the project."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            relative = path.relative_to(ROOT)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
            if path.is_file() and not hidden:
                yield relative.as_posix()


def python_files(*folders: str) -> list[str]:
    """The .py files, of all packages or under some folders."""
    prefixes = tuple(folder + "/" for folder in folders or PACKAGES)
    return [file for file in files() if file.endswith(".py") and file.startswith(prefixes)]


@functools.cache
def file_of(module: str) -> str | None:
    """The file that holds a module of the project, None when there is no such module."""
    path = module.replace(".", "/")
    for file in (f"{path}.py", f"{path}/__init__.py"):
        if path.split("/")[0] in PACKAGES and (ROOT / file).is_file():
            return file
    return None


@functools.cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(), file)


@functools.cache
def is_main(file: str) -> bool:
    """Whether a file can be run: it has an `if __name__ == "__main__":`."""
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in tree(file).body
    )


@functools.cache
def imports(file: str) -> tuple[Import, ...]:
    """What a file imports, anywhere in it, without the standard library and __future__."""
    found = []
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = file.split("/")[: -node.level] if node.level else []
            base = ".".join([*package, node.module] if node.module else package)
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [Import(_module_part(name), name, node.lineno) for name in names]
    return tuple(i for i in found if i.top not in sys.stdlib_module_names)


def third_party(file: str) -> set[str]:
    """Names of the packages that a file imports, with _ for -."""
    tops = {i.top for i in imports(file)} - {*PACKAGES, *MODERN_ONLY}
    return {PACKAGE_OF.get(top, top) for top in tops} | {
        COMPANIONS[top] for top in tops if top in COMPANIONS
    }


def starts_processes(file: str) -> bool:
    return any(
        isinstance(node, ast.Import) and any(alias.name == "subprocess" for alias in node.names)
        for node in tree(file).body
    )


@functools.cache
def started_mains(file: str) -> frozenset[str]:
    """Commands of the project whose module names stand in a file, to be run by it."""
    names = {
        node.value
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"(stargan_tf|pipeline)(\.\w+)+", node.value)
    }
    return frozenset(name for name in names if (main := file_of(name)) and is_main(main))


def _module_part(name: str) -> str:
    """stargan_tf.config.train for stargan_tf.config.train.TrainConfig."""
    if name.partition(".")[0] not in PACKAGES:
        return name
    while not file_of(name):
        name, _, last = name.rpartition(".")
        if not name:
            raise ModuleNotFoundError(f"no module of the project is named {last}")
    return name
