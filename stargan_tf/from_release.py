"""Makes a run of the files of a published checkpoint."""

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

from stargan_tf.algorithms.published import Architecture, PublishedCheckpoints
from stargan_tf.algorithms.registry import (
    DEFAULT,
    make_algorithm,
    published_checkpoints,
    settings_class,
)
from stargan_tf.compat import keras
from stargan_tf.config.import_weights import ImportWeightsConfig
from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.files import folder_written_whole
from stargan_tf.names import domain_names
from stargan_tf.release_optimizers import take_optimizers
from stargan_tf.shell import command
from stargan_tf.training.checkpoint_files import AVERAGES, NETWORKS, OPTIMIZERS, Progress
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.state import TrainState
from stargan_tf.weights.places import fill
from stargan_tf.weights.release import MEAN, NETS, NETS_EMA, OPTIMS, WING, Release, read_release

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
    published = published_checkpoints(DEFAULT)
    release = read_release(config.checkpoint, config.kind, config.iteration, published.judges)
    architecture = _architecture(published, release)
    domains = _domains(config, architecture.num_domains)
    settings = settings_class(DEFAULT)(
        algorithm=DEFAULT, run_dir=os.path.abspath(config.run_dir), **architecture.settings
    )
    dataclasses.replace(settings, data_dir=settings.run_dir).validate()  # it has no data set yet
    state = TrainState(make_algorithm(settings, len(domains)))
    _fill(state, published, release)
    if OPTIMS in release.files:
        take_optimizers(state, published, release, told=bool(config.iteration))
    _set_iteration(state, release.iteration)
    lacks = tuple(part for kind, part in _PARTS.items() if kind not in release.files)
    _write(state, domains, Progress(lacks=lacks, domains=domains), release)
    return _summary(config, state.algorithm.settings, domains, release, lacks)


def _architecture(published: PublishedCheckpoints, release: Release) -> Architecture:
    """What the files' tensors tell of the networks' sizes, which must be the same in all."""
    files = [release.files[kind] for kind in (NETS, NETS_EMA) if kind in release.files]
    for file in files:
        unknown = sorted(file.content.keys() - published.networks.keys())
        check(
            not unknown,
            f"{file.path} holds the networks {', '.join(unknown)}, expected some of "
            f"{', '.join(published.networks)}: pass a file of the published networks.",
        )
    found = [published.architecture(file.content, str(file.path)) for file in files]
    sizes = [{**a.settings, "domains": a.num_domains} for a in found]
    differences = [
        f"{name} ({value} in {files[0].path}, {sizes[-1][name]} in {files[-1].path})"
        for name, value in sizes[0].items()
        if value != sizes[-1][name]
    ]
    check(
        not differences,
        f"Found networks of other sizes: {'; '.join(differences)}. Pass files that belong "
        "together.",
    )
    return found[0]


def _domains(config: ImportWeightsConfig, num_domains: int) -> tuple[str, ...]:
    check(
        len(config.domains) == num_domains,
        f"Found --domains={','.join(config.domains)} for a checkpoint of {num_domains} domains, "
        "expected a name for each: correct it.",
    )
    return tuple(domain_names(config.domains).values())


def _fill(state: TrainState, published: PublishedCheckpoints, release: Release) -> None:
    """Gives networks and averages their weights, each those of the other where it has no file."""
    files = release.files
    networks = files.get(NETS) or files[NETS_EMA]
    averages = files.get(NETS_EMA) or files[NETS]
    for name, ours in published.networks.items():
        fresh = NETS not in files and name in published.judges
        if ours in state.networks and not fresh:
            _fill_one(published, state.networks[ours], name, networks.content, networks.path)
        if ours in state.averages:
            _fill_one(published, state.averages[ours], name, averages.content, averages.path)
        if ours in state.pretrained:
            holders = [files[kind] for kind in (NETS_EMA, NETS) if kind in files]
            found = [(f.content[name], f"{name} in {f.path}") for f in holders if name in f.content]
            found += [(files[WING].content, str(files[WING].path))] if WING in files else []
            check(
                bool(found),
                f"{averages.path} lacks {name}, the landmark network that its w_hpf needs, "
                "expected it there or in a file of its own: pass wing.ckpt as another "
                "--checkpoint.",
            )
            tensors, where = found[0]
            # The release takes what it knows, and so does this.
            fill(published.tensors(state.pretrained[ours]), tensors, where, others=True)


def _fill_one(
    published: PublishedCheckpoints, network: keras.Model, name: str, content: Any, path: Path
) -> None:
    check(
        name in content,
        f"{path} lacks {name}, expected {', '.join(content)} and this: pass the published file.",
    )
    fill(published.tensors(network), content[name], f"{name} in {path}")


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
        lines.append(
            f"  It came without {Progress(lacks=lacks).lacking}: to train on, import nets, "
            f"nets_ema and optims together, or start another run by --warm_start={config.run_dir}."
        )
    run_dir = config.run_dir
    lines.append(f"  draw:    {command('sample', run_dir=run_dir, src='IMAGE', out='styles.png')}")
    lines.append(f"  export:  {command('export', run_dir=run_dir, out='saved_models/NAME')}")
    return "\n".join(lines)
