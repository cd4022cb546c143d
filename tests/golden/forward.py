"""What the networks of the reference implementation made of drawn inputs, and these inputs."""

import numpy as np

from tests.golden.weights import GOLDEN

EXPECTED = np.load(GOLDEN / "v2_forward.npz")


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
