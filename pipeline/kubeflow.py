"""The pipeline in the words of Kubeflow Pipelines v2; imports TFX, which takes many seconds."""

from pathlib import Path

from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner as kubeflow

from pipeline.create_pipeline import create_pipeline, schema_file_of
from pipeline.options import Options


def compile_pipeline(options: Options, image: str, project_dir: Path, out: Path) -> None:
    """Writes the pipeline's specification.

    Args:
      options: checked; nobody but the canary can try a model out there.
      image: container image that runs the components.
      project_dir: where it has this project.
      out: .yaml for the specification alone, .json for a whole job.
    """
    schema_file = schema_file_of(options.data, project_dir / "pipeline/schema")
    pipeline = create_pipeline(*options, portable=True, schema_file=schema_file)
    config = kubeflow.KubeflowV2DagRunnerConfig(
        display_name=options.pipeline.pipeline_name, default_image=image
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    runner = kubeflow.KubeflowV2DagRunner(
        config, output_dir=str(out.parent), output_filename=out.name
    )
    runner.run(pipeline, write_out=True)
