"""A new run starts from another's weights, and from nothing else of it."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.algorithms.registry import make_algorithm
from stargan_tf.algorithms.stargan_v2.algorithm import StarGANv2
from stargan_tf.algorithms.stargan_v2.published import published_tensors
from stargan_tf.errors import UserError
from stargan_tf.names import normalised
from stargan_tf.training.checkpoints import Checkpoints
from stargan_tf.training.run_dir import RunDir
from stargan_tf.training.warm_start import check_parent, head_sources, load_parent
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
    assert load_parent(new, DOMAINS) == (7, ())
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_mean_face_goes_along(parent, two_domains_dir, tmp_path):
    old = RunDir(shutil.copytree(parent[0].root, tmp_path / "parent"))
    old.mean_landmarks_file.write_bytes(b"of a face")
    config = child_of(old, total_iters=0, sample_every=0, data_dir=str(two_domains_dir))
    new = RunDir(tmp_path / "child")
    sit(new, config)
    assert new.mean_landmarks_file.read_bytes() == b"of a face"
    shutil.rmtree(old.root)  # not needed any more
    sit(new, config)
    assert new.mean_landmarks_file.read_bytes() == b"of a face"


def check(config, domains):
    check_parent(make_algorithm(config, len(domains)), domains)


def heads(network):
    """The weights of a network for each domain, by the published names: other code than ours."""
    places = published_tensors(network)
    rows = [(name, place) for name, place in places.items() if "unshared" in name]
    by_domain = {}
    for name, place in rows:
        _, domain, *rest = name.split(".")
        by_domain.setdefault(int(domain), {})[".".join(rest)] = place.read()
    if not rows:  # D's heads are one tensor, with a row for each domain
        for name in list(places)[-2:]:
            for domain, row in enumerate(places[name].read()):
                by_domain.setdefault(domain, {})[name] = row
    return by_domain


def bodies(network):
    """What a network has for all domains."""
    judges = list(published_tensors(network))[-2:] if network.name == "discriminator" else ()
    return {
        name: place.read()
        for name, place in published_tensors(network).items()
        if "unshared" not in name and name not in judges
    }


OTHERS = [
    # in another order, one more, one less, both, all new, under a name of the same letters
    (("dog", "cat"), "", (1, 0), "dog, cat kept"),
    (("cat", "dog", "wild"), "", (0, 1, 0), "cat, dog kept; wild starts as a copy of cat"),
    (("cat", "dog", "wild"), "dog", (0, 1, 1), "cat, dog kept; wild starts as a copy of dog"),
    (("dog",), "", (1,), "dog kept; cat left out"),
    (("ant", "dog"), "dog", (1, 1), "dog kept; ant starts as a copy of dog; cat left out"),
    (
        ("lion", "wolf"),
        "",
        (0, 0),
        "lion starts as a copy of cat; wolf starts as a copy of cat; dog left out",
    ),
]


@pytest.mark.parametrize(("domains", "head_from", "sources", "words"), OTHERS)
def test_heads_go_by_the_names_of_domains(parent, domains, head_from, sources, words):
    run, old = parent
    config = child_of(run, head_from=head_from)
    check(config, domains)
    new = tiny.fresh_state(config, len(domains))
    assert load_parent(new, domains) == (7, (f"Its domains: {words}.",))
    pairs = [(old.networks[name], new.networks[name]) for name in old.networks]
    pairs += [(old.averages[name], new.averages[name]) for name in old.averages]
    assert len(pairs) == 7
    for there, here in pairs:
        np.testing.assert_equal(bodies(here), bodies(there))
        if "generator" not in there.name:
            expected = {new: heads(there)[old] for new, old in enumerate(sources)}
            np.testing.assert_equal(heads(here), expected)


@pytest.mark.slow
def test_a_run_trains_on_with_another_domain(two_domains_dir, tmp_path, capsys):
    """The data set has cat and dog; the parent knows lion and dog."""
    run = RunDir(tmp_path / "parent")
    run.begin(tiny.CONFIG, ("dog", "lion"))
    Checkpoints(run, tiny.fresh_state(tiny.CONFIG, 2), keep=1).save()
    config = child_of(run, head_from="lion", total_iters=1, sample_every=0, eval_every=0)
    config = dataclasses.replace(
        config, data_dir=str(two_domains_dir), run_dir=str(tmp_path / "child")
    )
    with tiny.eagerly():
        assert train_run(config) == 0
    words = "Its domains: dog kept; cat starts as a copy of lion."
    assert words in capsys.readouterr().out
    assert RunDir(config.run_dir).read().domains == DOMAINS


def test_names_of_domains_are_compared_in_one_form(parent):
    found = head_sources(("caf\u00e9", "wild cat"), ("wild cat", normalised("cafe\u0301")), "")
    assert found == [1, 0]


class WithoutHeads(StarGANv2):
    domain_layers = {}


def test_another_number_of_domains_needs_an_algorithm_that_knows_its_heads(parent):
    check_parent(WithoutHeads(child_of(parent[0]), 2), ("lion", "wolf"))
    message = r"labels \(cat, dog there, cat, dog, wild here\)\. Use its settings"
    with pytest.raises(UserError, match=message):
        check_parent(WithoutHeads(child_of(parent[0]), 3), ("cat", "dog", "wild"))


@pytest.mark.parametrize("domains", [("dog", "cat"), ("dog", "wolf")])
def test_without_heads_a_name_in_another_place_is_refused(parent, domains):
    """It would start from what another name has learned."""
    with pytest.raises(UserError, match=rf"labels \(cat, dog there, {', '.join(domains)} here\)"):
        check_parent(WithoutHeads(child_of(parent[0]), 2), domains)


def test_without_heads_there_is_none_to_start_from(parent):
    message = "Found --head_from=cat for --algorithm=stargan_v2, .* leave it out"
    with pytest.raises(UserError, match=message):
        check_parent(WithoutHeads(child_of(parent[0], head_from="cat"), 2), DOMAINS)


def test_every_weight_with_a_row_for_each_domain_is_in_a_domain_layer():
    """Told by the shapes that change with the number of domains."""
    two, five = (tiny.fresh_state(num_domains=number) for number in (2, 5))
    for name, network in two.networks.items():
        layers = two.algorithm.domain_layers.get(name, ())
        known = {id(v) for layer in layers for v in variables_of(network, layer)}
        for here, there in zip(network.variables, five.networks[name].variables, strict=True):
            assert (here.shape != there.shape) == (id(here) in known), here.name
            if here.shape != there.shape:
                assert (here.shape[0], there.shape[0]) == (2, 5)
                assert here.shape[1:] == there.shape[1:]


def variables_of(network, attribute):
    layers = getattr(network, attribute)
    layers = layers if isinstance(layers, list | tuple) or hasattr(layers, "append") else [layers]
    return [variable for layer in layers for variable in layer.variables]


def test_a_head_that_the_parent_does_not_have(parent):
    message = "Found --head_from=wolf, expected a domain of .*, cat, dog: correct it"
    with pytest.raises(UserError, match=message):
        check(child_of(parent[0], head_from="wolf"), ("cat", "lion"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_conv_dim": 16}, r"max_conv_dim \(8 there, 16 here\)\. Use its settings"),
        ({"img_size": 64}, r"img_size \(32 there, 64 here\)"),
        ({"base_channels": 8}, r"base_channels \(4 there, 8 here\)"),
        ({"mapping_unshared_layers": 0}, r"mapping_unshared_layers \(3 there, 0 here\)"),
    ],
)
def test_networks_of_other_shapes_are_refused(parent, changes, message):
    with pytest.raises(UserError, match=message):
        check(child_of(parent[0], **changes), DOMAINS)


def test_a_parent_without_a_checkpoint_is_refused(tmp_path):
    run = RunDir(tmp_path)
    run.begin(tiny.CONFIG, DOMAINS)
    with pytest.raises(UserError, match="Found no checkpoint in"):
        load_parent(tiny.fresh_state(child_of(run), len(DOMAINS)), DOMAINS)


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
