"""How the checkpoints that were published with StarGAN v2 are made up."""

from collections.abc import Mapping
from typing import Any

from stargan_tf.algorithms.published import Architecture, PublishedCheckpoints
from stargan_tf.algorithms.stargan_v2.networks import LANDMARK_NETWORK, NAMES, TRANSLATING
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.algorithms.stargan_v2.settings import StarGANv2Settings
from stargan_tf.config.settings import check
from stargan_tf.errors import UserError
from stargan_tf.models.generator import LAPLACIAN
from stargan_tf.weights.adam import AdamGroup
from stargan_tf.weights.release import MEAN, NETS, NETS_EMA, OPTIMS, WING, Tensors

_CENTRE = LAPLACIAN[1][1]
# Published: CelebA-HQ with high-pass skip connections, AFHQ without.
_LAMBDA_DS_WITH_SKIPS, _LAMBDA_DS = 1.0, 2.0
_UNFIT = (
    "{where} {found}, expected the networks of StarGAN v2 by their published names: pass the "
    "published file."
)


def _architecture(networks: Mapping[str, Tensors], where: str, img_size: int) -> Architecture:
    """See `PublishedCheckpoints`; `where` they come from is for errors."""
    del img_size  # the style encoder's tensors tell it
    missing = [name for name in TRANSLATING if name not in networks]
    check(
        not missing,
        f"{where} lacks {' and '.join(missing)}, expected the networks {', '.join(TRANSLATING)} "
        "of StarGAN v2: pass the published file.",
    )
    try:
        return _read(*(networks[name] for name in TRANSLATING), where)
    except KeyError as error:
        found = f"lacks the tensor {error.args[0]}"
        raise UserError(_UNFIT.format(where=where, found=found)) from error
    except (ValueError, IndexError, ZeroDivisionError) as error:
        found = f"has tensors of other shapes ({error})"
        raise UserError(_UNFIT.format(where=where, found=found)) from error


def _read(G: Tensors, F: Tensors, E: Tensors, where: str) -> Architecture:
    width = G["from_rgb.weight"].shape[0]
    halvings = _count(E, "shared.", ".conv1.weight")  # from R down to 4 pixels
    img_size = 4 * 2**halvings
    more = _count(G, "encode.", ".conv1.weight") - halvings  # a block more with skip connections
    check(
        more in (0, 1),
        f"The generator of {where} has {more + halvings} blocks before its bottom, expected "
        f"{halvings} or {halvings + 1} for the {img_size} px of its style encoder: pass files that "
        "belong together.",
    )
    widest = E[f"shared.{halvings}.conv2.weight"].shape[0]
    defaults = StarGANv2Settings()
    capped = widest < width * 2**halvings or widest > defaults.max_conv_dim
    hidden, latent_dim = F["shared.0.weight"].shape
    style_dim = F["unshared.0.6.weight"].shape[0]
    settings = {
        "img_size": img_size,
        "base_channels": 0 if width == 2**14 // img_size else width,
        "max_conv_dim": widest if capped else defaults.max_conv_dim,
        "latent_dim": latent_dim,
        "style_dim": style_dim,
        "mapping_hidden_dim": hidden,
        "w_hpf": round(_CENTRE / float(G["hpf.filter"][1, 1]), 5) if more else 0.0,
        "lambda_ds": _LAMBDA_DS_WITH_SKIPS if more else _LAMBDA_DS,
    }
    return Architecture(settings, _count(F, "unshared.", ".0.weight"))


def _count(tensors: Tensors, start: str, end: str) -> int:
    """How many blocks have a tensor of such a name."""
    return sum(name.startswith(start) and name.endswith(end) for name in tensors)


def _optimisation(groups: Mapping[str, AdamGroup]) -> dict[str, Any]:
    group = groups["generator"]
    return {
        "lr": group.lr,
        "f_lr": groups["mapping_network"].lr,
        "beta1": group.beta1,
        "beta2": group.beta2,
        "weight_decay": group.weight_decay,
    }


PUBLISHED = PublishedCheckpoints(
    kinds=(NETS, NETS_EMA, OPTIMS, WING, MEAN),
    networks={**{name: name for name in NAMES}, "fan": LANDMARK_NETWORK},
    judges=("discriminator",),
    tensors=published_tensors,
    architecture=_architecture,
    optimisation=_optimisation,
    # Of G and D, once with styles from latent codes and once from references.
    updates={"generator": 2, "mapping_network": 1, "style_encoder": 1, "discriminator": 2},
)
