"""The landmark network as a function of PyTorch, of the tensors of a published checkpoint.

Written from the paper, apart from the network in stargan_tf: what both compute of the same tensors
must agree. Images are [N, 3, H, W] in [-1, 1].

Source: AWing, https://arxiv.org/abs/1904.07399.
"""

import importlib

torch = importlib.import_module("torch")  # in no lock, nor in BUILD
F = torch.nn.functional

_SIZE, _LANDMARKS, _LEVELS = 256, 98, 4


def landmark_network(t, x):
    """Heatmaps of 98 landmarks, [N, 98, 64, 64]."""
    size = (_SIZE, _SIZE)
    x = (F.interpolate(x, size=size, mode="bilinear") + 1) / 2
    x = F.relu(_batch_norm(t, "bn1", _conv(t, "conv1.conv", _with_coordinates(x), stride=2)))
    x = F.avg_pool2d(_conv_block(t, "conv2", x), 2)
    x = _conv_block(t, "conv4", _conv_block(t, "conv3", x))
    x = _hourglass(t, _conv(t, "m0.coordconv.conv", _with_coordinates(x)), _LEVELS)
    x = _conv(t, "conv_last0", _conv_block(t, "top_m_0", x))
    return _conv(t, "l0", F.relu(_batch_norm(t, "bn_end0", x)))[:, :_LANDMARKS]


def _hourglass(t, x, level):
    low = _conv_block(t, f"m0.b2_{level}", F.avg_pool2d(x, 2))
    low = _hourglass(t, low, level - 1) if level > 1 else _conv_block(t, "m0.b2_plus_1", low)
    low = _conv_block(t, f"m0.b3_{level}", low)
    return _conv_block(t, f"m0.b1_{level}", x) + F.interpolate(low, scale_factor=2, mode="nearest")


def _conv_block(t, name, x):
    """Three convolutions, side by side in the result, and a shortcut."""
    y, parts = x, []
    for i in (1, 2, 3):
        y = _conv(t, f"{name}.conv{i}", F.relu(_batch_norm(t, f"{name}.bn{i}", y)))
        parts.append(y)
    if f"{name}.downsample.2.weight" in t:
        x = _conv(t, f"{name}.downsample.2", F.relu(_batch_norm(t, f"{name}.downsample.0", x)))
    return torch.cat(parts, 1) + x


def _with_coordinates(x):
    rows, columns = (2 * torch.arange(n) / (n - 1) - 1 for n in x.shape[2:])
    a, b = torch.meshgrid(rows, columns, indexing="ij")
    radius = torch.sqrt(a**2 + b**2)
    added = torch.stack([a, b, radius / radius.max()])
    return torch.cat([x, added.expand(len(x), -1, -1, -1)], 1)


def _batch_norm(t, name, x):
    mean, variance = t[f"{name}.running_mean"], t[f"{name}.running_var"]
    return F.batch_norm(x, mean, variance, *_parameters(t, name))


def _conv(t, name, x, stride=1):
    weight, bias = _parameters(t, name)
    return F.conv2d(x, weight, bias, stride=stride, padding=weight.shape[2] // 2)


def _parameters(t, name):
    return t[f"{name}.weight"], t.get(f"{name}.bias")
