"""Whether two runs left the same, bit by bit."""

import json

import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stargan_tf.training.checkpoints import newest_checkpoint
from stargan_tf.training.run_dir import RunDir


def compare(unbroken: RunDir, broken: RunDir) -> list[str]:
    """What differs between two runs, in words; nothing if they are equal."""
    differences = []
    for what, look in {
        "variables": _variables,
        "records": _records,
        "image grids": _grids,
        "TensorBoard": _scalars,
    }.items():
        expected, found = look(unbroken), look(broken)
        assert expected, what
        differences += [f"{what}: no {name}" for name in expected.keys() - found.keys()]
        differences += [f"{what}: also {name}" for name in found.keys() - expected.keys()]
        differences += [
            f"{what}: {name} differs"
            for name in expected.keys() & found.keys()
            if expected[name] != found[name]
        ]
    left = sorted(path.name for path in broken.root.rglob(".*"))
    return differences + [f"left behind: {name}" for name in left]


def _variables(run: RunDir) -> dict[str, bytes]:
    reader = tf.train.load_checkpoint(newest_checkpoint(run))
    names = reader.get_variable_to_shape_map()
    return {name: np.asarray(reader.get_tensor(name)).tobytes() for name in names}


def _records(run: RunDir) -> dict[str, str]:
    records = {}
    for number, line in enumerate(run.metrics_file.read_text().splitlines()):
        values = {k: v for k, v in json.loads(line).items() if not k.startswith(("time", "speed/"))}
        records[f"line {number}"] = json.dumps(values)
    return records


def _grids(run: RunDir) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.samples.iterdir()}


def _scalars(run: RunDir) -> dict[str, list[bytes]]:
    events = EventAccumulator(str(run.logs), size_guidance={"tensors": 0})
    events.Reload()
    shown: dict[str, list[bytes]] = {}
    for tag in events.Tags()["tensors"]:
        if not tag.startswith(("speed/", "_hparams_")):
            for event in events.Tensors(tag):
                name = f"{tag} at {event.step}"
                shown.setdefault(name, []).append(event.tensor_proto.SerializeToString())
    return shown
