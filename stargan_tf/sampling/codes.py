"""Codes: drawn at random, taken from references, truncated, interpolated."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stargan_tf.algorithms import drawable, latents
from stargan_tf.algorithms.drawable import Drawable, Mode

_MAPPING_BATCH = 1000


class CodeMaker:
    """Makes codes in batches, with the compiled networks of a model."""

    def __init__(self, model: Drawable, *, batch_size: int = 8) -> None:
        """Compiles the networks.

        Args:
          model: whose codes are wanted.
          batch_size: images that go through the networks at once.
        """
        self._model = model
        side, domains = model.img_size, tf.TensorSpec([None], tf.int32)
        self._batch_sizes = {drawable.LATENT: _MAPPING_BATCH, drawable.IMAGE: batch_size}
        sources = {
            drawable.LATENT: [tf.TensorSpec([None, model.latent_dim])],
            drawable.IMAGE: [tf.TensorSpec([None, side, side, 3])],
            drawable.NOTHING: [],
        }
        # Signatures with open batch sizes: one compilation serves every call.
        self._functions = {
            mode: tf.function(
                lambda *inputs, mode=mode: model.make_codes(mode, *((None,) + inputs)[-2:]),
                input_signature=[*sources[mode.source], domains],
                autograph=False,
            )
            for mode in model.modes
        }

    def make(
        self, mode: Mode, source: np.ndarray | None, domain: int, psi: float = 1.0
    ) -> np.ndarray:
        """Codes of a domain.

        Args:
          mode: one of the model's.
          source: what the mode makes them of: latent codes [N, latent_dim] float32,
            images [N, R, R, 3] float32 in [-1, 1], or None for the one code of a domain.
          domain: its index y.
          psi: truncation, 0 for the domain's mean code to 1 for the codes themselves.

        Returns:
          [N, D] float32.
        """
        function = self._functions[mode]
        if source is None:
            return function(tf.constant([domain], tf.int32)).numpy()
        codes = _in_batches(function, source, domain, self._batch_sizes[mode.source])
        return codes if psi == 1 else truncate(codes, self.mean_code(domain), psi)

    def mean_code(self, domain: int) -> np.ndarray:
        """The mean code of a domain, [D] float32; see `latents.mean_code`.

        Models without latent codes have none to truncate to: zeros.
        """
        mode = drawable.mode_of(self._model.modes, drawable.LATENT)
        if mode is None:
            return np.zeros([self._model.code_dim], np.float32)
        return latents.mean_code(lambda z: self.make(mode, z, domain), self._model.latent_dim)


def truncate(codes: np.ndarray, mean_code: np.ndarray, psi: float) -> np.ndarray:
    """Pulls codes towards the mean code: s_avg + psi (s - s_avg).

    Source: Karras et al. 2019, arXiv:1812.04948, appendix B.

    Args:
      codes: s, [N, D].
      mean_code: s_avg, [D].
      psi: 0 for the mean code to 1 for the codes as they are.

    Returns:
      [N, D]; exactly the mean code for 0 and exactly the codes for 1.
    """
    return lerp(mean_code, codes, psi)


def lerp(start: np.ndarray, end: np.ndarray, weight: float) -> np.ndarray:
    """The point between `start` (weight 0) and `end` (weight 1), exact at both."""
    return (np.float32(1 - weight) * start + np.float32(weight) * end).astype(np.float32)


def interpolation_loop(num_keys: int, frames: int) -> list[tuple[int, int, float]]:
    """The steps of a closed walk through key codes, from each to the next one.

    Args:
      num_keys: how many key codes there are; the last one leads to the first.
      frames: steps from one key code to the next.

    Returns:
      For each of the num_keys * frames steps: the two keys it lies between and how
      far it is on the way, 0 (at the first of them) up to but without 1.
    """
    return [
        (key, (key + 1) % num_keys, step / frames)
        for key in range(num_keys)
        for step in range(frames)
    ]


def _in_batches(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    inputs: np.ndarray,
    domain: int,
    batch_size: int,
) -> np.ndarray:
    outputs = []
    for start in range(0, len(inputs), batch_size):
        batch = tf.constant(inputs[start : start + batch_size], tf.float32)
        outputs.append(function(batch, tf.fill([len(batch)], domain)).numpy())
    return np.concatenate(outputs)
