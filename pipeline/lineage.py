r"""Says where a pushed model comes from: images, code, settings, evaluation.

    python -m pipeline.lineage 1764000000

A version is the name of a folder in saved_models/NAME. For models of another pipeline root, or
of metadata on a server:

    python -m pipeline.lineage 1764000000 --pipeline_root=runs/photos
    python -m pipeline.lineage 1764000000 --mysql=tfx@db.example.org:3306/metadata

--json prints all that is known, settings with default values included.
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from pipeline.availability import require_tfx
from pipeline.config import PipelineConfig
from stargan_tf import flags as config_flags
from stargan_tf.config.settings import check, setting

_DEFAULTS = {field.name: field for field in dataclasses.fields(PipelineConfig)}


@dataclasses.dataclass(frozen=True)
class LineageConfig:
    """Where the metadata is."""

    pipeline_root: str = setting(
        _DEFAULTS["pipeline_root"].default,
        _DEFAULTS["pipeline_root"].metadata["help"],
        path=True,
    )
    mysql: str = setting("", _DEFAULTS["mysql"].metadata["help"])


def main(argv: Sequence[str]) -> None:
    """Prints the origin of one version."""
    check(
        len(argv) == 1 and not argv[0].startswith("-"),
        f"Found the arguments {' '.join(argv) or '(none)'}, expected one version, such as "
        "1764000000: pass the name of a folder in saved_models/NAME; --help lists the flags.",
    )
    config = config_flags.parse(LineageConfig)
    pipeline = PipelineConfig(pipeline_root=config.pipeline_root, mysql=config.mysql)
    pipeline.validate()
    file = Path(config.pipeline_root) / "metadata.db"
    check(
        bool(config.mysql) or file.is_file(),
        f"Found no {file}, expected the metadata of a pipeline that has run: pass its "
        "--pipeline_root or --mysql.",
    )
    require_tfx()
    # Imported here, so that neither --help nor a mistake waits for TFX.
    from pipeline.lineage_tree import lineage_tree, render
    from pipeline.metadata import connection_config, open_store
    from pipeline.provenance import trace

    found = trace(open_store(connection_config(pipeline)), Path(argv[0]).name)
    if flags.FLAGS.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(render(lineage_tree(found)))


if __name__ == "__main__":
    config_flags.define(LineageConfig)
    flags.DEFINE_bool("json", False, "Print JSON instead of a tree.")
    config_flags.run(main, extra_arguments=True)
