import ast
import re
import shlex
from pathlib import Path

import pytest

from stargan_tf.shell import command
from tests.source_tree import python_files, tree


@pytest.mark.parametrize("folder", ["runs/a", "a [lr=1e-4]", "a'b", "$(x) *", "~/a", "a;b\n"])
def test_commands_can_be_pasted(folder):
    words = shlex.split(command("train", run_dir=folder, out=Path("x")))
    assert words == ["python", "-m", "stargan_tf.train", f"--run_dir={folder}", "--out=x"]
    assert command("train", run_dir="runs/a") == "python -m stargan_tf.train --run_dir=runs/a"


def test_no_command_is_printed_with_a_path_that_is_not_quoted():
    """An f-string with a command in it and a value behind one of its flags."""
    wrong = []
    for file in python_files("stargan_tf", "pipeline"):
        for node in ast.walk(tree(file)):
            if not isinstance(node, ast.JoinedStr):
                continue
            texts = [part.value if isinstance(part, ast.Constant) else "\0" for part in node.values]
            text = "".join(texts)
            if re.search("(-m stargan_tf|tensorboard) .*=\0", text, re.DOTALL):
                wrong.append(f"{file}:{node.lineno}")
    assert not wrong
