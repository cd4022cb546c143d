"""One run of the pipeline on this machine; imports TFX, which takes many seconds."""

import dataclasses
import hashlib
import shutil
import traceback
from pathlib import Path
from typing import TextIO

import ml_metadata as mlmd
from tfx import v1 as tfx

from pipeline.components.infrastructure import docker_answers, missing_image
from pipeline.config import PipelineConfig
from pipeline.create_pipeline import create_pipeline, schema_file_of
from pipeline.metadata import cancel_running, connection_config, open_store
from pipeline.options import Options
from pipeline.reporting import cause, interrupted, watching
from pipeline.results import Results
from stargan_tf.config.settings import check
from stargan_tf.data.preparation import beam_options
from stargan_tf.errors import UserError
from stargan_tf.locks import LOCK, exclusive_lock


def run(options: Options, console: TextIO, log: Path | None) -> int:
    """Runs the pipeline.

    Args:
      options: checked.
      console: takes a line for each component, and the verdict.
      log: takes everything else; None if that goes to the console as well.

    Returns:
      The exit status: 0 when the model is good and pushed, 2 when it is not good enough,
      128 and the signal's number when interrupted.

    Raises:
      UserError: a component failed, for the reason in the text.
    """
    beam_options(options.pipeline.beam_args)  # Beam itself ignores what it does not know
    config = with_infrastructure(options.pipeline)
    root = Path(config.pipeline_root)
    with exclusive_lock(root / LOCK, root, "run", "choose another --pipeline_root"):
        connection = connection_config(config)
        store = open_store(connection)
        results = Results(store, config, options.train)
        pipeline = create_pipeline(
            config,
            options.data,
            options.train,
            metadata=connection,
            schema_file=copy_named_by_hash(
                schema_file_of(options.data), Path(config.pipeline_root) / "schema"
            ),
        )
        with watching(console, results.describe) as progress:
            try:
                tfx.orchestration.LocalDagRunner().run(pipeline)
            except (Exception, KeyboardInterrupt) as error:
                traceback.print_exc()
                node = progress.current
                number = interrupted(error)
                progress.fail("stopped" if number else "failed")
                if number:
                    _clean_up(store, config, node)
                    console.write(f"{cause(error)}\n")
                    return 128 + number
                where = f" Everything is in {log}." if log else ""
                raise UserError(f"{cause(error)}{where}") from error
        verdict = results.verdict()
        console.write(f"{verdict.sentence}\n")
        return verdict.exit_status


def with_infrastructure(config: PipelineConfig) -> PipelineConfig:
    """Decides whether Docker or the canary tries the model out.

    Raises:
      UserError: Docker is asked for, and does not answer or has no image of TensorFlow Serving.
    """
    if config.infrastructure == "canary":
        return config
    docker = docker_answers()
    check(
        docker or config.infrastructure == "auto",
        "Found --infrastructure=docker, but no Docker daemon answers: start it, or leave the flag "
        "out for a canary instead.",
    )
    reason = missing_image(config.serving_tag) if docker else ""
    check(
        not reason or config.infrastructure == "auto",
        f"Found no image tensorflow/serving:{config.serving_tag} ({reason}), expected one that "
        "is here or can be had: correct --serving_tag, or leave --infrastructure out for a canary.",
    )
    docker = docker and not reason
    return dataclasses.replace(config, infrastructure="docker" if docker else "canary")


def copy_named_by_hash(file: Path, folder: Path) -> Path:
    """Copies a file to a name that is the hash of its content, and returns the copy.

    ImportSchemaGen's cache knows its file by the path alone, and would not see an edit.
    """
    content = file.read_bytes()
    copy = folder.absolute() / f"{hashlib.sha256(content).hexdigest()[:16]}{file.suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(content)
    return copy


def _clean_up(store: mlmd.MetadataStore, config: PipelineConfig, node: str | None) -> None:
    """Does for an interrupted component what TFX does for a failed one."""
    if node:
        for number in cancel_running(store, config.pipeline_name, node):
            for folder in Path(config.pipeline_root).glob(f"{node}/*/{number}"):
                shutil.rmtree(folder)
