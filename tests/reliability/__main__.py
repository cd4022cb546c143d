"""python -m tests.reliability kill|serve|soak --help"""

import sys

from stargan_tf.native_output import quieten_tensorflow

quieten_tensorflow()  # before anything imports it

from tests.reliability import kill, serve, soak  # noqa: E402

_SCRIPTS = {"kill": kill.main, "serve": serve.main, "soak": soak.main}

if sys.argv[1:2] and sys.argv[1] in _SCRIPTS:
    name = sys.argv.pop(1)
    sys.argv[0] = f"python -m tests.reliability {name}"
    sys.exit(_SCRIPTS[name]())
sys.exit(__doc__)
