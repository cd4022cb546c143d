import hashlib
import re
import sys

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.faces import detection, networks


def test_the_files_are_those_that_the_readme_names():
    readme = (networks.FOLDER / "README.md").read_text()
    named = dict(re.findall(r"\| `(\w+\.tflite)` \|.*`([0-9a-f]{64})` \|", readme))
    files = {path.name: path.read_bytes() for path in networks.FOLDER.glob("*.tflite")}
    assert named == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert "Apache License" in (networks.FOLDER / "LICENSE").read_text()


@pytest.mark.parametrize("settings", [detection.SHORT_RANGE, detection.FULL_RANGE])
def test_a_detector_has_an_output_for_each_anchor(settings):
    network = networks.open_network(settings.name)
    regressors, logits = network(np.zeros([settings.side, settings.side, 3]))
    anchors = len(detection.anchors(settings.grids))
    assert regressors.shape == (anchors, 16) and logits.shape == (anchors, 1)


def test_outputs_outlive_the_next_call():
    network = networks.open_network("face_landmark")
    first, _ = network(np.zeros([192, 192, 3]))
    before = first.copy()
    network(np.ones([192, 192, 3]))
    np.testing.assert_array_equal(first, before)


def test_without_litert_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(UserError, match="Found no LiteRT.*pip install ai-edge-litert"):
        networks.open_network("face_landmark")


def test_probability():
    found = networks.probability(np.array([-1000.0, 0.0, np.log(3), 1000.0], np.float32))
    np.testing.assert_allclose(found, [0, 0.5, 0.75, 1], atol=1e-7)
