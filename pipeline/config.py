"""Settings of the pipeline itself: where things are, how it runs, what a model must come up to."""

import dataclasses
import re
from pathlib import Path

from stargan_tf.config.measuring import MeasuringConfig
from stargan_tf.config.settings import check, check_bounds, setting

# What stargan_tf.evaluate needs of each domain.
MIN_SOURCES = 4
INFRASTRUCTURE = ("auto", "docker", "canary")
# user@host:port/database
_MYSQL = re.compile(
    r"(?P<user>[^@:/\s]+)@(?P<host>[^@:/\s]+):(?P<port>\d+)/(?P<database>[^@:/\s]+)"
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclasses.dataclass(frozen=True)
class MySQL:
    """Where a MySQL server keeps the metadata."""

    user: str
    host: str
    port: int
    database: str


@dataclasses.dataclass(frozen=True)
class PipelineConfig(MeasuringConfig):
    """Everything about the pipeline that is neither about images nor about training."""

    # What it is called and where things are.
    pipeline_name: str = setting("stargan", "Name of the pipeline in ML Metadata.")
    pipeline_root: str = setting(
        "runs/pipeline",
        "Folder of artifacts, metadata.db, unfinished training runs and logs.",
        path=True,
    )
    model_name: str = setting("stargan", "Name of the model, as servers will know it.")
    push_dir: str = setting(
        "", "Where good models go, a folder each. Default: saved_models/<model_name>.", path=True
    )
    data_flags: str = setting(
        "",
        "Flagfile of prepare_data, without its --output_dir; --data.NAME=VALUE overrules it.",
        path=True,
    )
    train_flags: str = setting(
        "",
        "Flagfile of train, such as those in stargan_tf/flagfiles; --train.NAME=VALUE "
        "overrules it.",
        path=True,
    )

    # How it runs.
    mysql: str = setting(
        "",
        "ML Metadata in MySQL, as user@host:port/database, with the password in the "
        "environment variable STARGAN_TF_MYSQL_PASSWORD. Default: SQLite in the pipeline root.",
    )
    beam_args: tuple[str, ...] = setting(
        (),
        "Flags of Apache Beam, separated by commas, such as --direct_num_workers=2,"
        "--direct_running_mode=multi_processing. Default: one thread.",
    )
    cache: bool = setting(True, "Take over what an earlier run has made of the same inputs.")
    warm_start: bool = setting(
        False, "Start training from the latest good model instead of from random weights."
    )
    infrastructure: str = setting(
        "auto",
        "Who tries the exported model out: TensorFlow Serving in Docker, a canary (a "
        "process of its own that loads it and sends real requests), or whichever can be had.",
        choices=INFRASTRUCTURE,
    )
    serving_tag: str = setting("2.15.1", "Tag of the tensorflow/serving image that tries it out.")

    # What a model must come up to.
    max_distance: float = setting(
        0.0,
        "Largest mean distance (FID, or that on other features) to the real images; 0 for any.",
        least=0,
    )
    min_diversity: float = setting(
        0.0, "Smallest mean diversity (LPIPS, or that on other features) of the outputs.", least=0
    )
    min_domain_accuracy: float = setting(
        0.0, "Smallest share of outputs that a classifier takes for their domain.", least=0, most=1
    )
    max_worsening: float = setting(
        0.1,
        "How much worse than the latest good model each of them may be, as a fraction.",
        least=0,
    )
    eval_sources: int = setting(
        0, "Validation images of each domain to translate for the evaluation; 0 for all."
    )
    eval_outputs: int = setting(10, "Outputs for each of them and each target domain.")
    eval_seed: int = setting(7, "Seed of the evaluation's latent codes and references.", least=0)

    def validate(self) -> None:
        """Checks everything that can be known before any work.

        Raises:
          UserError: one sentence about the first thing that is wrong.
        """
        for field in ("pipeline_name", "model_name"):
            value = getattr(self, field)
            check(
                bool(_NAME.fullmatch(value)),
                f"Found --{field}={value}, expected letters, digits, _ and -: choose such a name.",
            )
        for field in ("pipeline_root", "serving_tag"):
            check(bool(getattr(self, field)), f"Found an empty --{field}: leave it out or fill it.")
        for field in ("data_flags", "train_flags"):
            path = getattr(self, field)
            check(
                not path or Path(path).is_file(),
                f"--{field}={path} is not a file, expected one with a flag a line: check the path.",
            )
        _ = self.mysql_server
        self.validate_networks()
        self._validate_thresholds()

    @property
    def model_dir(self) -> str:
        """Where good models go: `push_dir`, or its default."""
        return self.push_dir or f"saved_models/{self.model_name}"

    @property
    def mysql_server(self) -> MySQL | None:
        """The parts of --mysql, None without it.

        Raises:
          UserError: it is not of the form user@host:port/database.
        """
        if not self.mysql:
            return None
        match = _MYSQL.fullmatch(self.mysql)
        if not match:
            # Not repeated in the message, for people put passwords here.
            check(
                False,
                "Found --mysql of another form, expected user@host:port/database, with the "
                "password in STARGAN_TF_MYSQL_PASSWORD: correct it.",
            )
        return MySQL(match["user"], match["host"], int(match["port"]), match["database"])

    def _validate_thresholds(self) -> None:
        check_bounds(self)
        check(
            self.eval_sources == 0 or self.eval_sources >= MIN_SOURCES,
            f"Found --eval_sources={self.eval_sources}, expected 0 for all images or at least "
            f"{MIN_SOURCES}, for distances need some: raise it.",
        )
        check(
            self.eval_outputs >= 2,
            f"Found --eval_outputs={self.eval_outputs}, expected at least 2, for diversity is "
            "measured between outputs: raise it.",
        )
