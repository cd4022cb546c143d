"""Finds an algorithm by name: one of the product, or a module of one's own.

An algorithm is a module, or a package, with two things in it: `Settings`, a subclass of
`TrainConfig`, and `make(settings, num_labels)`, which returns an `Algorithm`. One whose PyTorch
checkpoints were published has a third, `published_checkpoints()`. Packages of the product import
TensorFlow in these functions alone, so that --help and mistakes are answered at once.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from stargan_tf.config.settings import check
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.labels import LabelSet, layout_of

if TYPE_CHECKING:
    from stargan_tf.algorithms.algorithm import Algorithm
    from stargan_tf.algorithms.published import PublishedCheckpoints

# Of the product; those with a dot are parts of a package.
NAMES = (
    "stargan_v2",
    "stargan",
    "ablation.multi_task",
    "ablation.domain_styles",
    "ablation.latent_codes",
)
DEFAULT = "stargan_v2"


def settings_class(name: str) -> type[TrainConfig]:
    """The settings of an algorithm.

    Args:
      name: one of `NAMES`, or the dotted path of a module that can be imported.

    Raises:
      UserError: there is no such algorithm.
    """
    return _module(name).Settings


def make_algorithm(
    settings: TrainConfig, num_labels: int, label_sets: Sequence[LabelSet] = ()
) -> "Algorithm":
    """The algorithm that the settings name, bound to them.

    Args:
      settings: of the class that `settings_class` gives for them.
      num_labels: K, the number of domains.
      label_sets: what they are, where that is known; two for two data sets at once.

    Raises:
      UserError: there is no such algorithm, or it does not learn from two data sets.
    """
    algorithm = _module(settings.algorithm).make(settings, num_labels)
    if len(label_sets) > 1:
        algorithm.join(layout_of(label_sets))
    return algorithm


def published_checkpoints(name: str) -> "PublishedCheckpoints":
    """How the published PyTorch checkpoints of an algorithm are made up.

    Raises:
      UserError: there is no such algorithm, or none of its checkpoints was published.
    """
    module = _module(name)
    check(
        hasattr(module, "published_checkpoints"),
        f"Found the algorithm {name}, expected one whose PyTorch checkpoints were published, such "
        f"as {DEFAULT}: its weights stay in the checkpoints of stargan_tf.",
    )
    return module.published_checkpoints()


def all_published_checkpoints() -> "dict[str, PublishedCheckpoints]":
    """Those of the product's algorithms whose PyTorch checkpoints were published, by name."""
    modules = {name: _module(name) for name in NAMES}
    return {
        name: module.published_checkpoints()
        for name, module in modules.items()
        if hasattr(module, "published_checkpoints")
    }


def module_path(name: str) -> str:
    """The dotted path of an algorithm's module."""
    return f"stargan_tf.algorithms.{name}" if name in NAMES else name


def own_source(name: str) -> bytes:
    """The source of an algorithm's module that is not the product's own; empty where it is.

    The product's own code is versioned: `evaluator._PROTOCOL_VERSION` says when it changes
    metrics. Somebody's own may change from one evaluation to the next.
    """
    module = _module(name)
    file = getattr(module, "__file__", None)
    if module.__name__.split(".")[0] == "stargan_tf" or not file:
        return b""
    # Of a package, every module: the networks need not be in the first.
    files = sorted(Path(file).parent.glob("*.py")) if hasattr(module, "__path__") else [Path(file)]
    return b"".join(path.read_bytes() for path in files)


def _module(name: str) -> ModuleType:
    # Names also come out of config.json: the standard library's modules are none of algorithms,
    # and some of them start to work when they are imported.
    top, *rest = str(name).split(".")
    is_own = bool(rest) and all(map(str.isidentifier, (top, *rest)))
    check(
        name in NAMES or (is_own and top not in sys.stdlib_module_names),
        f"Found --algorithm={name}, expected one of {', '.join(NAMES)}, or the dotted path of a "
        "module such as my_package.my_algorithm: correct it.",
    )
    path = module_path(name)
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if not (path + ".").startswith(f"{error.name}."):
            raise  # the module is there, what it imports is not
        raise UserError(
            f"Found no module {path} for --algorithm={name}, expected one that Python can import: "
            "start the command in the folder that holds it, or correct the name."
        ) from error
    check(
        hasattr(module, "Settings") and hasattr(module, "make"),
        f"The module {path} of --algorithm={name} lacks Settings or make, expected both: see "
        "docs/extending.md.",
    )
    return module
