"""The flagfiles of the ablation differ in what the ablation is about, and in nothing else."""

import dataclasses

import pytest

from stargan_tf import flags
from stargan_tf.algorithms.registry import DEFAULT, settings_class
from stargan_tf.comparison.rows import ROWS, flagfile
from stargan_tf.config import ablation

# What goes with the loss of a critic or of logits: the optimizer and the iterations that each was
# published with.
OF_THE_LOSS = {"beta1", "beta2", "weight_decay", "total_iters"}
# What a row may have otherwise than the rows with the same loss.
OF_THE_ROW = {
    "a": {"algorithm"},
    "b": {"algorithm"},
    "c": {"algorithm"},
    "d": {"algorithm"},
    "e": {"algorithm", "lambda_ds", "ds_iter"},
    "f": {"algorithm", "lambda_ds", "ds_iter"},
    "preprint": {"algorithm", "mapping_shared_layers", "mapping_unshared_layers"},
}
CRITICS = ("a", "b")


def read(name):
    path = str(flagfile(name))
    algorithm = flags.peek("algorithm", arguments=[f"--flagfile={path}"])["algorithm"]
    return flags.read_flagfile(settings_class(algorithm or DEFAULT), path)


CONFIGS = {name: read(name) for name in ROWS}


def test_there_is_a_flagfile_for_each_row_and_no_other():
    found = {path.stem for path in flagfile("a").parent.glob("ablation_*.flags")}
    assert found == {f"ablation_{name}" for name in ROWS}
    assert tuple(ROWS) == ablation.ROWS


@pytest.mark.parametrize("other", ROWS)
@pytest.mark.parametrize("name", ROWS)
def test_rows_share_every_setting_that_they_have_in_common(name, other):
    one, two = CONFIGS[name], CONFIGS[other]
    fields = [{field.name for field in dataclasses.fields(config)} for config in (one, two)]
    may_differ = OF_THE_ROW[name] | OF_THE_ROW[other]
    if (name in CRITICS) != (other in CRITICS):
        may_differ |= OF_THE_LOSS
    differing = {n for n in fields[0] & fields[1] if getattr(one, n) != getattr(two, n)}
    assert differing <= may_differ


def test_each_row_is_what_it_says():
    algorithms = {name: config.algorithm for name, config in CONFIGS.items()}
    assert algorithms == {
        "a": "stargan",
        "b": "ablation.multi_task",
        "c": "ablation.domain_styles",
        "d": "ablation.latent_codes",
        **dict.fromkeys(("e", "f", "preprint"), "stargan_v2"),
    }
    e, f, preprint = (CONFIGS[name] for name in ("e", "f", "preprint"))
    assert e.lambda_ds == 0 and f.lambda_ds == preprint.lambda_ds == 1
    layers = preprint.mapping_shared_layers, preprint.mapping_unshared_layers
    assert layers == (6, 0) and f.ds_iter == f.total_iters


def test_iterations_are_in_the_published_ratio():
    """StarGAN's generator is updated at every fifth alone."""
    a, f = (settings_class(CONFIGS[name].algorithm)() for name in ("a", "f"))
    for name, config in CONFIGS.items():
        published = a if name in CRITICS else f
        assert (
            config.total_iters * f.total_iters == CONFIGS["f"].total_iters * published.total_iters
        )


def test_learning_rates_stay_in_each():
    assert all(CONFIGS[name].num_iters_decay == 0 for name in CRITICS)
