"""The choice of validation images, whatever a data set consists of and however it grows."""

from hypothesis import given
from hypothesis import strategies as st

from stargan_tf.data.validation_images import LEAST_VALIDATION, validation_images

GROUPS = ("cat", "dog", "fox")
# Of few, so that copies are frequent; the first eight bytes decide.
DIGESTS = st.integers(0, 40).map(lambda n: (n * 2**58).to_bytes(8, "big") + bytes([n]) * 24)
PLACES = st.lists(st.tuples(st.sampled_from(GROUPS), DIGESTS), max_size=40)
FRACTION = st.sampled_from([1e-9, 0.05, 0.1, 0.3, 0.5, 0.999])


@given(PLACES, PLACES, FRACTION)
def test_added_images_move_none_into_validation(before, added, fraction):
    """Nor out of the training images, whatever their order."""
    chosen = validation_images(before, fraction)
    later = validation_images([*added, *before], fraction)
    assert not (later - chosen) & {digest for _, digest in before}


@given(PLACES, FRACTION, st.randoms())
def test_the_choice_depends_on_contents_alone(places, fraction, chance):
    shuffled = list(places)
    chance.shuffle(shuffled)
    assert validation_images(shuffled, fraction) == validation_images(places, fraction)
    assert validation_images(places, 0.0) == set()


@given(PLACES, FRACTION)
def test_all_under_the_fraction_and_the_smallest_of_each_group(places, fraction):
    chosen = validation_images(places, fraction)
    digests = {digest for _, digest in places}
    assert chosen <= digests
    assert {d for d in digests if int.from_bytes(d[:8], "big") < fraction * 2**64} <= chosen
    for group in GROUPS:
        own = {digest for name, digest in places if name == group}
        others = {digest for name, digest in places if name != group}
        copies = [d for name, d in places if name == group]
        if not own & others and len(copies) == len(own):
            assert set(sorted(own)[:LEAST_VALIDATION]) <= chosen
