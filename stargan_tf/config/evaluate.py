"""Settings of `python -m stargan_tf.evaluate`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_model, setting

MODES = ("latent", "reference")


@dataclasses.dataclass(frozen=True)
class EvaluateConfig:
    """What is measured, with which networks, and where the figures go."""

    run_dir: str = setting("", "Folder of the training run; its newest checkpoint is used.")
    saved_model: str = setting(
        "",
        "Version folder of an exported model, such as saved_models/NAME/1, in place of --run_dir.",
    )
    data_dir: str = setting(
        "", "What prepare_data wrote, with validation images. Default: the data set of the run."
    )
    features: str = setting(
        "efficientnet_lite0",
        "Network whose features are compared. inception is the published protocol (FID) and needs "
        "--inception_weights; inception_keras downloads its own weights; efficientnet_lite0 comes "
        "with this package's requirements. Distances of different networks cannot be compared.",
        choices=("efficientnet_lite0", "inception", "inception_keras"),
    )
    inception_weights: str = setting("", "Weights file of --features=inception: torchvision's.")
    alexnet_weights: str = setting(
        "", "torchvision's weights file of AlexNet; with --lpips_weights, diversity is LPIPS."
    )
    lpips_weights: str = setting("", "Weights file of LPIPS's linear heads for AlexNet.")
    modes: tuple[str, ...] = setting(
        MODES, "Where styles come from: latent, reference, or both, separated by a comma."
    )
    num_outs_per_domain: int = setting(10, "Outputs for each source image and target domain.")
    max_sources: int = setting(
        0, "Validation images of each domain to translate, the first ones; 0 for all."
    )
    seed: int = setting(7, "Seed of the latent codes and of the choice of references.")
    batch_size: int = setting(8, "Source images that are translated at once.")
    out: str = setting(
        "",
        "Folder for metrics.json and the table. Default: evaluation/ITERATION in the run, or "
        "runs/evaluation/NAME/VERSION for an exported model.",
    )
    keep_images: bool = setting(False, "Keep the translations, as PNG files under --out.")

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is missing, out of range or contradicts another.
        """
        check_model(self.run_dir, self.saved_model)
        check(
            bool(self.run_dir or self.data_dir),
            "Found --saved_model without --data_dir, expected the data set to measure it on: pass "
            "what prepare_data wrote.",
        )
        check(
            bool(self.modes) and set(self.modes) <= set(MODES),
            f"Found --modes={','.join(self.modes)}, expected some of {', '.join(MODES)}, separated "
            "by commas: correct it.",
        )
        check(
            bool(self.alexnet_weights) == bool(self.lpips_weights),
            "Found one of --alexnet_weights and --lpips_weights, expected both or neither: LPIPS "
            "needs the network and its heads.",
        )
        check(
            self.num_outs_per_domain >= 2,
            f"Found --num_outs_per_domain={self.num_outs_per_domain}, expected at least 2, for "
            "diversity is measured between outputs: raise it.",
        )
        for flag, least in (("max_sources", 0), ("seed", 0), ("batch_size", 1)):
            value = getattr(self, flag)
            check(value >= least, f"Found --{flag}={value}, expected at least {least}: raise it.")

    def results_dir(self, step: int) -> Path:
        """The folder for the results of a model that was trained for `step` iterations."""
        if self.out:
            return Path(self.out)
        if self.run_dir:
            return Path(self.run_dir) / "evaluation" / f"{step:06d}"
        version = Path(self.saved_model).resolve()
        return Path("runs", "evaluation", version.parent.name, version.name)
