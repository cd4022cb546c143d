"""What the networks of the reference implementation made of drawn inputs, and these inputs."""

import numpy as np

from tests.golden.weights import GOLDEN

EXPECTED = np.load(GOLDEN / "v2_forward.npz")
Y = np.array([0, 2])  # the domains of two images or latent codes
TOLERANCE = 1e-4


def uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).standard_normal(shape).astype(np.float32)


def check(key: str, found: np.ndarray) -> float:
    """Compares an output, and returns the largest difference.

    Images are stored every 8th pixel, with mean and deviation of the whole.
    """
    seen = found
    if found.ndim == 4:
        seen, whole = found[:, ::8, ::8], [found.mean(), found.std()]
        np.testing.assert_allclose(whole, EXPECTED[f"{key}/mean_std"], atol=TOLERANCE)
    np.testing.assert_allclose(seen, EXPECTED[key], atol=TOLERANCE, err_msg=key)
    return np.abs(seen - EXPECTED[key]).max()
