"""ImageExampleGen: images in, TFRecords of tf.train.Examples out.

The images come from a folder, from tensorflow-datasets or are drawn, and go through the same
Beam transform as in stargan_tf.prepare_data. TFX's own ImportExampleGen would want TFRecords
to begin with, and merges their shards.
"""

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

from google.protobuf import any_pb2, wrappers_pb2
from tfx import v1 as tfx
from tfx.components.example_gen import component, driver, utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor, executor_spec
from tfx.orchestration import data_types
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from pipeline.examples import REJECTED_FILE, SPLITS, split_dir
from pipeline.paths import local_path
from pipeline.source_hash import source_hash
from stargan_tf.config.prepare_data import PrepareDataConfig
from stargan_tf.config.settings import check, from_dict
from stargan_tf.data.schema import INFO_FILE
from stargan_tf.data.sources import source_class

# The code that decides what the records hold, beside the source's own.
_CODE = "stargan_tf.data.preparation"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Runs the preparation and lays its files out as an Examples artifact."""

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[tfx.types.BaseChannel]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the examples.

        Images that cannot be used are listed in rejected.jsonl; the gate judges them.

        Args:
          input_dict: empty.
          output_dict: `examples`, the artifact to fill.
          exec_properties: `custom_config` holds the settings.

        Raises:
          UserError: the source cannot be read, or a split would be empty.
        """
        from stargan_tf.data.preparation import write_dataset

        del input_dict
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        uri = local_path(examples.uri)
        prepared = uri / "prepared"
        settings = dataclasses.replace(settings_of(exec_properties), output_dir=str(prepared))
        info = write_dataset(settings, self._make_beam_pipeline, accept_rejected=True)
        check(
            set(info.counts) == set(SPLITS),
            f"Found no validation images in {info.name}, expected some to judge the model by: "
            "raise --data.val_fraction or --data.val_per_domain.",
        )
        lay_out(prepared, uri)
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)


def lay_out(prepared: Path, uri: Path) -> None:
    """Moves the files of a prepared data set to where TFX looks for them."""
    for split in SPLITS:
        folder = split_dir(str(uri), split)
        folder.mkdir(parents=True, exist_ok=True)
        for shard in prepared.glob(f"{split}-*.tfrecord"):
            os.rename(shard, folder / shard.name)
    for name in (INFO_FILE, REJECTED_FILE):
        if (prepared / name).exists():
            os.rename(prepared / name, uri / name)
    shutil.rmtree(prepared)


class Driver(driver.QueryBasedDriver):
    """Adds to the cache key what the settings do not say: the images and the code."""

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Fills in the fingerprint, which TFX leaves empty; see the base class."""
        resolved = super().resolve_exec_properties(exec_properties, pipeline_info, component_info)
        resolved[utils.FINGERPRINT_PROPERTY_NAME] = fingerprint(settings_of(exec_properties))
        return resolved


class ImageExampleGen(component.QueryBasedExampleGen):
    """Component whose output `examples` holds splits train and val; see the module."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, data: PrepareDataConfig) -> None:
        """Makes the component.

        Args:
          data: the settings of prepare_data; `output_dir` is not used, and `max_rejected` is
            left to the gate.
        """
        values = dataclasses.asdict(data)
        for name in ("output_dir", "max_rejected"):  # neither decides what the records hold
            del values[name]
        packed = any_pb2.Any()
        packed.Pack(wrappers_pb2.StringValue(value=json.dumps(values, sort_keys=True)))
        splits = [
            example_gen_pb2.Input.Split(name=split, pattern=f"{split}-*.tfrecord")
            for split in SPLITS
        ]
        super().__init__(
            input_config=example_gen_pb2.Input(splits=splits),
            output_file_format=example_gen_pb2.FILE_FORMAT_UNSPECIFIED,
            custom_config=example_gen_pb2.CustomConfig(custom_config=packed),
        )


def settings_of(exec_properties: dict[str, Any]) -> PrepareDataConfig:
    """The settings that an ImageExampleGen was made with."""
    custom = example_gen_pb2.CustomConfig()
    packed = exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY]
    proto_utils.json_to_proto(packed, custom)
    text = wrappers_pb2.StringValue()
    custom.custom_config.Unpack(text)
    return from_dict(PrepareDataConfig, json.loads(text.value), Path("ImageExampleGen"))


def fingerprint(data: PrepareDataConfig) -> str:
    """What decides the records beside the settings: the input, and the code."""
    source = source_class(data.source)
    return f"input {source.cache_key(data)}, code {source_hash(_CODE, source.__module__)}"
