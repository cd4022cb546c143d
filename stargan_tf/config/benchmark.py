"""Settings of `python -m stargan_tf.benchmark`, beside those of train."""

import dataclasses
from pathlib import Path

from stargan_tf.config.settings import check, check_bounds, setting
from stargan_tf.config.train import TrainConfig

ITERATION, UPDATES, NETWORKS, INPUT = TRAINING = ("iteration", "updates", "networks", "input")
OPERATIONS = "operations"
MEMORY = "memory"
SAVED_MODEL, TFLITE, ONNX = EXPORTS = ("saved_model", "tflite", "onnx")
SERVER = "server"
OF_TRAINING = (*TRAINING, OPERATIONS)
WHAT = (*OF_TRAINING, MEMORY, *EXPORTS, SERVER)
RUNTIMES = ("litert", "tensorflow")
ALL = "all"
_MOST_VARIANTS = 26  # a letter each


@dataclasses.dataclass(frozen=True)
class BenchmarkConfig:
    """What is measured, and how."""

    what: tuple[str, ...] = setting(
        (),
        f"What to measure, some of {', '.join(WHAT)}, separated by commas: the training iteration, "
        "each of its updates, every network forward and backward, the input pipeline, each "
        "convolution and matrix product of --operations_of alone, the memory of training in a "
        "process of its own, the files of --model, and requests to --server. "
        "Default: the first four, or with --model the files that it has and its server.",
    )
    operations_of: str = setting(
        ITERATION,
        "For --what=operations: whose operations run alone, a name in the table such as "
        "'generator forward' or 'update D/latent'.",
    )
    compare: tuple[str, ...] = setting(
        (),
        "Flags that differ, such as --compare=--mixed_precision=bfloat16, or in quotes for "
        "several: the same is measured with them, in turns with the other settings, and the median "
        "of the ratios told. May be given again. Without any flags, it tells what chance does.",
        repeated=True,
    )
    repeats: int = setting(20, "Timed runs of each.", least=1, most=100_000)
    warm_up: int = setting(
        2,
        "Runs of each before them; the first has what is compiled once, at the last one memory is "
        "read.",
        least=1,
        most=1000,
    )
    num_domains: int = setting(3, "Domains, where there is no --data_dir.", least=1, most=2**16)
    peak_side: int = setting(
        4096, "Side of the matrices whose product is the machine's peak.", least=1, most=2**15
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
        unknown = sorted(set(self.what) - set(WHAT))
        check(
            not unknown,
            f"Found --what={','.join(self.what)}, expected some of {', '.join(WHAT)}, separated by "
            "commas: correct it.",
        )
        check(
            not self.out or Path(self.out).parent.is_dir(),
            f"Found no folder for --out={self.out}, expected one: make it first.",
        )


@dataclasses.dataclass(frozen=True)
class ExportedModelConfig:
    """Which files of an exported model are measured."""

    model: str = setting(
        "",
        "Folder of an exported model, such as saved_models/NAME, whose files are measured. With "
        "--data_dir, the images of its TFLite files are compared with those of its SavedModel.",
        path=True,
    )
    server: str = setting(
        "",
        "Address of a server that has --model under its name, such as grpc://localhost:8500 or "
        "http://localhost:8501: requests to it are measured as well.",
    )
    clients: int = setting(
        1, "Requests to --server at once, each from a thread of its own.", least=1, most=256
    )
    version: int = setting(0, "Version of the model; 0 for the newest.", least=0)
    signature: str = setting(
        "",
        f"The signature that is called, such as translate_style_float, or {ALL}. Default: "
        "translate_latent_float, or the first one in models without it.",
    )
    runtimes: tuple[str, ...] = setting(
        ("litert",),
        "Of TFLite files: litert (what apps use), tensorflow, or both, separated by a comma.",
    )
    num_threads: int = setting(2, "Threads of TFLite and ONNX.", least=1, most=1024)
    num_images: int = setting(24, "Images to measure the quality of TFLite files on.", least=1)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: a setting is out of range, or the model is not there.
        """
        check_bounds(self)
        check(
            not self.model or Path(self.model).is_dir(),
            f"--model={self.model} is not a folder, expected that of an exported model: check the "
            "path, or export one with python -m stargan_tf.export.",
        )
        check(
            bool(self.runtimes) and set(self.runtimes) <= set(RUNTIMES),
            f"Found --runtimes={','.join(self.runtimes)}, expected some of {', '.join(RUNTIMES)}, "
            "separated by commas: correct it.",
        )


@dataclasses.dataclass(frozen=True)
class Variant:
    """One of the settings that are compared.

    Attributes:
      flags: by which it differs from the first; empty for the first itself.
      training: settings of the run that is measured.
      exported: the model whose files are measured.
    """

    flags: str
    training: TrainConfig
    exported: ExportedModelConfig

    def validate(self, what: tuple[str, ...]) -> None:
        """Checks the settings of all that is measured.

        Args:
          what: parts of WHAT that were asked for; empty for the default.

        Raises:
          UserError: a setting is wrong, or one is missing.
        """
        self.exported.validate()
        formats = [name for name in what if name in (*EXPORTS, SERVER)]
        check(
            not formats or bool(self.exported.model),
            f"Found --what={','.join(what)} and no --model, expected the folder of an exported "
            f"model: pass --model=saved_models/NAME, or leave {' and '.join(formats)} out.",
        )
        check(
            SERVER not in what or bool(self.exported.server),
            f"Found --what={','.join(what)} and no --server, expected the address of one that has "
            "the model: start python -m stargan_tf.serve, and pass --server=grpc://localhost:8500.",
        )
        check(
            not formats or not set(what) & set(OF_TRAINING),
            f"Found --what={','.join(what)}, expected training or files of a model: training sets "
            "options of TensorFlow that files would run with: measure them one after the other.",
        )
        # Neither is needed: images are drawn, and nothing is kept.
        places = {"data_dir": "drawn", "run_dir": "none"}
        missing = {k: v for k, v in places.items() if not getattr(self.training, k)}
        dataclasses.replace(self.training, **missing).validate()
        check(
            not self.training.multi_worker,
            "Found --multi_worker, expected a benchmark of one machine: leave it out.",
        )


def check_comparable(variants: list[Variant]) -> None:
    """Checks that settings can be measured in one process.

    Raises:
      UserError: they are too many, or want other devices, data or algorithms.
    """
    check(
        len(variants) <= _MOST_VARIANTS,
        f"Found {len(variants) - 1} times --compare, expected at most {_MOST_VARIANTS - 1}: "
        "measure fewer at once.",
    )
    for variant in variants[1:]:
        for name in ("virtual_replicas", "data_dir", "algorithm"):
            values = [getattr(v.training, name) for v in (variants[0], variant)]
            check(
                values[0] == values[1],
                f"Found --{name} in --compare={variant.flags!r}, expected the same for all that is "
                "compared: measure them one after the other.",
            )
