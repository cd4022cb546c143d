"""Describes a model's state and signatures in words."""

from .client import Client
from .results import AVAILABLE, Signature, TensorSpec


def describe(client: Client) -> tuple[bool, str]:
    """Asks a server about its model.

    Returns:
      Whether a version is available, and some lines of text.

    Raises:
      ServingError: the server cannot be asked, or has no such model.
    """
    versions = client.status()
    lines = [f"{client.model} at {client.server}:"]
    lines += [f"  version {v.version}: {v.state}{v.error and f' ({v.error})'}" for v in versions]
    available = any(version.state == AVAILABLE for version in versions)
    if available:
        metadata = client.metadata()
        lines.append(f"Signatures of version {metadata.version}:")
        # TensorFlow saves its initialisation as a signature, too; it is nobody's to call.
        names = sorted(name for name in metadata.signatures if not name.startswith("__"))
        lines += [f"  {_describe(name, metadata.signatures[name])}" for name in names]
        lines.append(
            "Domains: a server does not list them, but its refusal of an unknown --target_domain "
            "names them."
        )
    return available, "\n".join(lines)


def _describe(name: str, signature: Signature) -> str:
    inputs, outputs = (
        ", ".join(f"{key} {_spec(spec)}" for key, spec in sorted(specs.items()))
        for specs in signature
    )
    return f"{name}({inputs}) -> {outputs}"


def _spec(spec: TensorSpec) -> str:
    """Such as float [N, 16]; N is the number of images, * any length."""
    if spec.shape is None:
        return spec.dtype
    sizes = ["*" if size is None else str(size) for size in spec.shape]
    if spec.shape and spec.shape[0] is None:
        sizes[0] = "N"
    return f"{spec.dtype} [{', '.join(sizes)}]"
