"""Settings of `python -m tests.pytorch_reference benchmark`, beside those of train."""

import dataclasses
from pathlib import Path

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.settings import check, check_bounds, setting

ITERATION, GENERATOR = WHAT = ("iteration", "generator")


@dataclasses.dataclass(frozen=True)
class ComparisonConfig:
    """What is timed, and how."""

    what: tuple[str, ...] = setting(
        (ITERATION,),
        f"What to time, of {' and '.join(WHAT)}, separated by a comma: the whole training "
        "iteration, and images drawn by the generator without gradients.",
    )
    repeats: int = setting(20, "Timed runs of each side.", least=1, most=100_000)
    warm_up: int = setting(
        3, "Runs of each before them; the most memory is that of these.", least=1, most=1000
    )
    num_domains: int = setting(3, "Domains.", least=1, most=2**16)
    autocast: bool = setting(
        False,
        "Run PyTorch under torch.autocast in bfloat16; --mixed_precision=bfloat16 is for "
        "stargan_tf.",
    )
    channels_last: bool = setting(
        False, "Have PyTorch keep images and kernels with the channels last in memory."
    )
    torch_python: str = setting(
        ".venv-torch/bin/python",
        "The Python that has PyTorch; `make test-torch` sets it up.",
        path=True,
    )
    out: str = setting(
        "", "JSON file for the measurements, beside the table that is printed.", path=True
    )

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is out of range.
        """
        check_bounds(self)
        check(
            bool(self.what) and set(self.what) <= set(WHAT),
            f"Found --what={','.join(self.what)}, expected {' or '.join(WHAT)}, or both, separated "
            "by a comma: correct it.",
        )
        check(
            Path(self.torch_python).is_file(),
            f"Found no --torch_python={self.torch_python}, expected a Python that has PyTorch: "
            "`make benchmark-torch` sets one up.",
        )
        check(
            not self.out or Path(self.out).parent.is_dir(),
            f"Found no folder for --out={self.out}, expected one: make it first.",
        )


def check_comparable(training: StarGANv2Settings) -> None:
    """Checks settings of a run, which both sides must be able to train.

    Raises:
      UserError: a setting is wrong, or only stargan_tf knows what it asks for.
    """
    # Neither is needed: images are drawn, and nothing is kept.
    dataclasses.replace(training, data_dir="drawn", run_dir="none").validate()
    own = {
        "algorithm": training.algorithm != "stargan_v2",
        "data_dir": bool(training.data_dir),
        "data_dir2": bool(training.data_dir2),
        "multi_worker": training.multi_worker,
        "virtual_replicas": training.virtual_replicas > 0,
        "w_hpf": training.w_hpf > 0,
    }
    for name, found in own.items():
        check(
            not found,
            f"Found --{name}={getattr(training, name)}, which the reference in PyTorch does not "
            "know, expected StarGAN v2 of one CPU, without high-pass skip connections, on drawn "
            "images: leave it out.",
        )
    check(
        training.mixed_precision != "float16",
        "Found --mixed_precision=float16, which is for GPUs, expected none or bfloat16: leave it "
        "out.",
    )
