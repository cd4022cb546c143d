"""Runs that are trained by XLA and by TensorFlow's graph in turn."""

import json

import pytest

from tests.algorithms.stargan_runs import trained


@pytest.mark.slow
def test_a_run_goes_on_with_and_without_xla(two_domains_dir, tmp_path, capfd):
    """Settings and checkpoints fit, and losses are those of the graph but for rounding."""
    shared = {"sample_every": 0, "n_critic": 1, "num_iters_decay": 0}
    unbroken = trained(two_domains_dir, tmp_path / "unbroken", total_iters=3, **shared)
    for total_iters, xla in ((1, False), (2, True), (3, False)):
        capfd.readouterr()
        run = trained(two_domains_dir, tmp_path / "r", total_iters=total_iters, xla=xla, **shared)
        assert ("by XLA" in capfd.readouterr().out) == xla
    expected, found = (
        [json.loads(line) for line in one.metrics_file.read_text().splitlines()]
        for one in (unbroken, run)
    )
    assert len(expected) == len(found) == 3
    for ours, theirs in zip(expected, found, strict=True):
        keys = [key for key in ours if key.startswith(("D/", "G/"))]
        assert len(keys) > 5
        for key in keys:
            assert theirs[key] == pytest.approx(ours[key], rel=5e-3, abs=1e-5)
