"""Mixed precision: the type in which the layers made in a block compute."""

import contextlib

from stargan_tf.models.saving import dtype_policy

_POLICIES = {"none": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


def mixed_precision(name: str) -> contextlib.AbstractContextManager[None]:
    """Makes layers created in its block compute in none (float32), bfloat16 or float16."""
    return dtype_policy(_POLICIES[name])
