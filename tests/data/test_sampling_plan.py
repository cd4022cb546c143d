import numpy as np
import pytest

from stargan_tf.data.sampling_plan import BLOCK_STEPS, SamplingPlan
from stargan_tf.types import SOURCE, STREAMS, TARGET

RECORDS = (SOURCE, TARGET, TARGET)
SIZES = (60, 7, 2)
BATCH = 8
POSITION, Y_ORG, Y_TRG, X_REAL, X_REF, X_REF2 = range(6)


def blocks(count: int, seed: int = 0) -> np.ndarray:
    plan = SamplingPlan(SIZES, STREAMS, RECORDS, BATCH, seed)
    return np.concatenate([plan.block(number) for number in range(count)]).reshape(-1, 6)


def test_domains_are_uniform_whatever_the_class_sizes() -> None:
    plan = blocks(8)
    total = len(plan)
    for column in (Y_ORG, Y_TRG):
        counts = np.bincount(plan[:, column])
        chi_squared = ((counts - total / 3) ** 2 / (total / 3)).sum()
        assert chi_squared < 13.8  # one in a thousand, two degrees of freedom
    pairs = np.bincount(3 * plan[:, Y_ORG] + plan[:, Y_TRG])
    assert ((pairs - total / 9) ** 2 / (total / 9)).sum() < 26.1  # eight degrees


@pytest.mark.parametrize(("domain", "image"), [(Y_ORG, X_REAL), (Y_TRG, X_REF), (Y_TRG, X_REF2)])
def test_every_image_comes_once_per_epoch_in_new_order(domain: int, image: int) -> None:
    plan = blocks(4)
    for number, size in enumerate(SIZES):
        images = plan[plan[:, domain] == number][:, image]
        epochs = images[: len(images) // size * size].reshape(-1, size)
        assert (np.sort(epochs) == np.arange(size)).all()
        assert len({tuple(epoch) for epoch in epochs}) > 1


def test_references_are_drawn_independently() -> None:
    plan = blocks(4)
    large = plan[plan[:, Y_TRG] == 0]
    assert (large[:, X_REF] == large[:, X_REF2]).mean() < 0.05


def test_any_block_can_be_planned_first() -> None:
    whole = blocks(4).reshape(4, BLOCK_STEPS, BATCH, 6)
    np.testing.assert_array_equal(
        SamplingPlan(SIZES, STREAMS, RECORDS, BATCH, 0).block(3), whole[3]
    )


def test_positions_count_on_and_seeds_differ() -> None:
    plan = blocks(2)
    np.testing.assert_array_equal(plan[:, POSITION], np.arange(2 * BLOCK_STEPS * BATCH))
    assert (plan[:, Y_ORG] != blocks(2, seed=1)[:, Y_ORG]).any()


def test_one_image_is_enough() -> None:
    plan = SamplingPlan((1, 1), STREAMS, RECORDS, 2, 0).block(0)
    assert (plan[..., X_REAL:] == 0).all()
