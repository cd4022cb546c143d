r"""Writes the pipeline down for Kubeflow Pipelines v2 and Vertex AI; needs no cluster.

    python -m pipeline.compile_kubeflow --flagfile=pipeline/flagfiles/portraits.flags \
        --image=registry.example.org/stargan_tf:1 --pipeline_root=/mnt/pipeline \
        --push_dir=/mnt/models/portraits --out=pipeline.yaml

Paths are those that the containers see, on a volume that all of them share. The image holds
this project and the packages of its requirements; pipeline/README.md says more.
"""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from pipeline import options
from pipeline.availability import require_tfx
from stargan_tf import flags as config_flags
from stargan_tf.config.settings import check
from stargan_tf.files import check_can_write


def main(argv: Sequence[str]) -> int:
    """Compiles the pipeline that the flags describe."""
    del argv
    chosen = options.parse()
    out, image = Path(os.path.expanduser(flags.FLAGS.out)), flags.FLAGS.image
    check(
        out.suffix in (".json", ".yaml"),
        f"Found --out={out}, expected a name that ends in .yaml or .json: choose one.",
    )
    check(
        bool(image),
        "Found no --image, expected the container image with this project in it: add "
        "--image=REGISTRY/NAME:TAG.",
    )
    config = chosen.pipeline
    check(
        not config.mysql and config.infrastructure != "docker",
        "Found --mysql or --infrastructure=docker, expected neither: Kubeflow keeps the metadata "
        "itself, and has no Docker daemon for InfraValidator; leave them out.",
    )
    config = dataclasses.replace(config, infrastructure="canary")

    require_tfx()
    check_can_write("out", out)

    # Imported here, for it takes many seconds.
    from pipeline.kubeflow import compile_pipeline

    compile_pipeline(chosen._replace(pipeline=config), image, Path(flags.FLAGS.project_dir), out)
    print(f"Wrote {out}: upload it to Kubeflow Pipelines, or submit it to Vertex AI Pipelines.")
    return 0


if __name__ == "__main__":
    flags.DEFINE_string("image", "", "Container image that runs the components.")
    flags.DEFINE_string("project_dir", "/opt/stargan", "Where the image has this project.")
    flags.DEFINE_string("out", "pipeline.yaml", "File to write: .yaml, or .json for Vertex AI.")
    config_flags.run(main, define_flags=options.define_flags)
