"""Settings of `python -m stargan_tf.import_weights`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, check_run_dir, setting

KINDS = ("nets", "nets_ema", "optims", "wing", "lm_mean", "G", "D")

_OF_IMPORT = ("checkpoint", "kind", "domains", "img_size", "iteration")


@dataclasses.dataclass(frozen=True)
class ImportWeightsConfig:
    """Which files become which run, or which run becomes files."""

    checkpoint: tuple[str, ...] = setting(
        (),
        "File of a published PyTorch checkpoint, such as 100000_nets_ema.ckpt. Given once for each "
        "file: nets, nets_ema, optims, wing.ckpt, celeba_lm_mean.npz of StarGAN v2; 200000-G.ckpt "
        "and 200000-D.ckpt of StarGAN.",
        path=True,
        repeated=True,
    )
    kind: tuple[str, ...] = setting(
        (),
        f"What each --checkpoint is, separated by commas in the same order: {', '.join(KINDS)}. "
        "Default: told by its contents.",
    )
    domains: tuple[str, ...] = setting(
        (),
        "Names of the domains, or of the attributes, separated by commas, in the order of the "
        "checkpoint: published are female,male and cat,dog,wild, and, of StarGAN, "
        "Black_Hair,Blond_Hair,Brown_Hair,Male,Young.",
    )
    img_size: int = setting(
        0,
        "Side of the images where no file tells it, as of G of StarGAN alone; 0 for 128, as "
        "published.",
        least=0,
    )
    iteration: int = setting(
        0, "Iterations of the checkpoint; 0 reads them off the files' names.", least=0
    )
    run_dir: str = setting(
        "", "Folder of the new run; with --to_pytorch, of the run to write.", path=True
    )
    to_pytorch: bool = setting(
        False, "Write checkpoints for the PyTorch release from --run_dir into --out instead."
    )
    out: str = setting("", "With --to_pytorch: folder of the files to write.", path=True)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        check_bounds(self)
        if self.to_pytorch:
            self._check_export()
        else:
            self._check_import()

    def _check_export(self) -> None:
        given = [n for n in _OF_IMPORT if getattr(self, n)]
        check(
            not given,
            f"Found --to_pytorch and --{', --'.join(given)}, expected --run_dir and --out alone: "
            "leave the others out.",
        )
        check_run_dir(self.run_dir)
        check(
            bool(self.out),
            "Found no --out, expected a folder for the files: pass --out=FOLDER.",
        )
        check(
            Path(self.out).is_dir() or not Path(self.out).exists(),
            f"--out={self.out} is a file, expected a folder: choose another name.",
        )

    def _check_import(self) -> None:
        check(
            not self.out,
            f"Found --out={self.out} without --to_pytorch, expected --run_dir for what is "
            "imported: pass one of them.",
        )
        check(
            bool(self.checkpoint),
            "Found no --checkpoint, expected a file of a published checkpoint: pass "
            "--checkpoint=100000_nets_ema.ckpt.",
        )
        missing = [path for path in self.checkpoint if not Path(path).is_file()]
        check(
            not missing,
            f"Found no file at --checkpoint={''.join(missing[:1])}, expected one of a published "
            "checkpoint: correct it.",
        )
        check(
            len(self.kind) in (0, len(self.checkpoint)) and set(self.kind) <= set(KINDS),
            f"Found --kind={','.join(self.kind)} for {len(self.checkpoint)} files, expected one of "
            f"{', '.join(KINDS)} for each --checkpoint: correct it.",
        )
        check(
            bool(self.domains),
            "Found no --domains, expected the names of the checkpoint's domains in its order: pass "
            "--domains=female,male for CelebA-HQ, --domains=cat,dog,wild for AFHQ, "
            "--domains=Black_Hair,Blond_Hair,Brown_Hair,Male,Young for CelebA.",
        )
        check(
            bool(self.run_dir),
            "Found no --run_dir, expected a folder for the new run: pass --run_dir=runs/NAME.",
        )
        folder = Path(self.run_dir)
        check(
            not folder.exists() or (folder.is_dir() and not any(folder.iterdir())),
            f"--run_dir={self.run_dir} is not empty, expected a new folder: choose another.",
        )
