"""The networks of StarGAN v2 as modules of PyTorch, under the names of the published checkpoints.

Written from the paper, apart from the networks in stargan_tf, and checked against the golden
numbers. A module takes images [N, 3, R, R] in [-1, 1], and domains [N] int64. Its weights are
always loaded: those that PyTorch draws are not those of the paper.

Source: StarGAN v2, https://arxiv.org/abs/1912.01865, appendix.
"""

import importlib
import math

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings

torch = importlib.import_module("torch")  # in no lock, nor in BUILD
nn, F = torch.nn, torch.nn.functional

AVERAGED = ("generator", "mapping_network", "style_encoder")
NAMES = (*AVERAGED, "discriminator")
_MASKED_HEIGHTS = (32, 64, 128)  # of the high-pass skip connections


class ResBlk(nn.Module):
    """A residual block that activates first."""

    def __init__(self, before, after, norm=False, down=False):
        super().__init__()
        self.conv1 = nn.Conv2d(before, before, 3, padding=1)
        self.conv2 = nn.Conv2d(before, after, 3, padding=1)
        self.norm1 = nn.InstanceNorm2d(before, affine=True) if norm else nn.Identity()
        self.norm2 = nn.InstanceNorm2d(before, affine=True) if norm else nn.Identity()
        wider = before != after
        self.conv1x1 = nn.Conv2d(before, after, 1, bias=False) if wider else nn.Identity()
        self.pool = nn.AvgPool2d(2) if down else nn.Identity()

    def forward(self, x):
        residual = self.pool(self.conv1(F.leaky_relu(self.norm1(x), 0.2)))
        residual = self.conv2(F.leaky_relu(self.norm2(residual), 0.2))
        return (residual + self.pool(self.conv1x1(x))) / math.sqrt(2)


class AdaIN(nn.Module):
    """Instance normalisation whose scale and shift come from a style."""

    def __init__(self, channels, style_dim):
        super().__init__()
        self.norm = nn.InstanceNorm2d(channels)
        self.fc = nn.Linear(style_dim, 2 * channels)

    def forward(self, x, s):
        gamma, beta = self.fc(s)[:, :, None, None].chunk(2, dim=1)
        return (1 + gamma) * self.norm(x) + beta


class AdaINResBlk(nn.Module):
    """A residual block in a style; with high-pass skip connections its residual alone."""

    def __init__(self, before, after, style_dim, up=False, whole=True):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, padding=1)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1)
        self.norm1 = AdaIN(before, style_dim)
        self.norm2 = AdaIN(after, style_dim)
        narrower = before != after
        self.conv1x1 = nn.Conv2d(before, after, 1, bias=False) if narrower else nn.Identity()
        self.up = nn.Upsample(scale_factor=2, mode="nearest") if up else nn.Identity()
        self.whole = whole

    def forward(self, x, s):
        residual = self.conv1(self.up(F.leaky_relu(self.norm1(x, s), 0.2)))
        residual = self.conv2(F.leaky_relu(self.norm2(residual, s), 0.2))
        if not self.whole:
            return residual
        return (residual + self.conv1x1(self.up(x))) / math.sqrt(2)


class HighPass(nn.Module):
    """What is left of a map without its smooth parts, channel by channel."""

    def __init__(self, w_hpf):
        super().__init__()
        laplacian = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])
        self.register_buffer("filter", laplacian / w_hpf)

    def forward(self, x):
        channels = x.shape[1]
        return F.conv2d(x, self.filter.expand(channels, 1, 3, 3), padding=1, groups=channels)


class Generator(nn.Module):
    """G(x, s, masks): an image, drawn again in a style; masks: a pair of [N, 1, H, W], or none."""

    def __init__(self, settings: StarGANv2Settings):
        super().__init__()
        halvings = int(math.log2(settings.img_size)) - 4 + (settings.w_hpf > 0)
        widths = _widths(settings, halvings)
        style_dim, whole = settings.style_dim, settings.w_hpf == 0
        wide = widths[-1]
        self.from_rgb = nn.Conv2d(3, widths[0], 3, padding=1)
        encode = [ResBlk(*pair, norm=True, down=True) for pair in _pairs(widths)]
        encode += [ResBlk(wide, wide, norm=True) for _ in range(2)]
        decode = [AdaINResBlk(wide, wide, style_dim, whole=whole) for _ in range(2)]
        decode += [
            AdaINResBlk(*pair, style_dim, up=True, whole=whole) for pair in _pairs(widths[::-1])
        ]
        self.encode, self.decode = nn.ModuleList(encode), nn.ModuleList(decode)
        self.to_rgb = nn.Sequential(
            nn.InstanceNorm2d(widths[0], affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(widths[0], 3, 1),
        )
        if settings.w_hpf > 0:
            self.hpf = HighPass(settings.w_hpf)

    def forward(self, x, s, masks=None):
        x = self.from_rgb(x)
        kept = {}
        for block in self.encode:
            if masks is not None and x.shape[2] in _MASKED_HEIGHTS:
                kept[x.shape[2]] = x
            x = block(x)
        for block in self.decode:
            x = block(x, s)
            height = x.shape[2]
            if height in kept:
                mask = F.interpolate(masks[height > 32], size=height, mode="bilinear")
                x = x + self.hpf(mask * kept[height])
        return self.to_rgb(x)


class MappingNetwork(nn.Module):
    """F(z, y): the style of a latent code in a domain."""

    def __init__(self, settings: StarGANv2Settings, num_domains):
        super().__init__()
        hidden = settings.mapping_hidden_dim
        shared = [settings.latent_dim] + [hidden] * settings.mapping_shared_layers
        own = [hidden] * (settings.mapping_unshared_layers + 1)
        self.shared = nn.Sequential(*_dense(shared))
        heads = [[*_dense(own), nn.Linear(hidden, settings.style_dim)] for _ in range(num_domains)]
        self.unshared = nn.ModuleList(nn.Sequential(*head) for head in heads)

    def forward(self, z, y):
        h = self.shared(z)
        return _rows(torch.stack([head(h) for head in self.unshared], dim=1), y)


class StyleEncoder(nn.Module):
    """E(x, y): the style of an image in a domain."""

    def __init__(self, settings: StarGANv2Settings, num_domains):
        super().__init__()
        layers, width = _trunk(settings)
        self.shared = nn.Sequential(*layers)
        heads = (nn.Linear(width, settings.style_dim) for _ in range(num_domains))
        self.unshared = nn.ModuleList(heads)

    def forward(self, x, y):
        h = self.shared(x).flatten(1)
        return _rows(torch.stack([head(h) for head in self.unshared], dim=1), y)


class Discriminator(nn.Module):
    """D(x, y): the logit of an image being a real one of a domain."""

    def __init__(self, settings: StarGANv2Settings, num_domains):
        super().__init__()
        layers, width = _trunk(settings)
        self.main = nn.Sequential(*layers, nn.Conv2d(width, num_domains, 1))

    def forward(self, x, y):
        return _rows(self.main(x).flatten(1), y)


def build_networks(settings: StarGANv2Settings, num_domains, names=NAMES):
    """Networks by name, in the order of NAMES."""
    makers = {
        "generator": lambda: Generator(settings),
        "mapping_network": lambda: MappingNetwork(settings, num_domains),
        "style_encoder": lambda: StyleEncoder(settings, num_domains),
        "discriminator": lambda: Discriminator(settings, num_domains),
    }
    return {name: makers[name]() for name in NAMES if name in names}


def _trunk(settings):
    """The layers that E and D begin with, and how wide they end."""
    widths = _widths(settings, int(math.log2(settings.img_size)) - 2)
    wide = widths[-1]
    layers = [nn.Conv2d(3, widths[0], 3, padding=1)]
    layers += [ResBlk(*pair, down=True) for pair in _pairs(widths)]
    layers += [nn.LeakyReLU(0.2), nn.Conv2d(wide, wide, 4), nn.LeakyReLU(0.2)]
    return layers, wide


def _widths(settings, halvings):
    """Of the maps at each size, from the largest on."""
    first, most = settings.first_layer_channels, settings.max_conv_dim
    return [min(first * 2**i, most) for i in range(halvings + 1)]


def _pairs(widths):
    return list(zip(widths, widths[1:], strict=False))


def _dense(widths):
    for before, after in _pairs(widths):
        yield from (nn.Linear(before, after), nn.ReLU())


def _rows(of_all_domains, y):
    """Of [N, K, ...], each row's own domain."""
    return of_all_domains[torch.arange(len(y)), y]
