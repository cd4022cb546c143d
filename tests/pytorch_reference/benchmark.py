r"""Times StarGAN v2 of stargan_tf against plain PyTorch, in turns.

    python -m tests.pytorch_reference benchmark --flagfile=stargan_tf/flagfiles/portraits_64.flags
    python -m tests.pytorch_reference benchmark --what=generator --img_size=256 --batch_size=1

Each side has a process of its own, both have the same weights and inputs, and what their first
runs return is compared. docs/performance.md says more.
"""

import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from stargan_tf import flags as config_flags
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.bars import bar
from stargan_tf.errors import UserError
from stargan_tf.files import check_can_write, write_text
from tests.pytorch_reference.config import ComparisonConfig, check_comparable
from tests.pytorch_reference.job import Job
from tests.pytorch_reference.report import FORMAT, Row, comparison, difference, row, table
from tests.pytorch_reference.side import Side, take_turns

_MODULE = ("-m", "tests.pytorch_reference")
# Threads of the side that has just run wait busily for more work, a few milliseconds long.
_REST_SECONDS = 0.1
# By how much results of float32 may differ. Losses of the first update come before any step of
# Adam. A first step moves each weight by the learning rate, whose sign rounding can decide where a
# gradient is almost zero: losses after it have drifted by up to 4e-3, at full width and batch 1.
_MOST = {"iteration": 1e-2, "generator": 1e-3}
_FIRST_UPDATE = "D/latent_"
_MOST_AT_FIRST = 1e-5


def compare(argv: Sequence[str]) -> None:
    """Checks the settings, measures, and prints tables."""
    del argv
    config = config_flags.parse(ComparisonConfig)
    config.validate()
    training = config_flags.parse(StarGANv2Settings)
    check_comparable(training)
    if config.out:
        check_can_write("out", config.out)
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.default_int_handler)
    try:
        found = measure(config, training)
    except KeyboardInterrupt as interrupt:
        raise UserError("Interrupted: run the same command again.") from interrupt
    if config.out:
        write_text(Path(config.out), json.dumps(found, indent=2) + "\n")
    print(table(found))
    if training.mixed_precision == "none" and not config.autocast:
        check_agreement(found["comparisons"])


def measure(config: ComparisonConfig, training: StarGANv2Settings) -> Row:
    """Times both sides, one after the other each part of `config.what`."""
    load = [os.getloadavg()]
    rows, comparisons, facts = [], [], {}
    for what in config.what:
        with TemporaryDirectory(prefix="stargan_tf_") as folder:
            job = Job(
                what=what,
                settings=dataclasses.asdict(training),
                num_domains=config.num_domains,
                warm_up=config.warm_up,
                folder=folder,
                autocast=config.autocast,
                channels_last=config.channels_last,
            )
            pair, compared, facts = _measure(config, job)
        rows += pair
        comparisons.append(compared)
    load.append(os.getloadavg())
    return {
        "format": FORMAT,
        "machine": facts["machine"],
        "software": facts["software"] | {"torch": rows[-1]["software"]["torch"]},
        "load_average": {"before": load[0], "after": load[1]},
        "settings": {"benchmark": dataclasses.asdict(config), "training": job.settings},
        "repeats": config.repeats,
        "warm_up": config.warm_up,
        "rows": rows,
        "comparisons": comparisons,
    }


def _measure(config: ComparisonConfig, job: Job) -> tuple[list[Row], Row, Row]:
    """Rows of both sides, ours first, what compares them, and the facts of ours."""
    commands = {
        "stargan_tf": [sys.executable, *_MODULE, "tensorflow_side"],
        "PyTorch": [config.torch_python, *_MODULE, "torch_side"],
    }
    with contextlib.ExitStack() as stack:
        # One after the other: the first leaves what the second takes.
        warm_up = bar(commands.items(), desc="warming up", unit="side")
        sides = [stack.enter_context(Side(*item, job)) for item in warm_up]
        progress = stack.enter_context(bar(total=2 * config.repeats, desc=job.what, unit="run"))

        def rest() -> None:
            progress.update()
            time.sleep(_REST_SECONDS)

        seconds = take_turns([side.run for side in sides], config.repeats, rest)
    images = job.settings["batch_size"]
    rows = [
        row(job.what, side.name, side.facts, own, images)
        for side, own in zip(sides, seconds, strict=True)
    ]
    results = [side.facts["results"] for side in sides]
    at_first = [{n: v for n, v in one.items() if n.startswith(_FIRST_UPDATE)} for one in results]
    gap_at_first = difference(*at_first) if all(at_first) else None
    compared = comparison(*rows, difference(*results), gap_at_first)
    return rows, compared, sides[0].facts


def check_agreement(comparisons: Sequence[Row]) -> None:
    """Raises UserError unless both sides computed the same, in float32."""
    for one in comparisons:
        limits = [(one["difference"], _MOST[one["what"]])]
        if one["what"] == "iteration":
            limits.append((one["difference_at_first"], _MOST_AT_FIRST))
        for gap, most in limits:
            if not gap < most:
                raise UserError(
                    f"The results of the first {one['what']} differ by {gap:.1e}, expected less "
                    f"than {most:.0e}: the sides do not compute the same, so their times tell "
                    "nothing."
                )


def define_flags() -> None:
    """Defines the flags of the benchmark and those of StarGAN v2's runs."""
    config_flags.define(ComparisonConfig)
    config_flags.define(StarGANv2Settings)


def main() -> None:
    sys.argv[0] = "python -m tests.pytorch_reference benchmark"
    config_flags.run(compare, define_flags=define_flags)
