"""Weights by recipe, under the tensor names and in the layouts of the published checkpoints."""

import json
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent
MANIFEST = {
    **json.loads((GOLDEN / "v2_manifest.json").read_text()),
    **json.loads((GOLDEN / "v2_hpf_manifest.json").read_text()),
}


def draw(shape: list[int], rule: str, rs: np.random.RandomState) -> np.ndarray:
    """One tensor of a manifest."""
    r = rs.standard_normal(shape)
    values = {
        "r*sqrt(2/fan_in)": r * np.sqrt(2 / np.prod(shape[1:])),
        "1+0.1*r": 1 + 0.1 * r,
        "1+0.1*abs(r)": 1 + 0.1 * np.abs(r),
        "0.05*r": 0.05 * r,
    }
    return values[rule].astype(np.float32)


def draw_tensors(manifest_name: str) -> dict[str, np.ndarray]:
    """All tensors of a manifest but the constants."""
    manifest = MANIFEST[manifest_name]
    rs = np.random.RandomState(manifest["seed"])
    tensors = [tensor for tensor in manifest["tensors"] if tensor[2] != "keep"]
    return {name: draw(shape, rule, rs) for name, shape, rule in tensors}
