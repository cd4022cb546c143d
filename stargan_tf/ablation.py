r"""Trains and measures the ablation between StarGAN and StarGAN v2, and prints its table.

Each row adds to the one before: Choi et al. 2020, table 1, on the data set at hand. Rows and
settings are those of flagfiles/ablation_*.flags:

  python -m stargan_tf.ablation --data_dir=data/portraits --out=runs/ablation

Ctrl-C stops; the same command goes on where it was, and skips what is complete. It writes
table.md and images.png. A few minutes show whether everything runs:

  python -m stargan_tf.ablation --data_dir=data/portraits --total_iters=5 --out=runs/try
"""

from collections.abc import Sequence
from pathlib import Path

from stargan_tf import flags
from stargan_tf.comparison.runs import complete_runs, planned_runs
from stargan_tf.config.ablation import AblationConfig
from stargan_tf.config.settings import check
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.files import check_can_write, write_text, written_whole


def main(argv: Sequence[str]) -> None:
    """Trains, measures, writes the table and the picture."""
    del argv
    config = flags.parse(AblationConfig)
    config.validate()
    data_dir, out = Path(config.data_dir), Path(config.out)
    check_can_write("out", config.out)
    _check_data(data_dir, config.num_outputs)
    runs = planned_runs(config)
    complete_runs(config, runs)
    # Imported here, so that neither --help nor a mistake waits for TensorFlow.
    from PIL import Image

    from stargan_tf.comparison.picture import picture
    from stargan_tf.comparison.table import table

    text = table(runs)
    write_text(out / "table.md", text)
    with written_whole(out / "images.png") as temporary:
        Image.fromarray(picture(data_dir, runs)).save(temporary, "PNG")
    print(f"\n{text}\nTable: {out / 'table.md'}\nImages: {out / 'images.png'}")


def _check_data(data_dir: Path, num_outputs: int) -> None:
    info = DatasetInfo.load(data_dir)
    info.check_has_domains("the ablation")
    info.check_enough_domains(2, "the ablation")
    fewest = min(info.counts.get("val", {}).get(domain, 0) for domain in info.domains)
    check(
        fewest >= num_outputs,
        f"Found {fewest} validation images of a domain in {data_dir}, expected at least "
        f"--num_outputs={num_outputs}: lower it, or prepare the data set with more.",
    )


if __name__ == "__main__":
    flags.define(AblationConfig)
    flags.run(main)
