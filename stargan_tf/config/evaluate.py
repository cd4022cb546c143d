"""Settings of `python -m stargan_tf.evaluate`."""

import dataclasses
from pathlib import Path

from stargan_tf.config.measuring import MeasuringConfig
from stargan_tf.config.settings import check, check_bounds, check_model, setting


@dataclasses.dataclass(frozen=True)
class EvaluateConfig(MeasuringConfig):
    """What is measured, with which networks, and where the metrics go."""

    run_dir: str = setting(
        "", "Folder of the training run; its newest checkpoint is used.", path=True
    )
    saved_model: str = setting(
        "",
        "Version folder of an exported model, such as saved_models/NAME/1, in place of --run_dir.",
        path=True,
    )
    data_dir: str = setting(
        "",
        "What prepare_data wrote, with validation images. Default: the data set of the run.",
        path=True,
    )
    modes: tuple[str, ...] = setting(
        (),
        "How the styles of outputs are made, separated by commas, of the ways that the algorithm "
        "has; those of StarGAN v2 are latent and reference. Default: all.",
    )
    num_outs_per_domain: int = setting(10, "Outputs for each source image and target domain.")
    max_sources: int = setting(
        0,
        "Validation images of each domain, or with and without each attribute, to translate, the "
        "first ones; 0 for all.",
        least=0,
    )
    seed: int = setting(7, "Seed of the latent codes and of the choice of references.", least=0)
    batch_size: int = setting(8, "Source images that are translated at once.", least=1)
    out: str = setting(
        "",
        "Folder for metrics.json and the table. Default: evaluation/ITERATION in the run, or "
        "runs/evaluation/NAME/VERSION for an exported model, followed by the settings that are "
        "not the default, as in evaluation/014000_latent_max20.",
        path=True,
    )
    skip_bad_records: bool = setting(
        False,
        "Read every record of the data set first, and measure without those that are damaged, "
        "which are counted and listed in bad_records.jsonl of --out; else the first one ends the "
        "work.",
    )
    overwrite: bool = setting(False, "Replace results of other settings that are already at --out.")
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
        self.validate_networks()
        self.validate_weights_files()
        check(
            self.num_outs_per_domain >= 2,
            f"Found --num_outs_per_domain={self.num_outs_per_domain}, expected at least 2, for "
            "diversity is measured between outputs: raise it.",
        )
        check_bounds(self)

    @property
    def variant(self) -> str:
        """The settings that change metrics and are not the default, such as _latent_max20."""
        default, outs = EvaluateConfig(), self.num_outs_per_domain
        parts = (
            (self.features, default.features, self.features),
            (self.perceptual, default.perceptual, self.perceptual),
            (set(self.modes), set(default.modes), "_".join(sorted(set(self.modes)))),
            (outs, default.num_outs_per_domain, f"outs{outs}"),
            (self.max_sources, default.max_sources, f"max{self.max_sources}"),
            (self.seed, default.seed, f"seed{self.seed}"),
        )
        return "".join(f"_{text}" for value, usual, text in parts if value != usual)

    def results_dir(self, step: int) -> Path:
        """The folder for the results of a model that was trained for `step` iterations."""
        if self.out:
            return Path(self.out)
        if self.run_dir:
            return Path(self.run_dir) / "evaluation" / f"{step:06d}{self.variant}"
        version = Path(self.saved_model).resolve()
        return Path("runs", "evaluation", version.parent.name, version.name + self.variant)
