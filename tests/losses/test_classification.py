import math

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.losses.classification import (
    attribute_classification_loss,
    domain_classification_loss,
)
from stargan_tf.shapes import ShapeError

LOGITS = tf.constant([[2.0, -1.0, 0.0], [0.5, 0.0, -3.0]])


def test_domains_by_hand():
    first = -2 + math.log(math.exp(2) + math.exp(-1) + 1)
    second = 3 + math.log(math.exp(0.5) + 1 + math.exp(-3))
    found = domain_classification_loss(LOGITS, tf.constant([0, 2]))
    assert float(found) == pytest.approx((first + second) / 2, rel=1e-6)


def test_attributes_by_hand():
    """Summed over the attributes, mean over the images."""

    def softplus(x):
        return math.log(1 + math.exp(x))

    first = softplus(-2) + softplus(-1) + softplus(0)  # has the first alone
    second = softplus(0.5) + softplus(0) + softplus(3)  # has the third alone
    labels = tf.constant([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = attribute_classification_loss(LOGITS, labels)
    assert float(found) == pytest.approx((first + second) / 2, rel=1e-6)


def test_a_certain_classifier_stays_finite():
    logits = tf.constant([[1e4, -1e4]])
    assert float(domain_classification_loss(logits, tf.constant([1]))) == 2e4
    assert float(attribute_classification_loss(logits, tf.constant([[0.0, 0.0]]))) == 1e4


@pytest.mark.parametrize(
    ("loss", "labels", "name"),
    [
        (domain_classification_loss, np.zeros([3], np.int32), "y"),
        (domain_classification_loss, np.zeros([2], np.float32), "y"),
        (attribute_classification_loss, np.zeros([2, 2], np.float32), "labels"),
        (attribute_classification_loss, np.zeros([2], np.int32), "labels"),
    ],
)
def test_other_labels_are_rejected(loss, labels, name):
    with pytest.raises(ShapeError, match=f"Found {name} of .*: {loss.__name__} takes"):
        loss(LOGITS, tf.constant(labels))
