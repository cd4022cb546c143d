"""Settings of `python -m stargan_tf.export_step`, beside those of train."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting
from stargan_tf.config.train import TrainConfig


@dataclasses.dataclass(frozen=True)
class ExportStepConfig:
    """Where the step goes, and for how many domains it is."""

    out: str = setting("", "Folder to write, which must not exist yet.", path=True)
    num_domains: int = setting(3, "Domains that the networks are made for.", least=1, most=2**16)

    def validate(self, training: TrainConfig) -> None:
        """Checks everything that can be known before any work.

        Args:
          training: settings of the run whose step is written.

        Raises:
          UserError: a setting is missing, out of range or needs several devices.
        """
        check_bounds(self)
        check(bool(self.out), "Found no --out, expected a new folder: pass --out=step.")
        check(
            not Path(self.out).exists(),
            f"--out={self.out} exists already, expected a new folder: choose another name.",
        )
        check(
            not training.multi_worker and training.virtual_replicas < 2,
            "Found --multi_worker or --virtual_replicas, expected neither: the step that is "
            "written is of one device; leave them out.",
        )
        # Neither is needed: images are drawn, and weights are those of a new run.
        places = {"data_dir": "drawn", "run_dir": "none"}
        dataclasses.replace(training, **places).validate()
