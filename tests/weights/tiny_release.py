"""The published checkpoints in small: their networks, and files of them that PyTorch wrote.

`python -m tests.weights networks` writes torch/networks.json anew, of which
make_torch_files.py makes the files.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.weights.places import Place
from tests.weights.tiny_settings import SETTINGS

FOLDER = Path(__file__).parent / "torch"
NETWORKS = FOLDER / "networks.json"


def describe(variant: str) -> dict[str, list[list[Any]]]:
    """Name, shape and role of the tensors of each network that is trained."""
    settings, num_domains = SETTINGS[variant]
    networks = make_algorithm(settings, num_domains).build()
    return {name: list(map(list, _tensors(network))) for name, network in networks.items()}


def _tensors(network: Any) -> Any:
    trained = {id(variable) for variable in network.trainable_variables}
    for name, tensor in published_tensors(network).items():
        if isinstance(tensor, Place):
            role = "trained" if id(tensor.variable) in trained else "unused"
            yield name, list(tensor.shape), role
        else:
            yield name, np.asarray(tensor).tolist(), "constant"


def main() -> None:
    variants = {variant: describe(variant) for variant in SETTINGS}
    lines = [
        f"{json.dumps(variant)}: {{\n"
        + ",\n".join(
            f"  {json.dumps(name)}: [\n    " + ",\n    ".join(map(json.dumps, tensors)) + "\n  ]"
            for name, tensors in networks.items()
        )
        + "\n}"
        for variant, networks in variants.items()
    ]
    NETWORKS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
