"""Arithmetic operations of convolutions and matrix products, counted while PyTorch runs them."""

import importlib
from collections.abc import Callable
from typing import Any

TorchDispatchMode = importlib.import_module("torch.utils._python_dispatch").TorchDispatchMode
FORMULAS = importlib.import_module("torch.utils.flop_counter").flop_registry


class _Counter(TorchDispatchMode):
    """What torch.utils.flop_counter.FlopCounterMode counts.

    That one also follows modules, by hooks which PyTorch rejects in `torch.autograd.grad`.
    """

    total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        formula = FORMULAS.get(function._overloadpacket)
        if formula is None:
            with self:  # it may be made of others
                found = function.decompose(*args, **(kwargs or {}))
            if found is not NotImplemented:
                return found
        found = function(*args, **(kwargs or {}))
        if formula:
            self.total += formula(*args, **(kwargs or {}), out_val=found)
        return found


def count_operations(run: Callable[[], Any]) -> int:
    """Of one run, backward passes included; a multiply-add counts two."""
    with _Counter() as counter:
        run()
    return counter.total
