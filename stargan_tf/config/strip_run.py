"""Settings of `python -m stargan_tf.strip_run`."""

import dataclasses
import os

from stargan_tf.config.settings import check, check_run_dir, setting


@dataclasses.dataclass(frozen=True)
class StripRunConfig:
    """Which run is stripped, and where the copy goes."""

    run_dir: str = setting(
        "",
        "Folder of the run; its newest checkpoint is used, and it stays as it is.",
        path=True,
    )
    out: str = setting("", "Folder of the copy, a new one.", path=True)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, or the folder of the copy is there already.
        """
        check_run_dir(self.run_dir)
        check(
            bool(self.out),
            "Found no --out, expected the folder of the copy: pass --out=runs/NAME.",
        )
        check(
            not os.path.lexists(self.out),
            f"Found --out={self.out} there already, expected the name of a new folder: choose "
            "another.",
        )
