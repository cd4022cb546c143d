"""What TFX's Trainer runs: stargan_tf's own training, in a folder that outlives a crash.

The folder is WORKING_DIR/KEY, KEY being a hash of all that decides the result. So a run that
was killed goes on from its last checkpoint when the pipeline is started again, and one that
is finished is taken as it is. Once a model is made, nothing needs its folder any more.

The Model artifact holds

    Format-Serving/   the SavedModel, which Pusher copies
    run/              config.json, metrics.jsonl and the last checkpoint: to start another
                      training from, or for `python -m stargan_tf.sample --run_dir`

and the ModelRun artifact logs/ (for TensorBoard) and samples/.
"""

import dataclasses
import hashlib
import json
import shutil
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tfx import v1 as tfx

from pipeline.examples import as_data_dir
from pipeline.paths import local_path
from stargan_tf.algorithms.registry import settings_class
from stargan_tf.config.export import ExportConfig
from stargan_tf.config.settings import check, from_dict
from stargan_tf.config.train import TrainConfig
from stargan_tf.errors import UserError
from stargan_tf.training.run_dir import RunDir

_CHUNK_BYTES = 2**20


def run_fn(fn_args: tfx.components.FnArgs) -> None:
    """Trains, exports and keeps what belongs to the model.

    Args:
      fn_args: from the Trainer. Its custom_config holds
        train: settings of `TrainConfig` by name, without data_dir and run_dir;
        source_hash: of the code;
        working_dir: see above;
        warm_start: whether to start from the base model, if there is one;
        parent: of what lies in the run that the settings start from (optional);
        model_name: what the model calls itself (optional).

    Raises:
      UserError: the settings or the images do not fit, or a signal stopped the training.
        Whatever was trained is saved then, but no model is made.
    """
    # Imported here, so that building the graph does not wait for the networks.
    from stargan_tf.loading import load_run
    from stargan_tf.training_run import train_run

    custom = fn_args.custom_config
    examples_uri = str(local_path(fn_args.train_files[0]).parents[1])
    settings = _settings(fn_args)
    key = run_key(examples_uri, settings, custom["source_hash"], custom.get("parent", ""))
    folder = Path(custom["working_dir"]) / key
    data_dir = as_data_dir(examples_uri, folder / "data")
    run = RunDir(folder / "run")
    config = dataclasses.replace(settings, data_dir=str(data_dir), run_dir=str(run.root))
    config.validate()
    status = train_run(config)
    if status:
        raise UserError(
            f"The training was stopped by {signal.Signals(status - 128).name} after iteration "
            f"{load_run(run.root).step}, and everything is saved: run the pipeline again, and "
            "it goes on from there."
        ) from KeyboardInterrupt(status - 128)  # no failure of the component
    serving = local_path(fn_args.serving_model_dir)
    _export(config, custom.get("model_name", "stargan"), serving)
    keep_run(run, serving.parent / "run")
    for part in (run.logs, run.samples):
        shutil.copytree(part, local_path(fn_args.model_run_dir) / part.name, dirs_exist_ok=True)


def run_key(examples_uri: str, settings: TrainConfig, source_hash: str, parent: str = "") -> str:
    """Names the run that these images, settings and code make: 16 hexadecimal digits.

    The images count by their content: made again as they were, they lead to the same run.

    Args:
      examples_uri: URI of the Examples artifact.
      settings: of the training, without data_dir and run_dir.
      source_hash: of the code.
      parent: of what lies in the run that the settings start from.
    """
    root = local_path(examples_uri)
    digest = hashlib.sha256()
    for path in sorted(root.glob("Split-*/*.tfrecord")):
        digest.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    decisive = [digest.hexdigest(), dataclasses.asdict(settings), source_hash]
    decisive += [parent] if parent else []
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]


def keep_run(run: RunDir, target: Path) -> None:
    """Copies what of a run is needed to load its networks or to start another from it.

    Args:
      run: with at least one checkpoint.
      target: becomes the folder of a run with the newest checkpoint alone.
    """
    from stargan_tf.training.checkpoints import newest_checkpoint

    newest = Path(newest_checkpoint(run))
    kept = RunDir(target)
    kept.checkpoints.mkdir(parents=True)
    for path in (run.config_file, run.metrics_file):
        if path.exists():
            shutil.copy(path, kept.root)
    for path in run.checkpoints.glob(f"{newest.name}.*"):
        shutil.copy(path, kept.checkpoints)
    index = kept.checkpoints / "checkpoint"
    index.write_text(f'model_checkpoint_path: "{newest.name}"\n', encoding="utf-8")


def _settings(fn_args: Any) -> TrainConfig:
    custom = fn_args.custom_config
    values = dict(custom["train"])
    config_class = settings_class(values["algorithm"])
    settings = from_dict(config_class, values, where=Path("the Trainer's settings"))
    check(
        not settings.multi_worker,
        "Found --train.multi_worker, expected training on one machine in a pipeline: train on "
        "several with stargan_tf.train, and start from that run with --train.warm_start=RUN_DIR.",
    )
    if custom["warm_start"] and fn_args.base_model:
        parent = local_path(fn_args.base_model).parent / "run"
        settings = dataclasses.replace(settings, warm_start=str(parent))
    return settings


def _export(config: TrainConfig, name: str, folder: Path) -> None:
    """Writes the SavedModel of a finished run."""
    from stargan_tf.loading import load_run
    from stargan_tf.serving.exporter import export

    # Pusher calls a version by the second in which it is pushed; this is as near as can be known.
    version = int(time.time())
    with TemporaryDirectory() as temporary:
        out = Path(temporary) / name
        to_export = ExportConfig(
            run_dir=config.run_dir,
            out=str(out),
            data_dir=config.data_dir,
            formats=("saved_model",),
        )
        export(to_export, load_run(config.run_dir, in_float32=True), version)
        shutil.copytree(out / str(version), folder)
