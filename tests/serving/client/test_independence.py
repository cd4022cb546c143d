"""The client's folder stands alone."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import stargan_tf.serving.client

FOLDER = Path(stargan_tf.serving.client.__file__).parent
ALLOWED = {"grpc", "google", "requests", "PIL"}
HEAVY = {"tensorflow", "tensorflow_serving", "numpy", "keras", "absl", "tqdm"}


def modules_after(program, path=None):
    program += "\nimport sys; print(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=path
    )
    return set(result.stdout.split())


def tops(modules):
    return {module.partition(".")[0] for module in modules}


def test_importing_it_is_light():
    modules = modules_after("import stargan_tf.serving.client")
    assert not tops(modules) & (HEAVY | {"grpc", "requests", "PIL"})
    assert "google.protobuf" not in modules
    own = {module for module in modules if module.startswith("stargan_tf")}
    inside = "stargan_tf.serving.client"
    assert {m for m in own if not m.startswith(inside)} == {"stargan_tf", "stargan_tf.serving"}


def test_each_transport_imports_its_own_packages_only():
    start = "from stargan_tf.serving.client import Client\nClient('{}://localhost:1', 'pets')"
    rest, rpc = (tops(modules_after(start.format(scheme))) for scheme in ("http", "grpc"))
    assert "requests" in rest and not rest & (HEAVY | {"grpc", "PIL"})
    assert "grpc" in rpc and not rpc & (HEAVY | {"requests", "PIL"})


def test_a_copy_in_another_place_works(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "app" / "translation")
    (tmp_path / "app" / "__init__.py").touch()
    program = (
        "import app.translation as t, app.translation.folders, app.translation.report\n"
        "t.Client('grpc://localhost:1', 'pets'); t.Client('http://localhost:1', 'pets')"
    )
    modules = modules_after(program, tmp_path)
    assert "stargan_tf" not in tops(modules)


def test_only_the_standard_library_and_four_packages_are_imported():
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            strange = tops(names) - ALLOWED - sys.stdlib_module_names
            assert not strange, f"{path.name} imports {strange}"
