"""The networks of MediaPipe that lie beside this file, run by LiteRT."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stargan_tf.errors import UserError
from stargan_tf.native_output import shown_on_failure

FOLDER = Path(__file__).parent / "mediapipe"

Network = Callable[[np.ndarray], list[np.ndarray]]


def open_network(name: str) -> Network:
    """Opens a network.

    Args:
      name: of a file in `FOLDER`, without its suffix.

    Returns:
      A function from the input, [S, S, 3] float, to the outputs by their order in the file,
      without their first axis. Any thread may call it.

    Raises:
      UserError: LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise UserError(
            "Found no LiteRT, which runs the networks that find faces, expected the package "
            "ai-edge-litert: install it with pip install ai-edge-litert."
        ) from error
    with shown_on_failure():  # a line about XNNPACK
        interpreter = Interpreter(model_path=str(FOLDER / f"{name}.tflite"), num_threads=1)
        interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    wanted = [output["index"] for output in interpreter.get_output_details()]

    lock = threading.Lock()

    def run(x: np.ndarray) -> list[np.ndarray]:
        with lock:
            interpreter.set_tensor(given["index"], x[np.newaxis].astype(np.float32))
            interpreter.invoke()
            return [interpreter.get_tensor(index)[0] for index in wanted]

    return run


def probability(logits: np.ndarray) -> np.ndarray:
    """The sigmoid of logits, without an overflow."""
    return (1 + np.tanh(logits / 2)) / 2
