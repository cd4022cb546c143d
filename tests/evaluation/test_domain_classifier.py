import numpy as np
import pytest
import tensorflow as tf

from stargan_tf.errors import UserError
from stargan_tf.evaluation.domain_classifier import DomainClassifier
from stargan_tf.evaluation.logistic_regression import fit_logistic_regression


def clusters(counts=(60, 60, 60), dim=10, apart=4.0, seed=0):
    """Clouds around points of their own, apart from each other, and whose they are."""
    centers = np.random.default_rng(99).standard_normal((len(counts), dim))
    centers *= apart / np.linalg.norm(centers, axis=1, keepdims=True)
    labels = np.repeat(np.arange(len(counts)), counts)
    noise = np.random.default_rng(seed).standard_normal((len(labels), dim))
    return centers[labels] + noise, labels


def test_separable_domains_are_told_apart():
    classifier = DomainClassifier.fit(*clusters(apart=20))
    features, labels = clusters(apart=20, seed=1)
    assert classifier.accuracy(features, labels) == 1
    np.testing.assert_array_equal(classifier.predict(features), labels)
    assert classifier.accuracy(features, (labels + 1) % 3) == 0


def test_equal_domains_cannot_be_told_apart():
    classifier = DomainClassifier.fit(*clusters((300, 300), apart=0))
    assert classifier.accuracy(*clusters((500, 500), apart=0, seed=1)) == pytest.approx(
        0.5, abs=0.1
    )


def test_reaches_the_best_possible():
    """For two round clouds it is the share of a normal within half their distance."""
    features, labels = clusters((2000, 2000), apart=1.5, dim=4)
    validation, truth = clusters((4000, 4000), apart=1.5, dim=4, seed=1)
    ours = DomainClassifier.fit(features, labels).accuracy(validation, truth)
    centers = [features[labels == k].mean(axis=0) for k in (0, 1)]
    half = np.linalg.norm(centers[0] - centers[1]) / 2
    best = 0.5 * (1 + float(tf.math.erf(half / np.sqrt(2))))
    assert 0.7 < best < 0.95
    assert ours == pytest.approx(best, abs=0.015)


def test_the_same_data_give_the_same_classifier():
    features, labels = clusters()
    first, second = (DomainClassifier.fit(features, labels) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)


def test_the_order_of_images_and_the_scale_of_features_do_not_matter():
    features, labels = clusters(apart=2)
    order = np.random.default_rng(0).permutation(len(labels))
    scales = 10.0 ** np.arange(-5, 5)
    first = DomainClassifier.fit(features, labels)
    second = DomainClassifier.fit(features[order] * scales + 7, labels[order])
    np.testing.assert_allclose(first.weights, second.weights, atol=1e-5)


def test_features_that_never_vary_are_left_out():
    features, labels = clusters(apart=20)
    constant = np.concatenate([features, np.full((len(labels), 1), 0.1)], axis=1)
    classifier = DomainClassifier.fit(constant, labels)
    constant[:, -1] = 1e6
    assert classifier.accuracy(constant, labels) == 1


def test_every_domain_counts_the_same():
    features, labels = clusters((1000, 20), apart=1.5)
    classifier = DomainClassifier.fit(features, labels)
    validation, truth = clusters((1000, 1000), apart=1.5, seed=1)
    shares = [np.mean(classifier.predict(validation)[truth == k] == k) for k in (0, 1)]
    assert min(shares) > 0.6, "the rare domain is not given up"
    assert classifier.accuracy(validation, truth) == pytest.approx(np.mean(shares))


def test_accuracy_is_the_mean_over_the_domains():
    classifier = DomainClassifier.fit(*clusters(apart=20))
    features, labels = clusters((100, 10, 1), apart=20, seed=1)
    labels[100:] = [0] * 5 + [1] * 5 + [1]
    assert classifier.accuracy(features, labels) == pytest.approx((100 / 105 + 5 / 6) / 2)


def test_translations_into_one_domain_can_be_judged():
    classifier = DomainClassifier.fit(*clusters(apart=20))
    features, _ = clusters(apart=20, seed=1)
    assert classifier.accuracy(features, np.full(180, 1)) == pytest.approx(1 / 3)


def gradient(inputs, labels, shares, l2, weights):
    """Of what is minimised, by automatic differentiation."""
    variable = tf.Variable(weights)
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, inputs @ variable)
        loss = tf.reduce_sum(shares * losses) + 0.5 * l2 * tf.reduce_sum(variable[:-1] ** 2)
    return tape.gradient(loss, variable).numpy()


@pytest.mark.parametrize("l2", [1e-3, 1.0])
@pytest.mark.parametrize("dim", [5, 200])
def test_the_solution_is_the_optimum(dim, l2):
    """The gradient is 0 there, also with more features than images."""
    features, labels = clusters((50, 30, 20), dim=dim, apart=1)
    inputs = np.concatenate([features, np.ones((100, 1))], axis=1)
    shares = np.full(100, 0.01)
    weights = fit_logistic_regression(inputs, labels, shares, l2)

    assert np.abs(gradient(inputs, labels, shares, l2, weights)).max() < 2e-7
    # The bias alone, unpenalised, gives each class its share.
    probabilities = tf.nn.softmax(inputs @ weights).numpy().mean(axis=0)
    np.testing.assert_allclose(probabilities, [0.5, 0.3, 0.2], atol=1e-6)


def test_a_stray_image_causes_no_overflow():
    features, labels = clusters((50, 50), apart=2)
    features[3] = 1e6 * features[:50].mean(axis=0)
    inputs, shares = np.concatenate([features, np.ones((100, 1))], axis=1), np.full(100, 0.01)
    weights = fit_logistic_regression(inputs, labels, shares, l2=1e-3)
    assert np.abs(gradient(inputs, labels, shares, 1e-3, weights)).max() < 1e-6
    assert np.mean((inputs @ weights).argmax(axis=1) == labels) > 0.75


@pytest.mark.parametrize("seed", [0, 25, 54, 175, 294])
def test_wild_features_are_solved_too(seed):
    """Features of very different sizes, with outliers, and hardly a penalty."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], 20)
    inputs = np.ones((60, 4))
    inputs[:, :-1] = rng.standard_t(1, (60, 3)) * 10 ** rng.uniform(-1, 2) + labels[:, None]
    shares, l2 = rng.dirichlet(np.full(60, 0.3)), 10 ** rng.uniform(-7, -1)
    weights = fit_logistic_regression(inputs, labels, shares, l2)
    assert np.abs(gradient(inputs, labels, shares, l2, weights)).max() < 2e-6


def test_a_stronger_penalty_makes_smaller_weights():
    features, labels = clusters(apart=20)
    norms = [
        np.linalg.norm(DomainClassifier.fit(features, labels, l2=l2).weights[:-1])
        for l2 in (1e-4, 1e-2, 1.0)
    ]
    assert norms[0] > 1.5 * norms[1] > 2.5 * norms[2]


@pytest.mark.parametrize(
    ("features", "labels", "sentence"),
    [
        (np.ones((0, 2)), np.zeros(0, int), "Found 0 images among the training images"),
        (np.ones((4, 2)), np.zeros(4, int), "Found 4 training images per domain"),
        (np.ones((4, 2)), np.array([0, 0, 0, 1]), "Found 3, 1 training images per domain"),
        (np.ones((4, 2)), np.array([0, 0, 2, 2]), "Found 2, 0, 2 training images per domain"),
        (np.ones((4, 2)), np.array([0, 1, 1]), r"labels of shape \[3\]"),
        (np.ones((4, 2)), np.array([0.0, 0, 1, 1]), "type float64"),
        (np.ones((4, 2)), np.array([0, 0, -1, 1]), "expected one domain number from 0"),
        (np.full((4, 2), np.nan), np.array([0, 0, 1, 1]), "infinite or NaN"),
    ],
)
def test_bad_training_images(features, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        DomainClassifier.fit(features, labels)


def test_bad_translations():
    classifier = DomainClassifier.fit(*clusters())
    with pytest.raises(UserError, match="length 10 and 9"):
        classifier.predict(np.ones((4, 9)))
    with pytest.raises(UserError, match="Found 0 images"):
        classifier.accuracy(np.ones((0, 10)), np.zeros(0, int))
    with pytest.raises(UserError, match="for 4 images"):
        classifier.accuracy(np.ones((4, 10)), np.zeros(5, int))
