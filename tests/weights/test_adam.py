"""What is read of an optimizer's state; whole files of it are in tests/test_import_weights.py."""

import numpy as np
import pytest

from stargan_tf.errors import UserError
from stargan_tf.weights.adam import AdamGroup, AdamState, adam_state_dict, read_adam

SHAPES = {"weight": (2,)}
GROUP = AdamGroup(lr=1e-4, beta1=0.0, beta2=0.99, eps=1e-8, weight_decay=1e-4)
MOMENTS = {"weight": np.ones(2, np.float32)}


def content():
    return adam_state_dict(AdamState(GROUP, 3, MOMENTS, MOMENTS), list(SHAPES))


def endless(leaf):
    """Lists of the same list: a few bytes in a file, and more members than could be counted."""
    for _ in range(10):
        leaf = [leaf] * 100
    return leaf


def test_what_was_written_is_read():
    state = read_adam(content(), SHAPES, (), "here")
    assert (state.group, state.step) == (GROUP, 3)
    np.testing.assert_equal((state.first, state.second), (MOMENTS, MOMENTS))


def test_numbers_may_be_tensors():
    written = content()
    written["param_groups"][0]["lr"] = np.array(1e-3)
    written["state"][0]["step"] = 3
    state = read_adam(written, SHAPES, (), "here")
    assert (state.group.lr, state.step) == (1e-3, 3)


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay", "betas", "params"])
@pytest.mark.parametrize(
    "value", [endless(0.5), [endless(0.5)] * 2, "0.5x", None, np.zeros([2, 2])]
)
def test_a_setting_that_is_no_number_is_rejected(name, value):
    written = content()
    written["param_groups"][0][name] = value
    with pytest.raises(UserError, match=r"another layout than that of torch\.optim\.Adam"):
        read_adam(written, SHAPES, (), "here")


@pytest.mark.parametrize("value", [endless(0.5), "x", None, np.zeros(3), np.inf, np.nan])
def test_a_number_of_steps_that_is_none_is_rejected(value):
    written = content()
    written["state"][0]["step"] = value
    with pytest.raises(UserError, match="no number of steps"):
        read_adam(written, SHAPES, (), "here")
