"""A training iteration as a program for XLA: all that it reads is an argument."""

import dataclasses
import re
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from stargan_tf.training.optimizers import plain_adam
from stargan_tf.training.state import TrainState
from stargan_tf.training.step import TrainStep
from stargan_tf.types import Batch

Arrays = dict[str, np.ndarray]

# What the header says of outputs in place of arguments: output, argument.
_ALIAS = re.compile(r"\{(\d+)\}: \((\d+), \{\}, may-alias\)")


@dataclasses.dataclass(frozen=True)
class Stateless:
    """The program with what goes into it and what must come out.

    Attributes:
      hlo: a serialised HloModuleProto.
      text: the same to read; large constants are left out of it, so that it cannot be run.
      stablehlo: the same in StableHLO, or None where this TensorFlow does not write it.
      arguments: by name, in the program's order.
      results: by name, in the program's order: losses, then what the iteration changed, by the
        names of the arguments. TensorFlow's graph, not XLA, computed them.
    """

    hlo: bytes
    text: str
    stablehlo: str | None
    arguments: Arrays
    results: Arrays


def stateless(state: TrainState, updates: tuple[str, ...], batch: Batch) -> Stateless:
    """Makes the program of an iteration, and takes the iteration.

    Args:
      state: a run's, made without a strategy; changed by one iteration.
      updates: what the iteration updates.
      batch: what it is taken on.
    """
    step = TrainStep(state, tf.distribute.get_strategy()).compiled(updates)
    compiled = tf.function(step, autograph=False, jit_compile=True)
    concrete = compiled.get_concrete_function(batch)
    write = compiled.experimental_get_compiler_ir(batch)
    hlo, text = write(stage="hlo_serialized"), write(stage="hlo")
    try:
        stablehlo = write(stage="stablehlo")
    except ValueError:  # up to TensorFlow 2.15 at least
        stablehlo = None

    variables = dict(named_variables(state))
    names = {id(variable.handle): name for name, variable in variables.items()}
    captured = concrete.captured_inputs
    order = [names.get(id(tensor), f"constant/{i}") for i, tensor in enumerate(captured)]
    # TensorFlow passes a dict in the order of its sorted keys.
    arguments = {f"batch/{name}": batch[name].numpy() for name in sorted(batch)}
    for name, tensor in zip(order, captured, strict=True):
        # Copied: the step writes into the memory that NumPy would look at.
        arguments[name] = variables.get(name, tensor).numpy().copy()

    losses = step(batch)
    results = {f"loss/{name}": losses[name].numpy() for name in sorted(losses)}
    keys = list(arguments)
    header = text.partition("\n")[0]
    for output, argument in sorted((int(o), int(a)) for o, a in _ALIAS.findall(header)):
        if output != len(results):
            raise AssertionError(f"output {output} of the program is unknown: {header:.200}")
        results[keys[argument]] = variables[keys[argument]].numpy()
    return Stateless(hlo, text, stablehlo, arguments, results)


def named_variables(state: TrainState) -> Iterator[tuple[str, tf.Variable]]:
    """All that an iteration reads or changes, each with a name of its own."""
    for kind in ("networks", "averages", "pretrained"):
        for name, network in getattr(state, kind).items():
            for number, variable in enumerate(network.variables):
                yield f"{kind}/{name}/{number:03}", variable
    for name, optimizer in state.optimizers.items():
        for number, variable in enumerate(optimizer.variables):
            yield f"optimizers/{name}/{number:03}", variable
        yield f"optimizers/{name}/learning_rate", plain_adam(optimizer).learning_rate
    for name, value in state.schedule.items():
        yield f"schedule/{name}", value
    yield "step", state.step
