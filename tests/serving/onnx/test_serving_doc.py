"""What serving/README.md says about ONNX files is so."""

import re

import numpy as np

from stargan_tf.serving.onnx.conversion import OPSET
from stargan_tf.serving.onnx.sessions import open_file
from tests.serving.onnx.files import file_of
from tests.source_tree import ROOT

SECTION = (ROOT / "serving/README.md").read_text().split("## ONNX")[1].split("\n## ")[0]


def test_table_of_files(onnx_export):
    table = SECTION.split("| file |")[1].split("\n\n")[0].splitlines()[2:]
    written = {}
    for line in table:
        file, *names = re.findall(r"`([\w.]+)`", line)
        written[file] = names
    found = {}
    for path in (onnx_export.base / "onnx/1").iterdir():
        session = open_file(path)
        values = (*session.get_inputs(), *session.get_outputs())
        found[path.name] = [value.name for value in values]
    assert written == found
    assert f"opset {OPSET}." in SECTION


def test_python_runs(onnx_export, tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    (tmp_path / "saved_models").mkdir()
    (tmp_path / "saved_models/photos").symlink_to(onnx_export.base)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    x, z, psi = (names["inputs"][key] for key in ("image", "latent", "psi"))
    networks = onnx_export.networks
    for row, y in enumerate([0, 1]):
        mean = onnx_export.mean_codes[y]
        code = networks["mapping_network"](z[row : row + 1], np.array([y]))
        code = mean + psi[row] * (code - mean)
        expected = np.clip(networks["generator"](x[row : row + 1], code), -1, 1)
        np.testing.assert_allclose(names["translations"][row : row + 1], expected, atol=1e-4)


def test_triton_gets_a_file_that_there_is(onnx_export):
    (source,) = re.findall(r"cp saved_models/photos/onnx/1/(\w+)\.onnx triton/\S+", SECTION)
    assert file_of(onnx_export, source).is_file()
