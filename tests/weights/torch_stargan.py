"""The networks of StarGAN (2018) as modules of PyTorch, under the published names.

Written from the paper, apart from the networks in stargan_tf: what both compute of the same tensors
must agree. A module reads a state_dict whole, with its running statistics, and in the order of its
own. Images are [N, 3, R, R] in [-1, 1].

Source: StarGAN, https://arxiv.org/abs/1711.09020, tables 4 and 5.
"""

import importlib

from tests.weights import tiny_stargan

torch = importlib.import_module("torch")  # in no lock, nor in BUILD
nn = torch.nn


class Residual(nn.Module):
    """A block of one width."""

    def __init__(self, width):
        super().__init__()
        inner = [*_normalised(_conv(width, width, 3)), *_normalised(_conv(width, width, 3))[:2]]
        self.main = nn.Sequential(*inner)

    def forward(self, x):
        return x + self.main(x)


class Generator(nn.Module):
    """G(x, c): an image, drawn again with other labels."""

    def __init__(self, width, labels, blocks):
        super().__init__()
        layers = _normalised(_conv(3 + labels, width, 7))
        for channels in (width, 2 * width):
            layers += _normalised(nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False))
        layers += [Residual(4 * width) for _ in range(blocks)]
        for channels in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)
            layers += _normalised(up)
        self.main = nn.Sequential(*layers, _conv(width, 3, 7), nn.Tanh())

    def forward(self, x, c):
        planes = c[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.main(torch.cat([x, planes], 1))


class Discriminator(nn.Module):
    """D(x): scores of patches [N, h, w], and logits of the labels."""

    def __init__(self, size, width, labels, halvings):
        super().__init__()
        layers, before = [], 3
        for number in range(halvings):
            after = width * 2**number
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.01)]
            before = after
        self.main = nn.Sequential(*layers)
        self.conv1 = _conv(before, 1, 3)
        self.conv2 = nn.Conv2d(before, labels, size >> halvings, bias=False)

    def forward(self, x):
        h = self.main(x)
        return self.conv1(h)[:, 0], self.conv2(h)[:, :, 0, 0]


def _conv(before, after, kernel):
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False)


def _normalised(conv):
    """A convolution with what follows it; the statistics that run are used by nobody."""
    channels = conv.out_channels
    norm = nn.InstanceNorm2d(channels, affine=True, track_running_stats=True)
    return [conv, norm, nn.ReLU()]


def tiny_networks():
    """G and D of the sizes of `tiny_stargan`."""
    tiny, labels = tiny_stargan, len(tiny_stargan.LABELS)
    return (
        Generator(tiny.WIDTH, labels, tiny.BLOCKS),
        Discriminator(tiny.SIZE, tiny.WIDTH_OF_D, labels, tiny.HALVINGS),
    )


def outputs(generator, discriminator, x, c):
    """What both draw and say of images [N, R, R, 3] and labels [N, labels], as arrays."""
    x = torch.tensor(x).permute(0, 3, 1, 2)
    with torch.no_grad():
        drawn = generator.train()(x, torch.tensor(c)).permute(0, 2, 3, 1)
        src, cls = discriminator(x)
    return {"generator": drawn.numpy(), "src": src.numpy(), "cls": cls.numpy()}
