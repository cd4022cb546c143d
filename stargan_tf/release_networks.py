"""The networks in the files of a published checkpoint, and what their tensors tell."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from stargan_tf.algorithms.published import Architecture, PublishedCheckpoints
from stargan_tf.config.settings import check
from stargan_tf.weights.release import NETS, NETS_EMA, Release, Tensors


class PublishedNetwork(NamedTuple):
    """The tensors of a network, and the file that they come from."""

    tensors: Tensors
    path: Path


# By kind, NETS and NETS_EMA as far as there are, then by published name.
PublishedNetworks = dict[str, dict[str, PublishedNetwork]]


def kind_of_network(known: Mapping[str, PublishedCheckpoints]) -> Callable[[Tensors], str]:
    """What tells the kind of a file that holds one network, whatever the algorithm."""

    def kind_of(tensors: Tensors) -> str:
        kinds = (published.kind_of_network(tensors) for published in known.values())
        return next(filter(None, kinds), "")

    return kind_of


def algorithm_of(known: Mapping[str, PublishedCheckpoints], release: Release) -> str:
    """The algorithm whose files they are.

    Raises:
      UserError: they are files of several.
    """
    fitting = [name for name, published in known.items() if {*published.kinds} >= {*release.files}]
    found = [f"{file.path} ({kind})" for kind, file in release.files.items()]
    kinds = [f"{', '.join(published.kinds)} of {name}" for name, published in known.items()]
    check(
        bool(fitting),
        f"Found {' and '.join(found)}, expected the files of one algorithm, {' or '.join(kinds)}: "
        "pass files that belong together.",
    )
    return fitting[0]


def networks_of(published: PublishedCheckpoints, release: Release) -> PublishedNetworks:
    """The networks by kind; those that have a file each count as averages too, if they draw."""
    files = release.files
    if not published.network_files:
        return {
            kind: {
                name: PublishedNetwork(t, files[kind].path)
                for name, t in files[kind].content.items()
            }
            for kind in (NETS, NETS_EMA)
            if kind in files
        }
    alone = {
        name: PublishedNetwork(files[kind].content, files[kind].path)
        for kind, name in published.network_files.items()
        if kind in files
    }
    drawing = {name: network for name, network in alone.items() if name not in published.judges}
    return {NETS: alone, NETS_EMA: drawing} if len(alone) > len(drawing) else {NETS_EMA: drawing}


def architecture_of(
    published: PublishedCheckpoints, networks: PublishedNetworks, img_size: int
) -> Architecture:
    """What the files' tensors tell of the networks' sizes, which must be the same in all.

    Args:
      published: how the files are made up.
      networks: that they hold.
      img_size: that somebody said; 0 for none.

    Raises:
      UserError: they hold other networks, or networks of different sizes.
    """
    places = {kind: paths_of(group) for kind, group in networks.items()}
    for kind, group in networks.items():
        unknown = sorted(group.keys() - published.networks.keys())
        check(
            not unknown,
            f"{places[kind]} holds the networks {', '.join(unknown)}, expected some of "
            f"{', '.join(published.networks)}: pass a file of the published networks.",
        )
    if published.network_files:  # the averages are in no file of their own
        networks = dict(list(networks.items())[:1])
    found = [
        published.architecture({n: v.tensors for n, v in group.items()}, places[kind], img_size)
        for kind, group in networks.items()
    ]
    sizes = [{**a.settings, "domains": a.num_domains} for a in found]
    first, last = next(iter(places.values())), next(reversed(places.values()))
    differences = [
        f"{name} ({value} in {first}, {sizes[-1][name]} in {last})"
        for name, value in sizes[0].items()
        if value != sizes[-1][name]
    ]
    check(
        not differences,
        f"Found networks of other sizes: {'; '.join(differences)}. Pass files that belong "
        "together.",
    )
    told = found[0].settings["img_size"]
    check(
        img_size in (0, told),
        f"Found --img_size={img_size} for {first}, whose tensors are those of {told} px: leave "
        "--img_size out.",
    )
    return found[0]


def paths_of(networks: Mapping[str, PublishedNetwork]) -> str:
    """Where networks come from, in words."""
    return " and ".join(dict.fromkeys(str(network.path) for network in networks.values()))
