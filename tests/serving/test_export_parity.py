import numpy as np
import pytest

from stargan_tf.serving.export_parity import call_networks, compare, make_probe
from stargan_tf.serving.graph import ServingGraph
from stargan_tf.serving.inputs import example_inputs


@pytest.fixture(scope="module")
def call(exported):
    graph = ServingGraph(exported.drawable, exported.mean_codes)
    return call_networks(graph, exported.model.trained.algorithm.signatures(), exported.info)


@pytest.fixture(scope="module")
def probe(exported, call):
    images = np.random.default_rng(0).uniform(-1, 1, [2, 32, 32, 3]).astype(np.float32)
    return make_probe(
        call, exported.info, example_inputs(exported.drawable, exported.info, images, 0)
    )


def test_the_networks_agree_with_themselves(call, probe):
    agreement = compare(call, probe)
    assert agreement.worst < 1e-5 and agreement.psnr > 100


@pytest.mark.parametrize("fault", [0.5, np.nan], ids=["wrong", "NaN"])
@pytest.mark.parametrize("number", range(6))
def test_a_fault_of_any_signature_is_seen(exported, call, probe, number, fault):
    name = list(exported.info.signatures)[number]

    def faulty(called, inputs):
        return call(called, inputs) + fault * (called == f"{name}_float")

    agreement = compare(faulty, probe)
    assert not agreement.worst <= 0.4
    if "image" in exported.info.signatures[name].output:
        assert not agreement.psnr >= 13


def test_only_the_named_signatures_are_compared(call, probe):
    called = []

    def remembered(name, inputs):
        called.append(name)
        return call(name, inputs)

    compare(remembered, probe, ["map_latent"])
    assert set(called) == {"map_latent_float"}
