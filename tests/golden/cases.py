"""The trainings that the golden numbers are of: settings, batches, and what came of them."""

import json
from typing import NamedTuple

import numpy as np

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from tests.golden.forward import normal, uniform
from tests.golden.weights import GOLDEN

TINY = {"img_size": 64, "base_channels": 16, "max_conv_dim": 64, "ds_iter": 10}


class Case(NamedTuple):
    """One of the reference implementation's trainings.

    Attributes:
      expected: losses of each iteration, and statistics of all tensors at the end.
      settings: of the run.
      prefix: of the networks' names in the manifests.
      first_seed: of the first iteration's batch; each later one is 100 more.
      batch_size: of each.
      domains: K.
      ddof: of the deviations in `expected`: 1 for those of a sample.
    """

    expected: dict
    settings: StarGANv2Settings
    prefix: str
    first_seed: int
    batch_size: int
    domains: int
    ddof: int

    def batch(self, iteration: int) -> dict[str, np.ndarray]:
        """What a `TrainBatch` consists of, by name."""
        n, c = self.batch_size, self.first_seed + 100 * iteration
        rs = np.random.RandomState(c + 3)
        y_org, y_trg = (rs.randint(0, self.domains, n).astype(np.int32) for _ in range(2))
        x_real, x_ref, x_ref2 = (uniform(c + i, n, 64, 64, 3) for i in range(3))
        z_trg, z_trg2 = normal(c + 4, n, 16), normal(c + 5, n, 16)
        images = {"x_real": x_real, "x_ref": x_ref, "x_ref2": x_ref2}
        return images | {"y_org": y_org, "y_trg": y_trg, "z_trg": z_trg, "z_trg2": z_trg2}

    @property
    def iterations(self) -> int:
        return len(self.expected["losses"])


def _flat(expected: dict) -> dict:
    """The state as in v2_training.json: mean, deviation and four values by kind/network/tensor."""
    state = {
        f"{kind}/{name}/{tensor}": [mean, deviation, *values]
        for kind, networks in expected["state"].items()
        for name, tensors in networks.items()
        for tensor, (mean, deviation, values) in tensors.items()
    }
    return {**expected, "state": state}


CASES = {
    "plain": Case(
        json.loads((GOLDEN / "v2_training.json").read_text()),
        StarGANv2Settings(**TINY, lambda_ds=2.0),
        "tiny",
        100,
        4,
        3,
        ddof=0,
    ),
    "high-pass": Case(
        _flat(json.loads((GOLDEN / "v2_hpf_training.json").read_text())),
        StarGANv2Settings(**TINY, lambda_ds=1.0, w_hpf=1.0),
        "tiny_hpf",
        500,
        2,
        2,
        ddof=1,
    ),
}
