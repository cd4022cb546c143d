"""The networks of StarGAN v2 as functions of PyTorch, of the tensors of a published checkpoint.

Written from the paper, apart from the networks in stargan_tf: what both compute of the same tensors
must agree. Each takes tensors by their published names, and images as [N, 3, H, W] in [-1, 1].

Source: StarGAN v2, https://arxiv.org/abs/1912.01865, appendix; the landmark network is that of
AWing, https://arxiv.org/abs/1904.07399.
"""

import importlib
import math

torch = importlib.import_module("torch")  # in no lock, nor in BUILD
F = torch.nn.functional

_SKIPPED = (32, 64, 128)  # heights of the high-pass skip connections
_LANDMARK_SIZE, _LANDMARKS, _LEVELS = 256, 98, 4


def generator(t, x, s, masks=None):
    """Translates images to styles s [N, style_dim]; masks: a pair of [N, 1, H, W]."""
    x = _conv(t, "from_rgb", x)
    kept = {}
    encoder, decoder = _count(t, "encode"), _count(t, "decode")
    for i in range(encoder):
        if masks:
            kept[x.shape[2]] = x
        x = _block(t, f"encode.{i}", x, down=i < encoder - 2)
    for i in range(decoder):
        x = _adain_block(t, f"decode.{i}", x, s, up=i >= decoder - (encoder - 2), whole=not masks)
        height = x.shape[2]
        if masks and height in _SKIPPED:
            mask = F.interpolate(masks[height > 32], size=height, mode="bilinear")
            channels = x.shape[1]
            kernel = t["hpf.filter"].expand(channels, 1, 3, 3)
            x = x + F.conv2d(mask * kept[height], kernel, padding=1, groups=channels)
    return _conv(t, "to_rgb.2", F.leaky_relu(_norm(t, "to_rgb.0", x), 0.2))


def mapping_network(t, z, y):
    """Styles of latent codes z in the domains y."""
    for i in range(4):
        z = F.relu(_dense(t, f"shared.{2 * i}", z))
    rows = []
    for row, domain in zip(z, y, strict=True):
        for i in range(3):
            row = F.relu(_dense(t, f"unshared.{domain}.{2 * i}", row))
        rows.append(_dense(t, f"unshared.{domain}.6", row))
    return torch.stack(rows)


def style_encoder(t, x, y):
    """Styles of images in the domains y."""
    x = _trunk(t, "shared", x)
    return torch.stack([_dense(t, f"unshared.{d}", row) for row, d in zip(x, y, strict=True)])


def discriminator(t, x, y):
    """Logits of images in the domains y."""
    vectors = _trunk(t, "main", x)[:, :, None, None]
    logits = _conv(t, f"main.{_count(t, 'main') + 4}", vectors)[:, :, 0, 0]
    return logits[torch.arange(len(y)), torch.as_tensor(y)]


def landmark_network(t, x):
    """Heatmaps of 98 landmarks, [N, 98, 64, 64]."""
    size = (_LANDMARK_SIZE, _LANDMARK_SIZE)
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


def _trunk(t, name, x):
    """The halvings that the style encoder and the discriminator share; a vector per image."""
    x = _conv(t, f"{name}.0", x)
    blocks = _count(t, name)
    for i in range(1, blocks + 1):
        x = _block(t, f"{name}.{i}", x, down=True)
    x = F.conv2d(F.leaky_relu(x, 0.2), *_parameters(t, f"{name}.{blocks + 2}"))  # 4x4, no padding
    return F.leaky_relu(x, 0.2)[:, :, 0, 0]


def _block(t, name, x, down):
    """A residual block, normalised where it has the tensors for it."""
    y = _conv(t, f"{name}.conv1", F.leaky_relu(_norm(t, f"{name}.norm1", x), 0.2))
    y = F.avg_pool2d(y, 2) if down else y
    y = _conv(t, f"{name}.conv2", F.leaky_relu(_norm(t, f"{name}.norm2", y), 0.2))
    shortcut = _conv(t, f"{name}.conv1x1", x) if f"{name}.conv1x1.weight" in t else x
    return (y + (F.avg_pool2d(shortcut, 2) if down else shortcut)) / math.sqrt(2)


def _adain_block(t, name, x, s, up, whole):
    """A residual block in a style; with high-pass skip connections its residual alone."""
    y = F.leaky_relu(_adain(t, f"{name}.norm1", x, s), 0.2)
    y = _conv(t, f"{name}.conv1", _doubled(y) if up else y)
    y = _conv(t, f"{name}.conv2", F.leaky_relu(_adain(t, f"{name}.norm2", y, s), 0.2))
    if not whole:
        return y
    shortcut = _doubled(x) if up else x
    if f"{name}.conv1x1.weight" in t:
        shortcut = _conv(t, f"{name}.conv1x1", shortcut)
    return (y + shortcut) / math.sqrt(2)


def _adain(t, name, x, s):
    scale, shift = _dense(t, f"{name}.fc", s)[:, :, None, None].chunk(2, dim=1)
    return (1 + scale) * F.instance_norm(x) + shift


def _doubled(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _norm(t, name, x):
    if f"{name}.weight" not in t:
        return x
    return F.instance_norm(x, weight=t[f"{name}.weight"], bias=t[f"{name}.bias"])


def _batch_norm(t, name, x):
    mean, variance = t[f"{name}.running_mean"], t[f"{name}.running_var"]
    return F.batch_norm(x, mean, variance, *_parameters(t, name))


def _conv(t, name, x, stride=1):
    weight, bias = _parameters(t, name)
    return F.conv2d(x, weight, bias, stride=stride, padding=weight.shape[2] // 2)


def _dense(t, name, x):
    return F.linear(x, *_parameters(t, name))


def _parameters(t, name):
    return t[f"{name}.weight"], t.get(f"{name}.bias")


def _count(t, name):
    """How many blocks of two convolutions there are."""
    return sum(key.startswith(f"{name}.") and key.endswith(".conv1.weight") for key in t)
