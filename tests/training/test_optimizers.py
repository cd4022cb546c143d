import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.training.optimizers import Adam

RNG = np.random.default_rng(0)
START = [RNG.standard_normal((3, 4)), RNG.standard_normal(5)]
GRADIENTS = [[RNG.standard_normal(w.shape) for w in START] for _ in range(5)]


def numpy_adam(gradients, lr, beta1, beta2, l2, epsilon=1e-8):
    """Kingma and Ba 2015, algorithm 1, in float64, with L2 in the gradient."""
    weights = [w.copy() for w in START]
    m, v = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for t, step in enumerate(gradients, start=1):
        for i, gradient in enumerate(step):
            gradient = gradient + l2 * weights[i]
            m[i] = beta1 * m[i] + (1 - beta1) * gradient
            v[i] = beta2 * v[i] + (1 - beta2) * gradient**2
            m_hat, v_hat = m[i] / (1 - beta1**t), v[i] / (1 - beta2**t)
            weights[i] = weights[i] - lr * m_hat / (np.sqrt(v_hat) + epsilon)
    return weights


def run(optimizer, gradients):
    variables = [tf.Variable(w, dtype=tf.float32) for w in START]
    optimizer.build(variables)
    for step in gradients:
        step = [tf.constant(gradient, tf.float32) for gradient in step]
        optimizer.apply_gradients(zip(step, variables, strict=True))
    return variables


def assert_same_way(variables, expected):
    """Compares how far the weights have come."""
    for variable, start, end in zip(variables, START, expected, strict=True):
        np.testing.assert_allclose(variable - start.astype(np.float32), end - start, atol=1e-6)


@pytest.mark.parametrize("l2", [0.0, 0.5])
@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_five_steps(beta1, l2):
    variables = run(Adam(0.1, beta1, 0.99, l2), GRADIENTS)
    assert_same_way(variables, numpy_adam(GRADIENTS, 0.1, beta1, 0.99, l2))


@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_epsilon_counts_where_gradients_are_tiny(beta1):
    """Added before the bias correction, it would weigh ten times as much at the first step."""
    tiny = [[1e-9 * gradient for gradient in step] for step in GRADIENTS]
    expected = numpy_adam(tiny, 1.0, beta1, 0.99, 0.0)
    assert 1e-3 < np.abs(expected[0] - START[0]).max() < 1
    assert_same_way(run(Adam(1.0, beta1, 0.99), tiny), expected)


def test_weight_decay_is_part_of_the_gradient():
    """Decoupled, it would shrink a weight in proportion; in the gradient it is normalised."""
    nothing = [[np.zeros_like(w) for w in START]]
    variables = run(Adam(0.1, 0.0, 0.99, l2=1e-4), nothing)
    for variable, start in zip(variables, START, strict=True):
        np.testing.assert_allclose(variable, start - 0.1 * np.sign(start), atol=1e-3)


def test_config_round_trip():
    optimizer = Adam(0.05, 0.5, 0.9, l2=0.1, epsilon=1e-3, name="round_trip")
    config = optimizer.get_config()
    assert config.pop("learning_rate") == pytest.approx(0.05)
    assert config == {
        "beta1": 0.5,
        "beta2": 0.9,
        "l2": 0.1,
        "epsilon": 1e-3,
        "name": "round_trip",
    }
    again = Adam.from_config(optimizer.get_config())
    expected = numpy_adam(GRADIENTS, 0.05, 0.5, 0.9, 0.1, 1e-3)
    assert_same_way(run(again, GRADIENTS), expected)


def test_state_survives_a_checkpoint(tmp_path):
    def restorable():
        variables = [tf.Variable(w, dtype=tf.float32) for w in START]
        optimizer = Adam(0.1, 0.9, 0.99)
        optimizer.build(variables)
        return variables, optimizer, tf.train.Checkpoint(o=optimizer, variables=variables)

    def steps(variables, optimizer, gradients):
        for step in gradients:
            step = [tf.constant(gradient, tf.float32) for gradient in step]
            optimizer.apply_gradients(zip(step, variables, strict=True))

    variables, optimizer, checkpoint = restorable()
    steps(variables, optimizer, GRADIENTS[:3])
    path = checkpoint.write(str(tmp_path / "optimizer"))
    variables, optimizer, checkpoint = restorable()
    checkpoint.read(path).assert_consumed()
    steps(variables, optimizer, GRADIENTS[3:])
    assert_same_way(variables, numpy_adam(GRADIENTS, 0.1, 0.9, 0.99, 0.0))


def test_replicas_gradients_are_summed_and_their_weights_stay_equal(two_replicas):
    with two_replicas.scope():
        variables = [tf.Variable(w, dtype=tf.float32) for w in START]
        optimizer = Adam(0.1, 0.9, 0.99, 0.5)
        optimizer.build(variables)

    @tf.function
    def step(gradients):
        def update():
            # A quarter on the first replica, three on the second.
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            share = 0.25 + 0.5 * tf.cast(replica, tf.float32)
            own = [share * gradient for gradient in gradients]
            optimizer.apply_gradients(zip(own, variables, strict=True))

        two_replicas.run(update)

    for gradients in GRADIENTS:
        step([tf.constant(gradient, tf.float32) for gradient in gradients])
    expected = numpy_adam(GRADIENTS, 0.1, 0.9, 0.99, 0.5)
    for replica in range(2):
        copies = [two_replicas.experimental_local_results(v)[replica] for v in variables]
        assert copies[0].device.endswith(f"CPU:{replica}")
        assert_same_way(copies, expected)
