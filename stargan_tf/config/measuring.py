"""Settings of the networks that measure, as evaluate and the pipeline both have them.

They are made from the tables of the networks, which name no network twice.
"""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, setting
from stargan_tf.evaluation.features.names import FEATURES, NetworkRow, WeightsFile
from stargan_tf.evaluation.perceptual.names import PERCEPTUAL


def _help(flag: str) -> str:
    """What a weights flag is for, in every row that has it."""
    uses = [
        f"{file.content}, for --features={name}{'' if file.needed else ' (optional)'}"
        for name, row in FEATURES.items()
        for file in row.weights
        if file.flag == flag
    ]
    for row in PERCEPTUAL.values():
        flags = [f"--{file.flag}" for file in row.weights]
        uses += [
            f"{file.content}; with {' and '.join(flags)}, {row.help}"
            for file in row.weights
            if file.flag == flag
        ]
    return f"Weights file: {'; '.join(uses)}."


WEIGHTS_FLAGS = tuple(
    dict.fromkeys(
        file.flag for row in (*FEATURES.values(), *PERCEPTUAL.values()) for file in row.weights
    )
)
_WeightsFlags = dataclasses.make_dataclass(
    "_WeightsFlags",
    [(flag, str, setting("", _help(flag), path=True)) for flag in WEIGHTS_FLAGS],
    frozen=True,
)


@dataclasses.dataclass(frozen=True)
class MeasuringConfig(_WeightsFlags):
    """Which networks measure: one that makes features, and their weights files by flag."""

    features: str = setting(
        next(iter(FEATURES)),
        "Network whose features are compared. "
        + "; ".join(f"{name} {row.help}" for name, row in FEATURES.items())
        + ". Distances of different networks cannot be compared.",
        choices=tuple(FEATURES),
    )

    @property
    def perceptual(self) -> str:
        """Name of the perceptual distance: the first whose weights files are given."""
        return next(name for name, row in PERCEPTUAL.items() if all(self._given(row)))

    def measuring_settings(self) -> dict[str, str]:
        """The settings of this class alone, by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(MeasuringConfig)}

    def validate_networks(self) -> None:
        """Checks that the flags name the weights files that the networks take.

        Raises:
          UserError: one is missing, or is not taken.
        """
        check(
            self.features in FEATURES,
            f"Found --features={self.features}, expected one of {', '.join(FEATURES)}: correct it.",
        )
        for file in FEATURES[self.features].weights:
            check(
                bool(getattr(self, file.flag)) or not file.needed,
                f"Found no --{file.flag}, expected {file.content} for --features={self.features}: "
                f"download {file.url} and pass its path.",
            )
        taken = {file.flag for file in FEATURES[self.features].weights}
        for row in PERCEPTUAL.values():
            flags = [f"--{file.flag}" for file in row.weights]
            check(
                len(set(self._given(row))) <= 1,
                f"Found only some of {' and '.join(flags)}, expected both or neither: with both, "
                f"{row.help}; add the other or leave both out.",
            )
            taken |= {file.flag for file in row.weights}
        for flag in WEIGHTS_FLAGS:
            check(
                flag in taken or not getattr(self, flag),
                f"Found --{flag} with --features={self.features}, which does not take it: choose "
                "another --features, or leave the weights out.",
            )

    def validate_weights_files(self) -> None:
        """Checks that the weights files that are named are there.

        Apart from `validate_networks`, for a pipeline may be compiled on another machine.

        Raises:
          UserError: one of them is not.
        """
        for file in self._weights():
            path = getattr(self, file.flag)
            check(
                not path or Path(path).is_file(),
                f"--{file.flag}={path} is not a file, expected {file.content}: download "
                f"{file.url} and pass its path.",
            )

    def _weights(self) -> tuple[WeightsFile, ...]:
        return FEATURES[self.features].weights + PERCEPTUAL[self.perceptual].weights

    def _given(self, row: NetworkRow) -> list[bool]:
        return [bool(getattr(self, file.flag)) for file in row.weights]
