"""Serves exported models on this machine, as TensorFlow Serving does in production.

Every model in saved_models/, on gRPC port 8500 and REST port 8501; new versions are
served as soon as they are there, and Ctrl-C ends it:

    python -m stargan_tf.serve

One model on ports of its own:

    python -m stargan_tf.serve --model_name=portraits_64 --port=9500 --rest_api_port=9501

The models of the file that TensorFlow Serving reads in its container (see serving/README.md):

    python -m stargan_tf.serve --model_config_file=serving/models.config

At http://127.0.0.1:8501/ is the page that translates in the browser, once make page has built it.

Is it there? Which version does it serve?

    curl http://127.0.0.1:8501/v1/models/portraits_64
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Sequence

from stargan_tf import flags
from stargan_tf.config.serve import ServeConfig
from stargan_tf.devserver.settings import check_ports, models_finder


def say(line: str) -> None:
    """Prints a line at once: warnings to stderr, the rest to stdout."""
    with contextlib.suppress(OSError):  # a closed pipe is no reason to stop serving
        print(line, file=sys.stderr if line.startswith("warning:") else sys.stdout, flush=True)


class _ToldToStop(KeyboardInterrupt):
    """A signal that asks to stop.

    A class of its own: where a plain KeyboardInterrupt once passed through code that Python ran
    from text, as imports do, Python ends with SIGINT's status even though it was caught.
    """


def _tell_to_stop(number: int, frame: object) -> None:
    raise _ToldToStop


def main(argv: Sequence[str]) -> None:
    """Checks the settings, serves until it is told to stop, and finishes what is running."""
    del argv
    config = flags.parse(ServeConfig)
    config.validate()
    find_models = models_finder(config)
    check_ports(config)
    kinds = (signal.SIGINT, signal.SIGTERM)
    for kind in kinds:  # SIGINT: shells ignore it in the background
        signal.signal(kind, _tell_to_stop)
    server = None
    try:
        say(
            "This server is for development: in production, use TensorFlow Serving "
            "(serving/README.md)."
        )
        # Imported here, so that neither --help nor a mistake waits for TensorFlow.
        from stargan_tf.devserver.server import Server

        server = Server(config, find_models, say)
        server.start()
        # A signal that another thread takes does not wake one that waits without end.
        while not threading.Event().wait(timeout=1):
            pass
    except _ToldToStop:
        for kind in kinds:  # a second time ends it at once
            signal.signal(kind, signal.SIG_DFL)
        say("Stopping: requests that are running may end.")
    finally:
        if server:
            server.stop()


if __name__ == "__main__":
    flags.define(ServeConfig)
    flags.run(main)
