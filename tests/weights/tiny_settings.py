"""Settings of the published checkpoints in small."""

from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings

_SIZES = {
    "img_size": 32,
    "base_channels": 4,
    "max_conv_dim": 8,
    "latent_dim": 4,
    "style_dim": 6,
    "mapping_hidden_dim": 8,
}
# As AFHQ and as CelebA-HQ, by their number of domains.
SETTINGS = {
    "plain": (StarGANv2Settings(**_SIZES, lambda_ds=2.0), 3),
    "skips": (StarGANv2Settings(**_SIZES, w_hpf=1.0), 2),
}
