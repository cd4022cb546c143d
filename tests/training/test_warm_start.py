"""A new run starts from another's weights, and from nothing else of it."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.warm_start import check_parent, load_parent
from stargan_tf.training_run import train_run
from tests.training import tiny

DOMAINS = ("cat", "dog")


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    """A run at iteration 7, and its state, in which nothing is as it was at the start."""
    run = RunDir(tmp_path_factory.mktemp("runs") / "parent")
    run.begin(tiny.CONFIG, DOMAINS)
    state = tiny.fresh_state(tiny.CONFIG, len(DOMAINS))
    modules = [*state.networks.values(), *state.averages.values()]
    modules += tiny.optimizers(state).values()
    for seed, variable in enumerate(v for module in modules for v in module.variables):
        values = np.random.default_rng(seed).uniform(1, 2, variable.shape)
        variable.assign(tf.cast(values, variable.dtype))
    state.step.assign(7)
    state.schedule["lambda_ds"].assign(0.25)
    Checkpoints(run, state, keep=1).save()
    return run, state


def child_of(run, **changes):
    return dataclasses.replace(tiny.CONFIG, warm_start=str(run.root), seed=3, **changes)


def test_weights_are_taken_over_and_nothing_else(parent):
    run, old = parent
    config = child_of(run)
    new, fresh = (tiny.fresh_state(config, len(DOMAINS)) for _ in range(2))
    assert load_parent(new) == 7
    assert not tiny.changed(tiny.weights(old), tiny.weights(new))
    for expected, found in zip(tiny.averages(old), tiny.averages(new), strict=True):
        np.testing.assert_array_equal(found, expected)
    for letter, optimizer in tiny.optimizers(new).items():
        for variable, expected in zip(
            optimizer.variables, tiny.optimizers(fresh)[letter].variables, strict=True
        ):
            np.testing.assert_array_equal(variable, expected, err_msg=variable.name)
    assert (new.step.numpy(), new.schedule["lambda_ds"].numpy()) == (0, config.lambda_ds)


def sit(run, config):
    """A training in which the loop has nothing left to do but to save: the state after it."""
    config = dataclasses.replace(config, run_dir=str(run.root))
    assert train_run(config) == 0
    state = tiny.fresh_state(config, len(DOMAINS))
    assert Checkpoints(run, state, keep=1).restore()
    return state


def test_a_resumed_run_goes_on_from_its_own_weights(parent, two_domains_dir, tmp_path, capsys):
    run = RunDir(tmp_path / "child")
    old_run, old = parent
    copy = shutil.copytree(old_run.root, tmp_path / "parent")
    data_dir = str(two_domains_dir)
    config = child_of(RunDir(copy), total_iters=0, sample_every=0, data_dir=data_dir)
    first = sit(run, config)
    assert f"Its weights are those of {copy} after 7 iterations." in capsys.readouterr().out
    assert not tiny.changed(tiny.weights(old), tiny.weights(first))

    weight = first.networks["generator"].variables[0]
    weight.assign_add(tf.ones_like(weight))
    Checkpoints(run, first, keep=1).save()
    shutil.rmtree(copy)  # not needed any more
    resumed = sit(run, config)
    assert "Its weights" not in capsys.readouterr().out
    assert not tiny.changed(tiny.weights(first), tiny.weights(resumed))


def test_domains_may_have_other_names(parent):
    check_parent(child_of(parent[0]), ("lion", "wolf"))
    check_parent(tiny.CONFIG, DOMAINS)  # which starts from no run


@pytest.mark.parametrize(
    ("changes", "domains", "message"),
    [
        ({"max_conv_dim": 16}, DOMAINS, r"max_conv_dim \(8 there, 16 here\)\. Use its settings"),
        ({"img_size": 64}, DOMAINS, r"img_size \(32 there, 64 here\)"),
        ({"base_channels": 8}, DOMAINS, r"base_channels \(4 there, 8 here\)"),
        ({}, ("cat", "dog", "wild"), r"domains \(cat, dog there, cat, dog, wild here\)"),
    ],
)
def test_networks_of_other_shapes_are_refused(parent, changes, domains, message):
    with pytest.raises(UserError, match=message):
        check_parent(child_of(parent[0], **changes), domains)


def test_a_parent_without_a_checkpoint_is_refused(tmp_path):
    run = RunDir(tmp_path)
    run.begin(tiny.CONFIG, DOMAINS)
    with pytest.raises(UserError, match="Found no checkpoint in"):
        load_parent(tiny.fresh_state(child_of(run), len(DOMAINS)))


def test_a_mistake_leaves_nothing(two_domains_dir, tmp_path):
    config = dataclasses.replace(
        tiny.CONFIG,
        data_dir=str(two_domains_dir),
        run_dir=str(tmp_path / "run"),
        warm_start=str(tmp_path / "nowhere"),
    )
    with pytest.raises(UserError, match="Found no config.json in .*nowhere"):
        train_run(config)
    assert list(tmp_path.iterdir()) == []
