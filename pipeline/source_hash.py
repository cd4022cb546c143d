"""Hashes of source code, so that the cache notices when code has changed.

TFX's cache knows the inputs and settings of a component, not the code that it runs.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("stargan_tf", "pipeline")


def source_hash(*modules: str) -> str:
    """Hashes the sources of modules and of all that they import from this project.

    Of a module that is none of this project's, such as an algorithm of the user's own,
    its file alone counts.

    Args:
      *modules: names, such as pipeline.components.trainer.

    Returns:
      16 hexadecimal digits.
    """
    ours = [module for module in modules if module.split(".")[0] in PACKAGES]
    files = {file.relative_to(ROOT).as_posix(): file for file in sources(*ours)}
    for module in set(modules) - set(ours):
        files[module] = Path(importlib.util.find_spec(module).origin)
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()[:16]


def sources(*modules: str) -> set[Path]:
    """The files of modules and of all that they import from this project, however deep.

    Raises:
      ModuleNotFoundError: there is no such module in this project.
    """
    todo = {file for module in modules for file in _files(module)}
    missing = [module for module in modules if not _files(module)]
    if missing:
        raise ModuleNotFoundError(f"this project has no module {missing[0]}")
    found: set[Path] = set()
    while todo:
        file = todo.pop()
        found.add(file)
        for module in _imports(file):
            todo |= _files(module) - found
    return found


def _files(module: str) -> set[Path]:
    """A module's file, with the __init__.py of the packages around it; nothing if not ours."""
    parts = module.split(".")
    if parts[0] not in PACKAGES:
        return set()
    path = ROOT.joinpath(*parts)
    if not (path.is_dir() or path.with_suffix(".py").is_file()):
        return set()
    packages = [ROOT.joinpath(*parts[:depth]) / "__init__.py" for depth in range(1, len(parts) + 1)]
    return {file for file in (*packages, path.with_suffix(".py")) if file.is_file()}


def _imports(file: Path) -> Iterator[str]:
    """Modules that a file imports, anywhere in it; names taken out of them count as modules."""
    for node in ast.walk(ast.parse(file.read_bytes(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
