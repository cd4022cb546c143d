"""What exported models offer: signatures, and those that follow from each way to make codes.

translate_random      image, target_domain, seed, psi    -> image         LATENT
translate_latent      image, target_domain, latent, psi  -> image         LATENT
map_latent            latent, target_domain, psi         -> style_code    LATENT
translate_reference   image, reference, target_domain    -> image         IMAGE
encode_style          reference, target_domain           -> style_code    IMAGE
translate_domain      image, target_domain               -> image         NOTHING
map_domain            target_domain                      -> style_code    NOTHING
translate_style       image, style_code                  -> image         all

Where labels are the codes, `label_signatures` has translate_label in place of translate_domain:

translate_label       image, label                       -> image
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import tensorflow as tf

from stargan_tf.algorithms import drawable
from stargan_tf.algorithms.drawable import Mode

# Kinds of inputs and outputs: how they are checked, sent and tried out follows from these.
IMAGE = "image"  # [N, R, R, 3] float32 in [-1, 1]; encoded: PNG or JPEG files
DOMAIN = "domain"  # [N] int32; encoded: names
SEED = "seed"  # [N] int64, from which a latent code is drawn
LATENT = "latent"  # [N, latent_dim] float32
CODE = "code"  # [N, code_dim] float32
FRACTION = "fraction"  # [N] float32 in [0, 1]
# [N, K] float32, a number for each domain or attribute; encoded: names of those that hold,
# separated by commas, NAME=0.5 for one that holds by half
LABEL = "label"
# Inputs and outputs by the name that requests know, in the order of a signature's inputs.
KINDS = {
    "image": IMAGE,
    "reference": IMAGE,
    "target_domain": DOMAIN,
    "seed": SEED,
    "latent": LATENT,
    "style_code": CODE,
    "psi": FRACTION,
    "label": LABEL,
}


class ServingGraph(Protocol):
    """Trained networks as signatures use them, in a TensorFlow graph."""

    def make_codes(self, mode: Mode, source: tf.Tensor | None, y: tf.Tensor) -> tf.Tensor:
        """See `Drawable.make_codes`."""
        ...

    def truncate(self, codes: tf.Tensor, y: tf.Tensor, psi: tf.Tensor) -> tf.Tensor:
        """Pulls codes [N, D] of domains y [N] to the domain's mean by psi [N] in [0, 1]."""
        ...

    def translate(self, x: tf.Tensor, codes: tf.Tensor) -> tf.Tensor:
        """Draws images in codes, clipped to [-1, 1]."""
        ...


class Signature(NamedTuple):
    """One thing that an exported model does.

    Attributes:
      name: without the suffix for float images.
      inputs: names in `KINDS`, in their order.
      output: a name in `KINDS`.
      compute: takes a `ServingGraph` and, by name, the inputs, checked; a seed arrives as
        the latent code that was drawn from it.
      on_device: whether TFLite files have it.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    compute: Callable[..., tf.Tensor]
    on_device: bool = True


# The signature that makes codes, by what the mode makes them of.
CODE_SIGNATURES = {
    drawable.LATENT: "map_latent",
    drawable.IMAGE: "encode_style",
    drawable.NOTHING: "map_domain",
}


def signatures_of(modes: tuple[Mode, ...]) -> tuple[Signature, ...]:
    """The signatures of an algorithm with these modes; the first is the model's default."""
    makers = {
        drawable.LATENT: _of_latents,
        drawable.IMAGE: _of_references,
        drawable.NOTHING: _of_domains,
    }
    of_modes = [signature for mode in modes for signature in makers[mode.source](mode)]
    return (*of_modes, Signature("translate_style", ("image", "style_code"), "image", _translate))


def label_signatures(mode: Mode) -> tuple[Signature, ...]:
    """The signatures of an algorithm whose codes are labels.

    Args:
      mode: the one that makes a code of a domain alone.
    """

    def translate(graph: ServingGraph, image: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        return graph.translate(image, label)

    by_label = Signature("translate_label", ("image", "label"), "image", translate)
    _, *others = signatures_of((mode,))  # it does what translate_domain does, and more
    return (by_label, *others)


def _translate(graph: ServingGraph, image: tf.Tensor, style_code: tf.Tensor) -> tf.Tensor:
    return graph.translate(image, style_code)


def _of_latents(mode: Mode) -> tuple[Signature, ...]:
    def code(
        graph: ServingGraph, latent: tf.Tensor, target_domain: tf.Tensor, psi: tf.Tensor
    ) -> tf.Tensor:
        codes = graph.make_codes(mode, latent, target_domain)
        return graph.truncate(codes, target_domain, psi)

    def translate(
        graph: ServingGraph,
        image: tf.Tensor,
        target_domain: tf.Tensor,
        latent: tf.Tensor,
        psi: tf.Tensor,
    ) -> tf.Tensor:
        return graph.translate(image, code(graph, latent, target_domain, psi))

    def translate_seed(
        graph: ServingGraph,
        image: tf.Tensor,
        target_domain: tf.Tensor,
        seed: tf.Tensor,
        psi: tf.Tensor,
    ) -> tf.Tensor:
        return translate(graph, image, target_domain, seed, psi)

    inputs = ("image", "target_domain", "latent", "psi")
    seeded = ("image", "target_domain", "seed", "psi")
    return (
        # Apps draw latent codes themselves: TFLite has no random numbers.
        Signature("translate_random", seeded, "image", translate_seed, on_device=False),
        Signature("translate_latent", inputs, "image", translate),
        Signature(
            CODE_SIGNATURES[mode.source],
            ("latent", "target_domain", "psi"),
            "style_code",
            code,
        ),
    )


def _of_references(mode: Mode) -> tuple[Signature, ...]:
    def code(graph: ServingGraph, reference: tf.Tensor, target_domain: tf.Tensor) -> tf.Tensor:
        return graph.make_codes(mode, reference, target_domain)

    def translate(
        graph: ServingGraph, image: tf.Tensor, reference: tf.Tensor, target_domain: tf.Tensor
    ) -> tf.Tensor:
        return graph.translate(image, code(graph, reference, target_domain))

    inputs = ("image", "reference", "target_domain")
    return (
        Signature("translate_reference", inputs, "image", translate),
        Signature(CODE_SIGNATURES[mode.source], ("reference", "target_domain"), "style_code", code),
    )


def _of_domains(mode: Mode) -> tuple[Signature, ...]:
    def code(graph: ServingGraph, target_domain: tf.Tensor) -> tf.Tensor:
        return graph.make_codes(mode, None, target_domain)

    def translate(graph: ServingGraph, image: tf.Tensor, target_domain: tf.Tensor) -> tf.Tensor:
        return graph.translate(image, code(graph, target_domain))

    return (
        Signature("translate_domain", ("image", "target_domain"), "image", translate),
        Signature(CODE_SIGNATURES[mode.source], ("target_domain",), "style_code", code),
    )
