"""Moments and settings of optimizers between a run's state and the published files."""

import dataclasses
from typing import Any

from stargan_tf.algorithms.published import PublishedCheckpoints
from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.config.settings import check
from stargan_tf.training.optimizers import moments, plain_adam
from stargan_tf.training.state import TrainState
from stargan_tf.weights.adam import AdamGroup, AdamState, adam_state_dict, read_adam
from stargan_tf.weights.places import Place
from stargan_tf.weights.release import OPTIMS, Release


def take_optimizers(
    state: TrainState, published: PublishedCheckpoints, release: Release, *, told: bool
) -> None:
    """Gives a state the moments of published optimizers, and the settings that these tell.

    Args:
      state: has the weights already; changed in place.
      published: how the files are made up.
      release: the files, OPTIMS among them.
      told: whether somebody said which iteration counts, whatever the optimizers have done.

    Raises:
      UserError: they are optimizers of other networks, of another iteration, or of a kind that
        no run has.
    """
    file = release.files[OPTIMS]
    trained = {name: ours for name, ours in published.networks.items() if ours in state.networks}
    check(
        file.content.keys() == trained.keys(),
        f"{file.path} holds optimizers of {', '.join(file.content)}, expected those of "
        f"{', '.join(trained)}: pass the published file.",
    )
    found: dict[str, AdamState] = {}
    for name, ours in trained.items():
        tensors = published.tensors(state.networks[ours])
        found[name] = _read_adam(state, ours, tensors, file.content[name], f"{name} in {file.path}")
        expected = published.updates[name] * release.iteration
        check(
            told or found[name].step == expected,
            f"The optimizer of {name} in {file.path} has stepped {found[name].step} times, "
            f"expected {expected} by iteration {release.iteration}: pass files that belong "
            "together, or say by --iteration which iteration counts.",
        )
    groups = {name: adam.group for name, adam in found.items()}
    settings = dataclasses.replace(state.algorithm.settings, **published.optimisation(groups))
    dataclasses.replace(settings, data_dir=settings.run_dir).validate()
    state.algorithm = make_algorithm(settings, state.algorithm.num_labels)
    for name, ours in trained.items():
        _check_group(groups[name], _adam_group(state, ours), f"{name} in {file.path}")
    state.set_learning_rates()


def _read_adam(
    state: TrainState, network: str, tensors: dict[str, Any], content: Any, where: str
) -> AdamState:
    """Reads one network's moments into its optimizer."""
    kept = moments(state.optimizers[network], state.networks[network])
    places = {name: place for name, place in tensors.items() if isinstance(place, Place)}
    shapes = {name: place.shape for name, place in places.items()}
    unused = {name for name, place in places.items() if id(place.variable) not in kept}
    adam = read_adam(content, shapes, unused, where)
    for name, tensor in adam.first.items():
        first, second = kept[id(places[name].variable)]
        places[name]._replace(variable=first).write(tensor)
        places[name]._replace(variable=second).write(adam.second[name])
    plain_adam(state.optimizers[network]).iterations.assign(adam.step)
    return adam


def _check_group(found: AdamGroup, expected: AdamGroup, where: str) -> None:
    differences = [
        f"{name} {value:g} in place of {getattr(expected, name):g}"
        for name, value in found._asdict().items()
        if value != getattr(expected, name)
    ]
    check(
        not differences,
        f"The optimizer of {where} has {', '.join(differences)}, expected what the settings of a "
        "run can say: leave the file out and train on by --warm_start.",
    )


def optimizers_of(state: TrainState, published: PublishedCheckpoints) -> dict[str, Any]:
    """The optimizers of a state, as a published file holds them."""
    contents = {}
    for name, ours in published.networks.items():
        if ours not in state.optimizers:
            continue
        tensors = published.tensors(state.networks[ours])
        places = {name: place for name, place in tensors.items() if isinstance(place, Place)}
        contents[name] = adam_state_dict(_adam_state(state, ours, places), list(places))
    return contents


def _adam_state(state: TrainState, network: str, places: dict[str, Place]) -> AdamState:
    optimizer = plain_adam(state.optimizers[network])
    kept = moments(optimizer, state.networks[network])
    moved = {name: place for name, place in places.items() if id(place.variable) in kept}
    first, second = (
        {
            name: place.published(getattr(kept[id(place.variable)], which).numpy())
            for name, place in moved.items()
        }
        for which in ("first", "second")
    )
    return AdamState(_adam_group(state, network), int(optimizer.iterations.numpy()), first, second)


def _adam_group(state: TrainState, network: str) -> AdamGroup:
    """How a network is optimised, as PyTorch says it."""
    adam = state.algorithm.optimizers()[network]
    rate = float(adam.rate_at(state.step)) if adam.rate_at else adam.learning_rate
    epsilon = plain_adam(state.optimizers[network]).epsilon
    return AdamGroup(rate, adam.beta1, adam.beta2, epsilon, adam.l2)
