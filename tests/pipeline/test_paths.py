from pathlib import Path

from pipeline.paths import absolute, local_path


def test_buckets_are_seen_as_folders() -> None:
    assert local_path("gs://bucket/some/root") == Path("/gcs/bucket/some/root")
    assert local_path("/some/root") == Path("/some/root")


def test_only_paths_are_made_absolute() -> None:
    assert absolute("runs/pipeline") == str(Path.cwd() / "runs/pipeline")
    assert absolute("gs://bucket/root") == "gs://bucket/root"
