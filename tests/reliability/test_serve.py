"""`python -m tests.reliability serve` asks for longer, and a model of full size."""

from pathlib import Path

import pytest

from tests.reliability.serve import Load, domains_of, serving

MODELS = Path(__file__).parents[1] / "stored" / "modern_lane" / "models"


@pytest.mark.slow
@pytest.mark.e2e
def test_every_request_gets_its_own_picture_or_a_sentence():
    with serving(MODELS, "modern") as service:
        load = Load(service, domains_of(MODELS, "modern"), broken=0.2, seed=0)
        report = load.run(iter(range(400)), clients=32, readings=0.1, total=400)
    assert report.faults == []
    assert report.answered + report.rejected.total() == 400
    assert len(report.rejected) > 10
    growth = report.watch.growth()
    assert growth["server: threads"][1] <= growth["server: threads"][0] + 64
    assert max(report.watch.series["server: files"]) < 300
