"""What docs/android.md says about the files is so."""

import re

import pytest

from stargan_tf.serving.tflite.interpreters import open_file
from tests.serving.exports import read_metadata
from tests.source_tree import ROOT

TEXT = (ROOT / "docs/android.md").read_text()
KOTLIN = "\n".join(re.findall(r"```kotlin\n(.*?)```", TEXT, re.DOTALL))
SIZES = {"R": 32, "L": 16, "S": 64}


@pytest.fixture(scope="module")
def interpreter(exported):
    return open_file(exported.base / "tflite/1/float16.tflite", runtime="litert")


def rows(heading):
    table = TEXT.split(f"| {heading} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_table_of_signatures(interpreter):
    written = {
        name.strip("`"): (re.findall(r"`(\w+)`", inputs), [output.strip("`")])
        for name, inputs, output in rows("signature")
    }
    found = interpreter.get_signature_list()
    assert {k: (sorted(i), o) for k, (i, o) in written.items()} == {
        key: (sorted(s["inputs"]), list(s["outputs"])) for key, s in found.items()
    }


def test_table_of_tensors(interpreter):
    written = {}
    for names, shape, dtype, _ in rows("tensor"):
        sizes = [SIZES.get(part) or int(part) for part in shape.strip("[]").split(", ")]
        written |= {name: (sizes, dtype) for name in re.findall(r"`(\w+)`", names)}
    for key in interpreter.get_signature_list():
        for name, detail in interpreter.get_signature_runner(key).get_input_details().items():
            assert written[name] == (list(detail["shape"]), detail["dtype"].__name__)


def test_kotlin_calls_real_signatures(interpreter):
    found = interpreter.get_signature_list()
    calls = re.findall(
        r"inputs = mapOf<String, Any>\((.*?)\n        \).*?"
        r'runSignature\(inputs, mapOf<String, Any>\("(\w+)" to drawn\), "(\w+)"\)',
        KOTLIN,
        re.DOTALL,
    )
    assert len(calls) == 2
    for inputs, output, key in calls:
        assert sorted(re.findall(r'"(\w+)" to', inputs)) == sorted(found[key]["inputs"])
        assert [output] == list(found[key]["outputs"])


def test_names_in_model_json(exported):
    info = read_metadata(exported.base / "tflite/1/float16.tflite")
    section = TEXT.split("## Names and sizes inside")[1].split("```")[0]
    names = set(re.findall(r"`(\w+)`", section)) - {"json"}
    assert {"domains", "img_size", "licence"} <= names
    assert all(hasattr(info, name) for name in names)
