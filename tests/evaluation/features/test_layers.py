import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.evaluation.features.layers import fold_batch_norm, read_conv
from stargan_tf.evaluation.features.weights import Weights

RS = np.random.RandomState(0)
X = RS.standard_normal((2, 7, 6, 4)).astype(np.float32)


def random(*shape):
    return RS.standard_normal(shape).astype(np.float32)


def by_hand(x, kernel, stride, padding):
    """Convolution by its definition; kernel as PyTorch keeps it, depthwise if it is thin."""
    out, channels, height, width = kernel.shape
    x = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    rows = (x.shape[1] - height) // stride + 1
    columns = (x.shape[2] - width) // stride + 1
    y = np.zeros((len(x), rows, columns, out))
    for r in range(rows):
        for c in range(columns):
            at = x[:, r * stride : r * stride + height, c * stride : c * stride + width]
            if channels == 1:
                y[:, r, c] = np.einsum("nhwo,ohw->no", at, kernel[:, 0])
            else:
                y[:, r, c] = np.einsum("nhwi,oihw->no", at, kernel)
    return y


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 0), (2, 1)])
def test_batch_norm_is_folded_in(depthwise, stride, padding):
    out = 4 if depthwise else 5
    weights = {
        "conv.weight": random(out, 1 if depthwise else 4, 3, 3),
        "norm.weight": random(out),
        "norm.bias": random(out),
        "norm.running_mean": random(out),
        "norm.running_var": np.abs(random(out)),
    }
    conv = fold_batch_norm(Weights(weights, "", ""), "conv", "norm", 0.1)
    y = by_hand(X, weights["conv.weight"], stride, padding) - weights["norm.running_mean"]
    y /= np.sqrt(weights["norm.running_var"] + 0.1)
    expected = y * weights["norm.weight"] + weights["norm.bias"]
    np.testing.assert_allclose(conv(tf.constant(X), stride, padding), expected, atol=1e-4)


def test_convolution_with_bias():
    weights = {"conv.weight": random(5, 4, 1, 3), "conv.bias": random(5)}
    conv = read_conv(Weights(weights, "", ""), "conv")
    expected = by_hand(X, weights["conv.weight"], 1, 0) + weights["conv.bias"]
    np.testing.assert_allclose(conv(tf.constant(X), 1, "VALID"), expected, atol=1e-4)
