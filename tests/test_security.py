"""Nothing that a file holds is run: what SECURITY.md promises, in the source of the product."""

import ast
import os
import pickle
import re
import zipfile

import pytest

from stargan_tf.algorithms.registry import NAMES, settings_class
from stargan_tf.config.serve import ServeConfig
from stargan_tf.errors import UserError
from stargan_tf.weights.torch_file import read_torch_file
from tests.source_tree import ROOT, python_files, tree

PRODUCT = python_files("stargan_tf", "pipeline")

# Modules that run what they read, or read it for others that do.
READ_AND_RUN = {
    *("code", "cloudpickle", "ctypes", "dill", "joblib", "jsonpickle", "marshal", "pickle"),
    *("runpy", "shelve", "telnetlib", "torch", "xml"),
}
# Functions by the ends of their dotted names; what has no dot is a builtin.
DANGEROUS = {
    *("eval", "exec", "compile", "__import__"),
    *(
        "os.system",
        "os.popen",
        "os.startfile",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
    ),
    *("yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load", "yaml.unsafe_load_all"),
    *("tempfile.mktemp", "extractall", "unpack_archive", "download_and_extract", "get_file"),
    *("keras.models.load_model", "keras.saving.load_model", "models.load_model"),
    *("enable_unsafe_deserialization", "load_op_library", "load_library", "py_function"),
    *("onnx.load", "onnx.load_model", "onnx.hub.load"),
}
# Dangerous in some places only: each file has a reason.
ALLOWED = {
    # It follows a handful of instructions by itself, and builds nothing but views of numbers.
    "pickle": {"stargan_tf/weights/torch_unpickler.py"},
    # By names out of tables of the product; an algorithm's own module is checked first.
    "import_module": {
        "stargan_tf/algorithms/registry.py",
        "stargan_tf/benchmarking/run_step.py",
        "stargan_tf/data/sources/__init__.py",
        "stargan_tf/evaluation/measuring.py",
    },
    # Lists of arguments, of which no word comes from a file.
    "subprocess": {
        "pipeline/components/canary.py",
        "pipeline/components/infrastructure.py",
        "stargan_tf/comparison/runs.py",
        "stargan_tf/native_output.py",
    },
    # A SavedModel is a program: only what the user names, and what was just written.
    "saved_model.load": {
        "pipeline/components/canary_process.py",
        "stargan_tf/serving/exported.py",
        "stargan_tf/serving/formats.py",
    },
    "loader.load": {"stargan_tf/devserver/servable.py"},
    # In the graph of the running process; no saved graph holds one.
    "numpy_function": {"stargan_tf/data/input_pipeline.py"},
}
# Keywords with the only value that they may have.
ONLY = {
    "allow_pickle": False,
    "allow_redirects": False,
    "safe_mode": True,
    "shell": False,
    "trust_remote_code": False,
    "verify": True,
}


def dangers(file: str, source: ast.Module) -> list[str]:
    """What a file does that it must not, as `file:line does it`."""
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = names if isinstance(node, ast.Import) else [node.module or ""]
            tops = {module.partition(".")[0] for module in modules}
            used = (tops & READ_AND_RUN) | (tops & ALLOWED.keys())
            if isinstance(node, ast.ImportFrom):
                whole = [f"{node.module}.{name}" for name in names]
                used |= {end for end in {*DANGEROUS, *ALLOWED} if any(_ends(n, end) for n in whole)}
        elif isinstance(node, ast.Attribute | ast.Name):
            used = {end for end in {*DANGEROUS, *ALLOWED} if _ends(ast.unparse(node), end)}
        elif isinstance(node, ast.Call):
            used = _keywords(node)
        else:
            continue
        found += [
            f"{file}:{node.lineno} uses {name}"
            for name in sorted(used)
            if file not in ALLOWED.get(name, ())
        ]
    return found


def _ends(name: str, end: str) -> bool:
    """Whether a dotted name has some end; builtins are no attributes, such as re.compile."""
    is_builtin = end in ("eval", "exec", "compile", "__import__")
    return name == end or (not is_builtin and name.endswith("." + end))


def _keywords(call: ast.Call) -> set[str]:
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    wrong = {
        f"{key}={given[key]}"
        for key, only in ONLY.items()
        if given.get(key, str(only)) != str(only)
    }
    function = ast.unparse(call.func)
    if function in ("np.load", "numpy.load") and "allow_pickle" not in given:
        wrong.add("np.load without allow_pickle=False")
    if function.startswith(("session.", "requests.")) and "allow_redirects" not in given:
        if function.rpartition(".")[2] in ("request", "get", "post", "put", "head"):
            wrong.add("a request without allow_redirects=False")
    return wrong


@pytest.mark.slow
def test_nothing_runs_what_it_reads():
    wrong = [danger for file in PRODUCT for danger in dangers(file, tree(file))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import torch.serialization",
        "import xml.etree.ElementTree as ET",
        "from joblib import load",
        "eval(text)",
        "exec(compile(text, name, 'exec'))",
        "__import__(name)",
        "import os\nos.system(command)",
        "from os import popen",
        "import subprocess",
        "run(command, shell=True)",
        "run(command, shell=flag)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=config.trusted)",
        "yaml.load(text, Loader)",
        "tempfile.mktemp()",
        "archive.extractall(folder)",
        "shutil.unpack_archive(path)",
        "tf.keras.models.load_model(path)",
        "keras.saving.load_model(path)",
        "load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "importlib.import_module(name)",
        "from importlib import import_module",
        "tf.load_op_library(path)",
        "tf.py_function(f, [x], tf.int64)",
        "tf.numpy_function(f, [x], tf.int64)",
        "tf.saved_model.load(path)",
        "onnx.load(path)",
        "session.get(url, verify=False, allow_redirects=False)",
        "session.get(url, allow_redirects=True)",
        "requests.post(url)",
    ],
)
def test_dangers_are_seen(code):
    assert dangers("stargan_tf/some.py", ast.parse(code)), code


@pytest.mark.parametrize(
    "code",
    [
        "re.compile(pattern)",
        "model.evaluate(x)",
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "from stargan_tf.loading import load_model",
        "load_model(config.run_dir, config.saved_model)",
        "json.load(file)",
        "session.request('GET', url, allow_redirects=False)",
    ],
)
def test_what_is_harmless_passes(code):
    assert not dangers("stargan_tf/some.py", ast.parse(code))


def test_what_is_allowed_is_needed():
    for name, files in ALLOWED.items():
        for file in files:
            text = ast.unparse(tree(file))
            assert name in text, f"{file} no longer uses {name}: take it out of ALLOWED"


class Call:
    """Has a pickle call something with one argument."""

    def __init__(self, function, argument):
        self.function, self.argument = function, argument

    def __reduce__(self):
        return self.function, (self.argument,)


FUNCTIONS = [eval, exec, os.system, os.mkdir, os.unlink, open, getattr, __import__, pickle.loads]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_weights_file_calls_nothing(tmp_path, function, protocol):
    made = tmp_path / "made"
    content = pickle.dumps(Call(function, str(made)), protocol)
    path = tmp_path / "weights.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", content)
    for broken in (path.read_bytes(), content):
        path.write_bytes(broken)
        with pytest.raises(UserError, match="not a usable PyTorch weights file"):
            read_torch_file(path)
    assert not made.exists()


@pytest.mark.parametrize(
    "name", ["unittest.__main__", "idlelib.idle", "..x", ".x", "a..b", "a.b; x", "os.path", "a/b.c"]
)
def test_a_run_names_no_module_that_is_no_algorithm(name):
    expected = re.escape(f"expected one of {', '.join(NAMES)}, or the dotted path")
    with pytest.raises(UserError, match=expected):
        settings_class(name)


def test_the_development_server_is_for_this_machine():
    assert ServeConfig().host == "127.0.0.1"


def test_the_advisories_are_of_the_versions_in_the_locks():
    """Who raises a version judges its advisories again."""
    text = (ROOT / "SECURITY.md").read_text()
    locked = {
        tuple(line.split(";")[0].strip().split("=="))
        for lock in ROOT.glob("requirements*.txt")
        for line in lock.read_text().splitlines()
        if "==" in line
    }
    named = re.findall(r"`([a-z][a-z0-9-]*) (\d[\w.]*)`", text)
    assert len(named) > 30
    assert not {*named} - locked
