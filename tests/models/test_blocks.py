import math

import numpy as np
import pytest

from stargan_tf.models.blocks import AdaINResBlk, ResBlk
from stargan_tf.models.layers import average_pool, leaky_relu
from tests.models.plain import conv, normal, randomize, repeat


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("downsample", [False, True])
@pytest.mark.parametrize("dim_out", [4, 7])
def test_resblk_computes_what_the_paper_writes(normalize, downsample, dim_out):
    x = normal(3, 2, 8, 8, 4)
    block = ResBlk(4, dim_out, normalize=normalize, downsample=downsample)
    block(x)
    randomize(block)

    def norm(layer, x):
        return layer(x) if normalize else x

    residual = conv(block.conv1, leaky_relu(norm(block.norm1, x)))
    residual = average_pool(residual) if downsample else residual
    residual = conv(block.conv2, leaky_relu(norm(block.norm2, residual)))
    shortcut = conv(block.conv1x1, x) if dim_out != 4 else x
    shortcut = average_pool(shortcut) if downsample else shortcut
    np.testing.assert_allclose(block(x), (residual + shortcut) / math.sqrt(2), atol=1e-5)
    assert (block.conv1x1 is None) == (dim_out == 4)
    assert block.conv1.filters == 4


@pytest.mark.parametrize("shortcut", [False, True])
@pytest.mark.parametrize("upsample", [False, True])
@pytest.mark.parametrize("dim_out", [4, 7])
def test_adain_resblk_computes_what_the_paper_writes(shortcut, upsample, dim_out):
    x, s = normal(4, 2, 4, 4, 4), normal(5, 2, 3)
    block = AdaINResBlk(4, dim_out, upsample=upsample, shortcut=shortcut)
    block(x, s)
    randomize(block)

    residual = leaky_relu(block.norm1(x, s))
    residual = conv(block.conv1, repeat(residual) if upsample else residual)
    expected = conv(block.conv2, leaky_relu(block.norm2(residual, s)))
    if shortcut:
        beside = repeat(x) if upsample else x
        beside = conv(block.conv1x1, beside) if dim_out != 4 else beside
        expected = (expected + beside) / math.sqrt(2)
    np.testing.assert_allclose(block(x, s), expected, atol=2e-5)


def test_unused_shortcut_is_counted_but_not_trained():
    block = AdaINResBlk(4, 7, upsample=True, shortcut=False)
    block(normal(4, 2, 4, 4, 4), normal(5, 2, 3))
    assert [w.shape.as_list() for w in block.non_trainable_weights] == [[1, 1, 4, 7]]
