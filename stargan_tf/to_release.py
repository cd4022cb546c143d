"""Writes a run's newest checkpoint as the files of the PyTorch release."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.published import PublishedCheckpoints
from stargan_tf.algorithms.registry import make_algorithm, published_checkpoints
from stargan_tf.config.settings import check
from stargan_tf.release_optimizers import optimizers_of
from stargan_tf.training.checkpoint_files import AVERAGES, NETWORKS, OPTIMIZERS
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.weights.places import take_out
from stargan_tf.weights.release import NETS, NETS_EMA, OPTIMS
from stargan_tf.weights.torch_writer import write_torch_file

# The file that a part of the state becomes; one that was never imported becomes none.
_FILES = {NETWORKS: NETS, AVERAGES: NETS_EMA, OPTIMIZERS: OPTIMS}


def export_release(run_dir: str, out: str) -> str:
    """Writes ITERATION_nets.ckpt, ITERATION_nets_ema.ckpt and ITERATION_optims.ckpt.

    Args:
      run_dir: of the run.
      out: folder of the files.

    Returns:
      What was written, in words.

    Raises:
      UserError: there is no checkpoint, the algorithm has no published files, or files of these
        names are there.
    """
    run = RunDir(run_dir)
    config, domains = run.read()
    published = published_checkpoints(config.algorithm)
    algorithm = make_algorithm(config, len(domains))
    state = TrainState(algorithm)
    progress = restore_newest(run, state, algorithm.earlier_paths).progress
    contents = {
        NETS: _networks(published, {**state.networks, **state.pretrained}),
        NETS_EMA: _networks(published, {**state.averages, **state.pretrained}),
        OPTIMS: optimizers_of(state, published),
    }
    for part in progress.lacks:
        del contents[_FILES[part]]
    step = int(state.step.numpy())
    paths = {kind: Path(out) / f"{step:06d}_{kind}.ckpt" for kind in contents}
    there = [path for path in paths.values() if path.exists()]
    check(not there, f"Found {''.join(map(str, there[:1]))} already: choose another --out.")
    for kind, path in paths.items():
        write_torch_file(path, contents[kind])
    lines = [f"Wrote {', '.join(map(str, paths.values()))}."]
    if progress.lacks:
        lines.append(f"{run_dir} was imported without {progress.lacking}.")
    return "\n".join(lines)


def _networks(published: PublishedCheckpoints, networks: Networks) -> dict[str, Any]:
    return {
        name: OrderedDict(take_out(published.tensors(networks[ours])))
        for name, ours in published.networks.items()
        if ours in networks
    }
