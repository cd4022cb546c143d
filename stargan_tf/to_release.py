"""Writes a run's newest checkpoint as the files of the PyTorch release."""

from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import Any

from stargan_tf.algorithms.algorithm import Networks
from stargan_tf.algorithms.published import PublishedCheckpoints
from stargan_tf.algorithms.registry import make_algorithm, published_checkpoints
from stargan_tf.config.settings import check
from stargan_tf.release_optimizers import optimizers_of
from stargan_tf.training.checkpoint_files import AVERAGED, AVERAGES, NETWORKS, OPTIMIZERS
from stargan_tf.training.checkpoints import restore_newest
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.weights.places import take_out
from stargan_tf.weights.release import NETS, NETS_EMA, OPTIMS
from stargan_tf.weights.torch_writer import write_torch_file

# The parts of the state that become a file; where one is lacking, there is none.
_PARTS = {NETS: {NETWORKS, AVERAGED}, NETS_EMA: {AVERAGES}, OPTIMS: {OPTIMIZERS}}


def export_release(run_dir: str, out: str) -> str:
    """Writes the files of a published checkpoint, such as ITERATION_nets.ckpt.

    These are nets, nets_ema and optims, or, where each network was published in a file of its
    own, ITERATION-G.ckpt of the moving averages and ITERATION-D.ckpt.

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
    algorithm = make_algorithm(config, len(domains), run.label_sets())
    state = TrainState(algorithm)
    progress = restore_newest(run, state, algorithm.earlier_paths).progress
    step = int(state.step.numpy())
    if published.network_files:
        contents = _single_networks(published, state, progress.lacks)
        paths = {kind: Path(out) / f"{step}-{kind}.ckpt" for kind in contents}
    else:
        contents = _groups(published, state, progress.lacks)
        paths = {kind: Path(out) / f"{step:06d}_{kind}.ckpt" for kind in contents}
    there = [path for path in paths.values() if path.exists()]
    check(not there, f"Found {''.join(map(str, there[:1]))} already: choose another --out.")
    for kind, path in paths.items():
        write_torch_file(path, contents[kind])
    lines = [f"Wrote {', '.join(map(str, paths.values()))}."]
    if progress.lacks:
        lines.append(f"{run_dir} came without {progress.lacking}.")
    if untold := published.untold(config):
        lines.append(untold)
    return "\n".join(lines)


def _groups(
    published: PublishedCheckpoints, state: TrainState, lacks: Collection[str]
) -> dict[str, Any]:
    """Contents by kind, of the kinds that hold all networks or all optimizers."""
    contents = {
        NETS: _networks(published, {**state.networks, **state.pretrained}),
        NETS_EMA: _networks(published, {**state.averages, **state.pretrained}),
        OPTIMS: optimizers_of(state, published),
    }
    return {kind: content for kind, content in contents.items() if not _PARTS[kind] & set(lacks)}


def _single_networks(
    published: PublishedCheckpoints, state: TrainState, lacks: Collection[str]
) -> dict[str, Any]:
    """Contents by kind, where a file holds one network: of those that draw, the averages."""
    found = _networks(published, {**state.networks, **state.averages})
    return {
        kind: found[name]
        for kind, name in published.network_files.items()
        if NETWORKS not in lacks or name not in published.judges  # else it is fresh
    }


def _networks(published: PublishedCheckpoints, networks: Networks) -> dict[str, Any]:
    return {
        name: OrderedDict(take_out(published.tensors(networks[ours])))
        for name, ours in published.networks.items()
        if ours in networks
    }
