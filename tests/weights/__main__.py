"""python -m tests.weights networks | make_torch_files | write_for_torch DIR | check_with_torch DIR

The second and the last in the environment of `make test-torch`, which has PyTorch and no
TensorFlow; the others in that of `make setup`.
"""

import importlib
import sys

_SCRIPTS = {
    "networks": "tiny_release",
    "make_torch_files": "make_torch_files",
    "write_for_torch": "write_for_torch",
    "check_with_torch": "check_with_torch",
}

if sys.argv[1:2] and sys.argv[1] in _SCRIPTS:
    importlib.import_module(f"tests.weights.{_SCRIPTS[sys.argv.pop(1)]}").main()
else:
    sys.exit(__doc__)
