import sys

import pytest

from stargan_tf.errors import UserError
from stargan_tf.serving.onnx.packages import check_installed
from tests.serving.exports import export_toy


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "tf2onnx"])
def test_a_missing_package_gets_a_sentence_before_any_work(monkeypatch, tmp_path, package):
    check_installed()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError, match=f"Found no working onnx, .*{package}.*: install"):
        export_toy(tmp_path, formats=("saved_model", "onnx"), check_images=1)
    assert not list(tmp_path.iterdir())


def test_other_formats_need_no_package(monkeypatch, tmp_path):
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        monkeypatch.setitem(sys.modules, package, None)
    made = export_toy(tmp_path, formats=("saved_model",), check_images=1)
    assert "pets version 1" in made.said.summary
