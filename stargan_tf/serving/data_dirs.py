"""Where the images are that an export is calibrated on and compared on."""

from pathlib import Path

from stargan_tf.config.export import ExportConfig
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError


def find_data_dirs(config: ExportConfig, trained: TrainConfig, num_sets: int) -> list[Path | None]:
    """The data sets to use: the one that was named, else those of the run that are there.

    Returns:
      One for each that the model learned from, None where it is not at hand.

    Raises:
      UserError: there is none, and int8 cannot do without.
    """
    if config.data_dir:
        return [Path(config.data_dir), *[None] * (num_sets - 1)]
    folders = [trained.data_dir, trained.data_dir2][: max(1, num_sets)]
    found = [Path(folder) if folder and Path(folder).is_dir() else None for folder in folders]
    if config.needs_calibration and not any(found):
        raise UserError(
            f"Found no data set at {trained.data_dir or 'any place that the run names'}, and int8 "
            "is calibrated on one: pass --data_dir, or leave int8 out of --tflite_types."
        )
    return found
