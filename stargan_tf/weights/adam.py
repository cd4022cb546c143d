"""What `torch.optim.Adam` keeps of a network: its state_dict, read and written."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from stargan_tf.errors import UserError

Shapes = Mapping[str, tuple[int, ...]]
# What a group of parameters says beside its settings; as PyTorch 2.13 writes it. The reader takes
# any that changes nothing in what is computed.
_SWITCHES = {
    "amsgrad": False,
    "maximize": False,
    "foreach": None,
    "capturable": False,
    "differentiable": False,
    "fused": None,
    "decoupled_weight_decay": False,
}
_DECISIVE = ("amsgrad", "maximize", "decoupled_weight_decay")


class AdamGroup(NamedTuple):
    """How the parameters are stepped; the names are PyTorch's."""

    lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float


class AdamState(NamedTuple):
    """The moments of a network's parameters.

    Attributes:
      group: how they are stepped.
      step: how often they were.
      first: the first moments by the names of the parameters, in their shapes.
      second: the second moments.
    """

    group: AdamGroup
    step: int
    first: dict[str, np.ndarray]
    second: dict[str, np.ndarray]


def read_adam(content: Any, shapes: Shapes, unused: Collection[str], where: str) -> AdamState:
    """Reads the state_dict of an optimizer.

    Args:
      content: the state_dict, with arrays for tensors.
      shapes: of the network's parameters, in PyTorch's order: all that an optimizer knows of
        them is their place in it.
      unused: parameters that never get a gradient, and so have no moments.
      where: it comes from, for the error.

    Raises:
      UserError: it is that of another network or of another optimizer.
    """
    try:
        (group,) = content["param_groups"]
        indices = [int(index) for index in group["params"]]
        states = {int(index): state for index, state in content["state"].items()}
        settings = _read_group(group)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise _unfit(where, "another layout than that of torch.optim.Adam") from error
    decisive = [name for name in _DECISIVE if group.get(name)]
    if decisive:
        raise _unfit(where, f"{' and '.join(decisive)} switched on")
    if len(indices) != len(shapes):
        raise _unfit(where, f"{len(indices)} parameters in place of {len(shapes)}")
    found = {
        name: states[index]
        for name, index in zip(shapes, indices, strict=True)
        if index in states and name not in unused
    }
    missing = [name for name in shapes if name not in found and name not in unused]
    if found and missing:
        raise _unfit(where, f"no moments of {missing[0]}")
    first = {name: _moment(state, "exp_avg", name, shapes, where) for name, state in found.items()}
    second = {
        name: _moment(state, "exp_avg_sq", name, shapes, where) for name, state in found.items()
    }
    return AdamState(settings, _step(found, where), first, second)


def adam_state_dict(state: AdamState, names: Sequence[str]) -> dict[str, Any]:
    """The state_dict of an optimizer, with arrays for tensors.

    Args:
      state: of the parameters that were ever stepped.
      names: of all parameters, in PyTorch's order.
    """
    steps = np.array(state.step, np.float32)
    group = state.group
    return {
        "state": {
            index: {"step": steps, "exp_avg": state.first[name], "exp_avg_sq": state.second[name]}
            for index, name in enumerate(names)
            if name in state.first and state.step
        },
        "param_groups": [
            {
                "lr": group.lr,
                "betas": (group.beta1, group.beta2),
                "eps": group.eps,
                "weight_decay": group.weight_decay,
                **_SWITCHES,
                "params": list(range(len(names))),
            }
        ],
    }


def _read_group(group: Mapping[str, Any]) -> AdamGroup:
    beta1, beta2 = group["betas"]
    values = (group["lr"], beta1, beta2, group["eps"], group["weight_decay"])
    return AdamGroup(*map(_number, values))


def _number(value: Any) -> float:
    """A number, which may be a tensor; of lists within lists, NumPy would look at every member."""
    return float(value.item() if isinstance(value, np.ndarray) else value)


def _moment(state: Any, key: str, name: str, shapes: Shapes, where: str) -> np.ndarray:
    moment = state.get(key) if isinstance(state, dict) else None
    if not isinstance(moment, np.ndarray):
        raise _unfit(where, f"no {key} of {name}")
    if moment.shape != shapes[name]:
        raise _unfit(
            where, f"{key} of {name} as {list(moment.shape)} in place of {list(shapes[name])}"
        )
    if not np.all(np.isfinite(moment)) or (key == "exp_avg_sq" and np.any(moment < 0)):
        raise _unfit(where, f"numbers in {key} of {name} that are negative or not finite")
    return moment


def _step(states: Mapping[str, Any], where: str) -> int:
    """How often all parameters were stepped; a tensor today, a number in older files."""
    try:
        steps = {int(_number(state["step"])) for state in states.values()}
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise _unfit(where, "no number of steps") from error
    if len(steps) > 1:
        raise _unfit(where, f"parameters that were stepped {min(steps)} to {max(steps)} times")
    if steps and min(steps) < 0:
        raise _unfit(where, f"parameters that were stepped {min(steps)} times")
    return steps.pop() if steps else 0


def _unfit(where: str, found: str) -> UserError:
    return UserError(
        f"The optimizer of {where} does not fit the network: found {found}, expected what "
        "torch.optim.Adam keeps of this network; give the file that belongs to its weights, or "
        "leave it out."
    )
