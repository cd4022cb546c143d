"""Makes a run of the files of a published checkpoint."""

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from stargan_tf.algorithms.published import PublishedCheckpoints
from stargan_tf.algorithms.registry import (
    all_published_checkpoints,
    make_algorithm,
    settings_class,
)
from stargan_tf.compat import keras
from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.files import folder_written_whole
from stargan_tf.names import domain_names
from stargan_tf.release_networks import (
    PublishedNetwork,
    PublishedNetworks,
    algorithm_of,
    architecture_of,
    kind_of_network,
    networks_of,
    paths_of,
)
from stargan_tf.release_optimizers import take_optimizers
from stargan_tf.shell import command
from stargan_tf.training.checkpoint_files import AVERAGES, NETWORKS, OPTIMIZERS, Progress
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.weights.places import fill
from stargan_tf.weights.release import (
    MEAN,
    NETS,
    NETS_EMA,
    OPTIMS,
    WING,
    Release,
    read_release,
)

# The part of the state that a file holds.
_PARTS = {NETS: NETWORKS, NETS_EMA: AVERAGES, OPTIMS: OPTIMIZERS}


def import_release(config: ImportWeightsConfig) -> str:
    """Makes a run of published files.

    Args:
      config: already validated.

    Returns:
      What was made, and what can be done with it, in words.

    Raises:
      UserError: a file is not what it should be, files do not belong together, or there are
        more or fewer domains than names for them. Nothing was made.
    """
    known = all_published_checkpoints()
    judges = {name for published in known.values() for name in published.judges}
    kind_of = kind_of_network(known)
    release = read_release(config.checkpoint, config.kind, config.iteration, judges, kind_of)
    name = algorithm_of(known, release)
    published = known[name]
    networks = networks_of(published, release)
    architecture = architecture_of(published, networks, config.img_size)
    domains = _domains(config, architecture.num_domains)
    settings = settings_class(name)(
        algorithm=name, run_dir=os.path.abspath(config.run_dir), **architecture.settings
    )
    dataclasses.replace(settings, data_dir=settings.run_dir).validate()  # it has no data set yet
    state = TrainState(make_algorithm(settings, len(domains)))
    _fill(state, published, networks)
    _fill_pretrained(state, published, release)
    if OPTIMS in release.files:
        take_optimizers(state, published, release, told=bool(config.iteration))
    _set_iteration(state, release.iteration)
    lacks = tuple(part for kind, part in _PARTS.items() if kind not in {*networks, *release.files})
    _write(state, domains, Progress(lacks=lacks, domains=domains), release)
    return _summary(config, state.algorithm.settings, domains, release, lacks, published)


def _domains(config: ImportWeightsConfig, num_domains: int) -> tuple[str, ...]:
    check(
        len(config.domains) == num_domains,
        f"Found --domains={','.join(config.domains)} for a checkpoint of {num_domains} domains or "
        "attributes, expected a name for each: correct it.",
    )
    return tuple(domain_names(config.domains).values())


def _fill(state: TrainState, published: PublishedCheckpoints, networks: PublishedNetworks) -> None:
    """Gives networks and averages their weights, each those of the other where it has no file."""
    trained = networks.get(NETS) or networks[NETS_EMA]
    averages = networks.get(NETS_EMA) or networks[NETS]
    for name, ours in published.networks.items():
        fresh = NETS not in networks and name in published.judges
        if ours in state.networks and not fresh:
            _fill_one(published, state.networks[ours], name, trained)
        if ours in state.averages:
            _fill_one(published, state.averages[ours], name, averages)


def _fill_one(
    published: PublishedCheckpoints,
    network: keras.Model,
    name: str,
    networks: Mapping[str, PublishedNetwork],
) -> None:
    check(
        name in networks,
        f"{paths_of(networks)} lacks {name}, expected {', '.join(networks)} and this: pass the "
        "published file.",
    )
    tensors, path = networks[name]
    fill(published.tensors(network), tensors, f"{name} in {path}")


def _fill_pretrained(state: TrainState, published: PublishedCheckpoints, release: Release) -> None:
    """Gives networks that are not trained their weights, of whichever file has them."""
    files = release.files
    holders = [files[kind] for kind in (NETS_EMA, NETS) if kind in files]
    for name, ours in published.networks.items():
        if ours in state.pretrained:
            found = [(f.content[name], f"{name} in {f.path}") for f in holders if name in f.content]
            found += [(files[WING].content, str(files[WING].path))] if WING in files else []
            check(
                bool(found),
                f"{holders[0].path} lacks {name}, the landmark network that its w_hpf needs, "
                "expected it there or in a file of its own: pass wing.ckpt as another "
                "--checkpoint.",
            )
            tensors, where = found[0]
            # The release takes what it knows, and so does this.
            fill(published.tensors(state.pretrained[ours]), tensors, where, others=True)


def _set_iteration(state: TrainState, iteration: int) -> None:
    state.step.assign(iteration)
    for name, value in state.algorithm.schedule(state.step).items():
        state.schedule[name].assign(value)


def _write(
    state: TrainState, domains: tuple[str, ...], progress: Progress, release: Release
) -> None:
    """Writes the run's folder, whole or not at all."""
    settings = state.algorithm.settings
    with folder_written_whole(Path(os.path.realpath(settings.run_dir))) as folder:
        run = RunDir(folder)
        run.begin(settings, domains)
        checkpoints = Checkpoints(run, state, keep=1)
        checkpoints.progress = progress
        checkpoints.save()
        if MEAN in release.files:
            shutil.copyfile(release.files[MEAN].path, run.mean_landmarks_file)


def _summary(
    config: ImportWeightsConfig,
    settings: TrainConfig,
    domains: tuple[str, ...],
    release: Release,
    lacks: tuple[str, ...],
    published: PublishedCheckpoints,
) -> str:
    files = ", ".join(f"{file.path.name} ({kind})" for kind, file in release.files.items())
    defaults = type(settings)()
    shown = {
        field.name: getattr(settings, field.name)
        for field in dataclasses.fields(settings)
        if field.metadata["hyperparameter"] and not field.metadata["path"]
    }
    others = [f"{n} {value}" for n, value in shown.items() if value != getattr(defaults, n)]
    lines = [
        f"Imported {files} into {config.run_dir}.",
        f"  It is {settings.algorithm} after {release.iteration} iterations, of "
        f"{settings.img_size} px and the domains {', '.join(domains)}; settings beside the "
        f"defaults: {', '.join(others) or 'none'}.",
    ]
    if lacks:
        whole = "import nets, nets_ema and optims together, or " if published.optimisation else ""
        lines.append(
            f"  It came without {Progress(lacks=lacks).lacking}: to train on, {whole}start "
            f"another run by --warm_start={config.run_dir}."
        )
    run_dir = config.run_dir
    lines.append(f"  draw:    {command('sample', run_dir=run_dir, src='IMAGE', out='styles.png')}")
    lines.append(f"  export:  {command('export', run_dir=run_dir, out='saved_models/NAME')}")
    return "\n".join(lines)
