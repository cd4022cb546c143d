"""python -m tests.pytorch_reference check_golden | benchmark --help

The first in the environment of `make test-torch`, which has PyTorch and no TensorFlow; the second
in that of `make setup`. It starts the sides, a process in each of both.
"""

import importlib
import json
import sys

_SCRIPTS = ("check_golden", "benchmark")
_SIDES = ("tensorflow_side", "torch_side")

name = "".join(sys.argv[1:2])
if name not in (*_SCRIPTS, *_SIDES):
    sys.exit(__doc__)
del sys.argv[1]
try:
    script = importlib.import_module(f"tests.pytorch_reference.{name}")
except ModuleNotFoundError as error:
    if name not in _SIDES:
        raise
    sentence = f"Found no package {error.name} for {sys.executable}, expected a Python that has it."
    print(json.dumps({"error": sentence}))  # to the process that started this one
else:
    script.main()
