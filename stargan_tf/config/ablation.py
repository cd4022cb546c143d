"""Settings of `python -m stargan_tf.ablation`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting

# Rows by the names of their flagfiles, flagfiles/ablation_NAME.flags.
ROWS = ("a", "b", "c", "d", "e", "f", "preprint")


@dataclasses.dataclass(frozen=True)
class AblationConfig:
    """What is trained and measured, and where the results go."""

    data_dir: str = setting(
        "data/portraits", "What prepare_data wrote, with validation images.", path=True
    )
    out: str = setting(
        "runs/ablation", "Folder of the runs, of table.md and of images.png.", path=True
    )
    rows: tuple[str, ...] = setting(
        ROWS, f"Which rows, separated by commas: some of {', '.join(ROWS)}."
    )
    seeds: tuple[str, ...] = setting(
        ("1", "2"), "Seeds that each row is trained with, separated by commas."
    )
    total_iters: int = setting(
        0, "Iterations of every run; 0 for those of the flagfiles, which differ by row.", least=0
    )
    num_outputs: int = setting(
        100,
        "Translations of each ordered pair of domains that are measured, the same number in every "
        "row: of so many validation images one each, or of half as many two each in rows with "
        "latent codes.",
        least=8,  # two each of as many images as an evaluation takes at least
    )

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        check_bounds(self)
        unknown = [row for row in self.rows if row not in ROWS]
        check(
            bool(self.rows) and not unknown and len({*self.rows}) == len(self.rows),
            f"Found --rows={','.join(self.rows)}, expected some of {','.join(ROWS)}, each once: "
            "correct it.",
        )
        check(
            bool(self.seeds)
            and all(seed.isdecimal() and int(seed) < 2**32 for seed in self.seeds)
            and len({*map(int, self.seeds)}) == len(self.seeds),
            f"Found --seeds={','.join(self.seeds)}, expected numbers from 0 to 2^32 - 1, each "
            "once: correct it.",
        )
        check(
            self.num_outputs % 2 == 0,
            f"Found --num_outputs={self.num_outputs}, expected an even number, for some rows draw "
            "two for each image: change it.",
        )
        check(
            bool(self.out) and not Path(self.out).is_file(),
            f"Found --out={self.out}, expected a folder for the runs and the table: correct it.",
        )
