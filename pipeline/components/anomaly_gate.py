"""AnomalyGate: stops the run when there is something wrong with the data.

TFX's ExampleValidator only writes anomalies down, and the run goes on to train on them.
"""

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import v1 as tfx
from tfx.types import artifact_utils

from pipeline.examples import read_rejected
from pipeline.paths import local_path
from stargan_tf.data.schema import DatasetInfo
from stargan_tf.errors import UserError

# More are in the artifact; a sentence is to be read.
_NAMED = 5


@tfx.dsl.components.component
def AnomalyGate(  # noqa: N802 (components are named like classes)
    examples: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.Examples],
    anomalies: tfx.dsl.components.InputArtifact[tfx.types.standard_artifacts.ExampleAnomalies],
    max_rejected: tfx.dsl.components.Parameter[float],
) -> None:
    """Fails unless the data may be trained on.

    Args:
      examples: of ImageExampleGen, with the list of rejected images.
      anomalies: of ExampleValidator.
      max_rejected: how many images may be rejected: below 1 a fraction, else a count.

    Raises:
      UserError: too many images were rejected, or a split does not fit the schema.
    """
    check_rejected(examples.uri, max_rejected)
    info = DatasetInfo.load(local_path(examples.uri))
    schema = schema_name(attributes=bool(info.attributes))
    for split in artifact_utils.decode_split_names(anomalies.split_names):
        path = local_path(artifact_utils.get_split_uri([anomalies], split)) / "SchemaDiff.pb"
        found = anomalies_pb2.Anomalies.FromString(path.read_bytes())
        check_anomalies(found, split, str(path), schema)


def schema_name(*, attributes: bool) -> str:
    """The file in pipeline/schema that records must fit, by what their labels are."""
    return "attributes.pbtxt" if attributes else "schema.pbtxt"


def check_rejected(examples_uri: str, max_rejected: float) -> None:
    """Raises UserError when more images were rejected than `max_rejected` allows."""
    from stargan_tf.data.preparation import too_many

    rejected = read_rejected(examples_uri)
    counts = DatasetInfo.load(local_path(examples_uri)).counts
    total = len(rejected) + sum(sum(by_domain.values()) for by_domain in counts.values())
    if not too_many(len(rejected), total, max_rejected):
        return
    named = "; ".join(f"{image['file']} ({image['reason']})" for image in rejected[:_NAMED])
    more = f" and {len(rejected) - _NAMED} more" if len(rejected) > _NAMED else ""
    raise UserError(
        f"Found {len(rejected)} of {total} images rejected: {named}{more}; expected at most "
        f"--data.max_rejected={max_rejected:g}: see {examples_uri}/rejected.jsonl, then mend or "
        "remove those files or raise --data.max_rejected."
    )


def check_anomalies(
    anomalies: anomalies_pb2.Anomalies, split: str, path: str, schema: str = "schema.pbtxt"
) -> None:
    """Raises UserError when ExampleValidator found something.

    Args:
      anomalies: what it found.
      split: in which split.
      path: of the file they were read from, for the sentence.
      schema: name of the schema's file, for the sentence.
    """
    found = [
        f"{feature} ({info.short_description.rstrip('.')})"
        for feature, info in sorted(anomalies.anomaly_info.items())
    ]
    if anomalies.HasField("dataset_anomaly_info"):
        found.append(f"the whole ({anomalies.dataset_anomaly_info.short_description.rstrip('.')})")
    if found:
        raise UserError(
            f"Found records of the {split} split that do not fit pipeline/schema/{schema}: "
            f"{'; '.join(found)}; correct the data, or the schema if it is too strict ({path} "
            "has the details)."
        )
