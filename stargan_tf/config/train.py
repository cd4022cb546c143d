"""Settings that every training run has, whatever its algorithm."""

import dataclasses
import re
from typing import Any

from stargan_tf.config.settings import check, check_bounds, setting

MIXED_PRECISION = ("none", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """What decides a training run, beside what its algorithm adds in a subclass.

    Subclasses may give these settings other defaults and help texts.
    """

    # Where things are.
    data_dir: str = setting(
        "",
        "Folder that prepare_data wrote: TFRecords and dataset_info.json.",
        fixed=False,
        path=True,
    )
    data_dir2: str = setting(
        "",
        "A second such folder, with other labels, to train on both at once (stargan). Each "
        "iteration takes a batch of either.",
        fixed=False,
        path=True,
    )
    run_dir: str = setting(
        "",
        "Folder of this run: config.json, metrics.jsonl, checkpoints/, logs/, samples/. "
        "Given alone, it resumes the run it holds.",
        fixed=False,
        path=True,
    )
    warm_start: str = setting(
        "",
        "Folder of another run: the new one starts from its weights, with fresh optimizers and at "
        "iteration 0. Its domains may be others. A run that is resumed goes on from its own.",
        path=True,
    )
    head_from: str = setting(
        "",
        "With --warm_start: the domain of the other run that domains it does not know start from; "
        "default: its first.",
    )

    # What is trained.
    algorithm: str = setting(
        "stargan_v2",
        "What is trained: stargan_v2, stargan (of 2018, and its rectified form), "
        "ablation.multi_task, ablation.domain_styles or ablation.latent_codes (what lies between "
        "the two: python -m stargan_tf.ablation), or an algorithm of your own by the dotted path "
        "of its module, such as my_package.my_algorithm. --help shows the settings of the chosen "
        "one.",
    )
    img_size: int = setting(256, "Side of the square training images.", least=1)

    # Optimisation.
    batch_size: int = setting(
        8, "Images per iteration, over all replicas together.", least=1, most=2**20
    )
    total_iters: int = setting(
        100_000, "Iterations of the whole run; may be raised on resume.", least=0, fixed=False
    )
    lr: float = setting(
        1e-4,
        "Learning rate; may change on resume.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )
    num_iters_decay: int = setting(
        0,
        "Iterations at the end of the run over which all learning rates fall linearly to 0; 0 for "
        "constant ones.",
        least=0,
        fixed=False,
        hyperparameter=True,
    )
    beta1: float = setting(0.0, "Adam's decay rate of the first moment.", least=0, below=1)
    beta2: float = setting(0.99, "Adam's decay rate of the second moment.", least=0, below=1)
    weight_decay: float = setting(
        1e-4, "L2 penalty, added to the gradient of every weight.", least=0
    )
    ema_decay: float = setting(
        0.999,
        "Decay of the moving averages of the weights, which are what sampling uses.",
        least=0,
        below=1,
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
    recompute: bool = setting(
        False,
        "Keep of each residual block no more than its input until the backward pass, which "
        "computes the rest again: about half of the memory of feature maps, for about a sixth more "
        "time; may change on resume. Not with --xla.",
        fixed=False,
    )
    randcrop_prob: float = setting(0.5, "Probability of the random resized crop.", least=0, most=1)
    seed: int = setting(
        777,
        "Seed of the initial weights, the input order and the latents.",
        least=0,
        most=2**32 - 1,
    )

    on_nan: str = setting(
        "stop",
        "What to do when a loss or a weight becomes NaN or infinite: stop, or rollback, which goes "
        "back to the last checkpoint and on from there with other batches.",
        choices=("stop", "rollback"),
        fixed=False,
    )
    max_rollbacks: int = setting(
        3, "How often a run may go back before it stops.", least=0, fixed=False
    )

    # What is written, and when (in iterations).
    log_every: int = setting(
        10, "Write the mean losses to TensorBoard and metrics.jsonl.", least=1, fixed=False
    )
    sample_every: int = setting(5_000, "Write image grids; 0 for never.", least=0, fixed=False)
    save_every: int = setting(
        5_000,
        "Write a checkpoint; one more is written at the end or when stopped.",
        least=1,
        fixed=False,
    )
    keep_checkpoints: int = setting(
        3, "How many of the newest checkpoints stay.", least=1, fixed=False
    )
    eval_every: int = setting(
        10_000,
        "Measure the averaged networks on validation images: losses, and by a few translations "
        "kernel distance, diversity and domain accuracy, of at most 12 pairs of domains; 0 for "
        "never.",
        least=0,
        fixed=False,
    )
    profile_steps: str = setting(
        "",
        "Iterations to record for TensorBoard's profiler, such as 100:110: when 100 are done, "
        "until 110 are. The first iteration of a sitting compiles, so begin later; a sitting that "
        "begins after the range records nothing.",
        fixed=False,
    )
    virtual_replicas: int = setting(
        0,
        "Split the CPU into this many devices, to try out training on several; 0 takes every "
        "GPU there is, or else the CPU as one.",
        least=0,
        fixed=False,
    )
    xla: bool = setting(
        False,
        "Compile each replica's whole step by XLA; may change on resume. Off by default: on CPUs "
        "it compiles for many minutes, on GPUs nobody has measured it yet. Not on several CPU "
        "devices.",
        fixed=False,
    )
    tf32: bool = setting(
        True,
        "On GPUs from Ampere on, let float32 convolutions and matrix products round their inputs "
        "to TF32, 10 bits of 23: TensorFlow's default and that of PyTorch's convolutions. "
        "--notf32 is exact float32, and slower; may change on resume.",
        fixed=False,
    )
    skip_bad_records: bool = setting(
        False,
        "Read every record of the data set first, and train without those that are damaged, which "
        "are counted and listed in bad_records.jsonl of the run; else the first one ends the run.",
        fixed=False,
    )
    multi_worker: bool = setting(
        False,
        "Train together with other machines, which the environment variable TF_CONFIG lists; "
        "docs/scaling.md says how.",
        fixed=False,
    )

    def validate(self) -> None:
        """Checks every value and combination before any work is done.

        Raises:
          UserError: one sentence about the first thing that is wrong.
        """
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
        check_bounds(self)
        check(
            not self.head_from or bool(self.warm_start),
            f"Found --head_from={self.head_from} without --warm_start, expected the run that has "
            "this domain: pass --warm_start, or leave --head_from out.",
        )
        check(
            bool(self.profiled_iterations) or not self.profile_steps,
            f"Found --profile_steps={self.profile_steps}, expected two numbers, the smaller one "
            "first, such as 100:110: correct it.",
        )
        check(
            not (self.multi_worker and self.virtual_replicas),
            f"Found --multi_worker and --virtual_replicas={self.virtual_replicas}, expected one "
            "of them: the second is for trying out several devices on one machine.",
        )
        check(
            not (self.xla and self.virtual_replicas > 1),
            f"Found --xla and --virtual_replicas={self.virtual_replicas}, expected one of them: "
            "XLA cannot sum gradients over CPU devices; leave one out.",
        )
        check(
            not (self.xla and self.recompute),
            "Found --xla and --recompute, expected one of them: XLA finds that blocks are computed "
            "twice, computes them once, and keeps the result; leave one out.",
        )
        check(
            not 0 < self.total_iters < self.num_iters_decay,
            f"Found --num_iters_decay={self.num_iters_decay} and --total_iters={self.total_iters}, "
            f"expected at most as many: try --num_iters_decay={self.total_iters // 2}.",
        )
        replicas = max(self.virtual_replicas, 1)
        check(
            self.batch_size % replicas == 0,
            f"Found --batch_size={self.batch_size} for {replicas} replicas, expected a multiple: "
            f"try {max(1, self.batch_size // replicas) * replicas}.",
        )

    def check_files(self) -> None:
        """Checks the files that a run takes when it begins, and never again.

        Raises:
          UserError: one is missing.
        """

    @property
    def profiled_iterations(self) -> range:
        """The iterations of `profile_steps`, by how many were done before each."""
        match = re.fullmatch(r"(\d{1,18}):(\d{1,18})", self.profile_steps, re.ASCII)
        return range(int(match[1]), int(match[2])) if match else range(0)

    def shapes(self) -> dict[str, Any]:
        """The settings that decide the shapes of the weights, resolved, by flag."""
        shapes = {"algorithm": self.algorithm, "img_size": self.img_size}
        return shapes | {"data_dir2": "given"} if self.data_dir2 else shapes
