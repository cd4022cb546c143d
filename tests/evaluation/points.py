"""Points to measure the distance of, and two ways to compute it."""

import numpy as np

from stargan_tf.evaluation.frechet_distance import frechet_distance
from tests.evaluation.fakes import statistics_of


def normal(count, dim, seed=0, decades=0.0):
    """Points with deviations from 1 down by some decades, along no axis in particular."""
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(np.random.default_rng(99).standard_normal((dim, dim)))
    return (rng.standard_normal((count, dim)) * 10 ** -np.linspace(0, decades, dim)) @ basis


def distance(first, second):
    return frechet_distance(statistics_of([first]), statistics_of([second]))


def from_rows(first, second):
    """The distance without any covariance: (C1 C2)^(1/2) has the trace of |X1 X2^T|."""
    mean1, mean2 = first.mean(axis=0), second.mean(axis=0)
    x1 = (first - mean1) / np.sqrt(len(first) - 1)
    x2 = (second - mean2) / np.sqrt(len(second) - 1)
    overlap = np.linalg.norm(x1 @ x2.T, "nuc")
    return np.sum((mean1 - mean2) ** 2) + np.sum(x1**2) + np.sum(x2**2) - 2 * overlap
