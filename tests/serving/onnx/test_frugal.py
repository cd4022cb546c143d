import os
import subprocess
import sys
import textwrap

import pytest
from tf2onnx.graph import Graph

from stargan_tf.serving.onnx.frugal import few_copies
from tests.source_tree import ROOT

PROGRAM = """
    import contextlib, pathlib
    import numpy as np, tensorflow as tf
    from stargan_tf.algorithms.signatures import Signature
    from stargan_tf.serving.model_info import ModelInfo, describe
    from stargan_tf.serving.onnx import conversion

    class OneSignature:
        def signatures(self):
            return (signature,)

    def compute(graph, style_code):
        for weights in layers:
            style_code = tf.nn.relu(tf.matmul(style_code, weights) + 1)
        return style_code

    def peak():
        status = pathlib.Path("/proc/self/status").read_text().split("VmHWM:")[1]
        return int(status.split()[0]) * 1024

    def converted():
        return len(conversion.ONNXConverter(None, OneSignature(), info).convert("strange"))

    signature = Signature("strange", ("style_code",), "style_code", compute)
    info = ModelInfo("pets", 1, ("cat",), 32, 16, 1024, 7, "png", "none", {}, "1",
                     signatures=describe([signature]))
    layers = [tf.eye(1024)]
    converted()  # so that imports and the like do not count
    layers = [tf.Variable(np.random.randn(1024, 1024).astype("f")) for _ in range(8)]
    before = peak()
    size = converted()
    assert size > 32e6
    print((peak() - before) / size)
"""


@pytest.mark.slow
def test_memory_is_a_few_copies_of_the_weights():
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 40  # of 21; without it, 97


@pytest.mark.parametrize("before", [None, "TRUE"])
def test_all_is_as_before_afterwards(monkeypatch, before):
    name = "TF2ONNX_CATCH_ERRORS"
    monkeypatch.delenv(name, raising=False)
    if before:
        monkeypatch.setenv(name, before)
    method = Graph.update_proto
    with pytest.raises(ValueError), few_copies():
        assert Graph.update_proto is not method and os.environ[name] == "FALSE"
        raise ValueError
    assert Graph.update_proto is method and os.environ.get(name) == before
