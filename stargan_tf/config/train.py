"""Settings of `python -m stargan_tf.train`."""

import dataclasses

from stargan_tf.config.settings import check, setting

MIXED_PRECISION = ("none", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run.

    Names and defaults are those of Choi et al. 2020, section B of the appendix.
    """

    # Where things are.
    data_dir: str = setting(
        "", "Folder that prepare_data wrote: TFRecords and dataset_info.json.", lasting=False
    )
    run_dir: str = setting(
        "",
        "Folder of this run: config.json, metrics.jsonl, checkpoints/, logs/, samples/. "
        "Given alone, it resumes the run it holds.",
        lasting=False,
    )
    warm_start: str = setting(
        "",
        "Folder of another run: the new one starts from its weights, with fresh optimizers and at "
        "iteration 0. A run that is resumed goes on from its own.",
    )

    # Networks.
    img_size: int = setting(256, "Side of the square training images, a power of two from 32.")
    base_channels: int = setting(
        0, "Width of the first layer, doubled at each smaller size; 0 means 2^14 / img_size."
    )
    max_conv_dim: int = setting(512, "Width at which the doubling stops.")
    latent_dim: int = setting(16, "Length of the latent code z.")
    style_dim: int = setting(64, "Length of the style code s.")
    mapping_hidden_dim: int = setting(512, "Width of the mapping network's hidden layers.")
    w_hpf: float = setting(
        0.0,
        "Weight of the high-pass skip connections that keep facial landmarks in place. "
        "Training takes 0 only: the landmark network that draws the masks is not part of "
        "this version.",
    )

    # Objectives.
    lambda_reg: float = setting(1.0, "Weight of the R1 gradient penalty.")
    lambda_sty: float = setting(1.0, "Weight of the style reconstruction loss.")
    lambda_ds: float = setting(
        1.0,
        "Weight of the diversity sensitive loss at the start; it falls linearly to 0 over "
        "ds_iter iterations (published: 1 for CelebA-HQ, 2 for AFHQ).",
    )
    lambda_cyc: float = setting(1.0, "Weight of the cycle consistency loss.")
    ds_iter: int = setting(100_000, "Iterations over which lambda_ds falls to 0.")

    # Optimisation.
    batch_size: int = setting(8, "Images per iteration, over all replicas together.")
    total_iters: int = setting(
        100_000, "Iterations of the whole run; may be raised on resume.", lasting=False
    )
    lr: float = setting(
        1e-4,
        "Learning rate of generator, style encoder and discriminator; may change on resume.",
        lasting=False,
        hyperparameter=True,
    )
    f_lr: float = setting(
        1e-6,
        "Learning rate of the mapping network; may change on resume.",
        lasting=False,
        hyperparameter=True,
    )
    beta1: float = setting(0.0, "Adam's decay rate of the first moment.")
    beta2: float = setting(0.99, "Adam's decay rate of the second moment.")
    weight_decay: float = setting(1e-4, "L2 penalty, added to the gradient of every weight.")
    ema_decay: float = setting(
        0.999, "Decay of the moving averages of the weights, which are what sampling uses."
    )
    ema_warmup: bool = setting(
        False,
        "Let the average's decay start low, as min(ema_decay, (1+t)/(10+t)): for runs of a "
        "few thousand iterations, whose averages would otherwise still show the initial weights.",
    )
    mixed_precision: str = setting(
        "none",
        "Type of the convolutions: none (float32), bfloat16 (recent CPUs, GPUs and TPUs) or "
        "float16 (GPUs; with loss scaling). Weights, normalisation statistics and losses stay "
        "in float32.",
        choices=MIXED_PRECISION,
    )
    randcrop_prob: float = setting(0.5, "Probability of the random resized crop.")
    seed: int = setting(777, "Seed of the initial weights, the input order and the latents.")

    # What is written, and when (in iterations).
    log_every: int = setting(
        10, "Write the mean losses to TensorBoard and metrics.jsonl.", lasting=False
    )
    sample_every: int = setting(5_000, "Write image grids; 0 for never.", lasting=False)
    save_every: int = setting(
        5_000, "Write a checkpoint; one more is written at the end or when stopped.", lasting=False
    )
    keep_checkpoints: int = setting(3, "How many of the newest checkpoints stay.", lasting=False)
    eval_every: int = setting(
        10_000,
        "Measure the averaged networks on validation images: losses, and by a few translations "
        "kernel distance, diversity and domain accuracy; 0 for never.",
        lasting=False,
    )
    virtual_replicas: int = setting(
        0,
        "Split the CPU into this many devices, to try out training on several; 0 takes every "
        "GPU there is, or else the CPU as one.",
        lasting=False,
    )
    multi_worker: bool = setting(
        False,
        "Train together with other machines, which the environment variable TF_CONFIG lists; "
        "docs/scaling.md says how.",
        lasting=False,
    )

    def validate(self) -> None:
        """Checks every value and combination before any work is done.

        Raises:
          UserError: one sentence about the first thing that is wrong.
        """
        self._validate_paths()
        self._validate_networks()
        self._validate_optimisation()

    def _validate_paths(self) -> None:
        check(
            bool(self.run_dir),
            "Found no --run_dir, expected a folder for this run: pass --run_dir=runs/NAME.",
        )
        check(
            bool(self.data_dir),
            "Found no --data_dir, expected a folder that prepare_data wrote: pass --data_dir=..., "
            "or make one with `python -m stargan_tf.prepare_data --source=portraits "
            "--output_dir=data/portraits`.",
        )

    def _validate_networks(self) -> None:
        size = self.img_size
        check(
            size >= 32 and size & (size - 1) == 0,
            f"Found --img_size={size}, expected a power of two from 32 up: try 64, 128 or 256.",
        )
        for name in ("max_conv_dim", "latent_dim", "style_dim", "mapping_hidden_dim"):
            value = getattr(self, name)
            check(value >= 1, f"Found --{name}={value}, expected at least 1: raise it.")
        check(
            self.base_channels >= 0,
            f"Found --base_channels={self.base_channels}, expected a width or 0 for the "
            "published one: raise it.",
        )
        check(
            self.first_layer_channels >= 1,
            f"Found --base_channels=0 at --img_size={size}, whose published width 2^14 / img_size "
            "is below 1: pass --base_channels.",
        )
        check(
            self.first_layer_channels <= self.max_conv_dim,
            f"Found a first layer of {self.first_layer_channels} channels above "
            f"--max_conv_dim={self.max_conv_dim}: lower --base_channels or raise --max_conv_dim.",
        )
        check(
            self.w_hpf == 0,
            f"Found --w_hpf={self.w_hpf}, expected 0: the masks it needs come from a landmark "
            "network that this version does not have.",
        )

    def _validate_optimisation(self) -> None:
        for name in ("batch_size", "ds_iter", "log_every", "save_every", "keep_checkpoints"):
            value = getattr(self, name)
            check(value >= 1, f"Found --{name}={value}, expected at least 1: raise it.")
        for name in (
            *("total_iters", "sample_every", "eval_every", "virtual_replicas", "seed"),
            *("lambda_reg", "lambda_sty", "lambda_ds", "lambda_cyc"),
            *("lr", "f_lr", "weight_decay"),
        ):
            value = getattr(self, name)
            check(value >= 0, f"Found --{name}={value}, expected 0 or more: raise it.")
        for name in ("beta1", "beta2", "ema_decay"):
            value = getattr(self, name)
            check(0 <= value < 1, f"Found --{name}={value}, expected a value in [0, 1): change it.")
        check(
            0 <= self.randcrop_prob <= 1,
            f"Found --randcrop_prob={self.randcrop_prob}, expected a value in [0, 1]: change it.",
        )
        check(
            not (self.multi_worker and self.virtual_replicas),
            f"Found --multi_worker and --virtual_replicas={self.virtual_replicas}, expected one "
            "of them: the second is for trying out several devices on one machine.",
        )
        replicas = max(self.virtual_replicas, 1)
        check(
            self.batch_size % replicas == 0,
            f"Found --batch_size={self.batch_size} for {replicas} replicas, expected a multiple: "
            f"try {max(1, self.batch_size // replicas) * replicas}.",
        )

    @property
    def first_layer_channels(self) -> int:
        """Width of the first layer: `base_channels`, or the published 2^14 / img_size."""
        return self.base_channels or 2**14 // self.img_size
