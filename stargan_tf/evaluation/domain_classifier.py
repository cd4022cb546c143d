"""Whether translations arrive in their target domain, judged from features of real images."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from stargan_tf.config.settings import check
from stargan_tf.evaluation.activations import check_same_dim, checked_activations
from stargan_tf.evaluation.logistic_regression import fit_logistic_regression

# Of features that vary by less than this share of their size, only rounding would be seen.
_NO_SPREAD = 1e-9


@dataclasses.dataclass(frozen=True, eq=False)
class DomainClassifier:
    """A linear classifier of domains on standardised features.

    Its accuracy on real validation images is the ceiling for translations: report both.

    Attributes:
      mean: [dim] float64, of the features it was fitted to.
      scale: [dim] float64, one over their standard deviation; 0 where they do not vary.
      weights: [dim + 1, K] float64, of the standardised features; the last row is the bias.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, features: ArrayLike, labels: ArrayLike, *, l2: float = 1e-2) -> "DomainClassifier":
        """Fits a classifier to real training images; the same data give the same classifier.

        Every domain counts the same, however many images it has.

        Args:
          features: [n, dim], any real type.
          labels: [n] integers, domains from 0 to K - 1.
          l2: weight of the penalty on squared weights, relative to the mean cross-entropy.

        Raises:
          UserError: there is only one domain, one of them has fewer than two images, labels
            and features do not match, or a feature is not finite.
        """
        features = checked_activations(features, of="the training images")
        labels = _checked_labels(labels, len(features))
        counts = np.bincount(labels)
        check(
            len(counts) >= 2 and counts.min() >= 2,
            f"Found {', '.join(map(str, counts))} training images per domain, expected at least "
            "2 domains with at least 2 images each: add images.",
        )
        mean = features.mean(axis=0, dtype=np.float64)
        deviation = features.std(axis=0, dtype=np.float64)
        size = np.maximum(features.max(axis=0), -features.min(axis=0))  # largest absolute value
        varies = deviation > _NO_SPREAD * size
        scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
        inputs = _standardised(features, mean, scale)
        shares = (1.0 / (len(counts) * counts))[labels]  # [n], 1 in all
        weights = fit_logistic_regression(inputs, labels, shares, l2)
        return cls(mean, scale, weights)

    def predict(self, features: ArrayLike) -> np.ndarray:
        """The most probable domain of each image.

        Args:
          features: [n, dim], any real type.

        Returns:
          [n] int64.

        Raises:
          UserError: there is no image, the length of the features is another than those it was
            fitted to, or one is not finite.
        """
        features = checked_activations(features, least=1)
        check_same_dim(len(self.mean), features.shape[1])
        logits = _standardised(features, self.mean, self.scale) @ self.weights  # [n, K]
        return logits.argmax(axis=1)

    def accuracy(self, features: ArrayLike, labels: ArrayLike) -> float:
        """Share of images that are taken for the domain they should be of.

        Args:
          features: [n, dim], of real images or of translations.
          labels: [n] integers: their domains, or the target domains.

        Returns:
          In [0, 1]: the mean over the domains among the labels of the share in each.

        Raises:
          UserError: as `predict`, or labels and features do not match.
        """
        predicted = self.predict(features)
        labels = _checked_labels(labels, len(predicted))
        hits = predicted == labels
        return float(np.mean([hits[labels == domain].mean() for domain in np.unique(labels)]))


def _standardised(features: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """[n, dim + 1] float64: features of mean 0 and variance 1, and a column of ones."""
    inputs = np.ones((len(features), len(mean) + 1))
    np.subtract(features, mean, out=inputs[:, :-1])
    inputs[:, :-1] *= scale
    return inputs


def _checked_labels(labels: ArrayLike, count: int) -> np.ndarray:
    labels = np.asarray(labels)
    check(
        labels.shape == (count,) and labels.dtype.kind in "iu" and bool((labels >= 0).all()),
        f"Found labels of shape {list(labels.shape)} and type {labels.dtype} for {count} images, "
        "expected one domain number from 0 for each: pass the domains the images came with.",
    )
    return labels.astype(np.int64)
