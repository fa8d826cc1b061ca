"""tf.losses: what each loss costs, weights, reductions, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg

S = fg.losses
R = S.Reduction
rng = np.random.RandomState(0)
A, B = rng.rand(4, 3), rng.rand(4, 3)
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def huber(error: Any, delta: float) -> Any:
    return np.where(abs(error) <= delta, 0.5 * error**2, delta * abs(error) - 0.5 * delta**2)


ELEMENTWISE = {
    "absolute_difference": (S.absolute_difference, (A, B), {}, abs(A - B)),
    "mean_squared_error": (S.mean_squared_error, (A, B), {}, (A - B) ** 2),
    "huber_loss": (S.huber_loss, (A, B), {"delta": 0.3}, huber(A - B, 0.3)),
    "log_loss": (S.log_loss, (A, B), {"epsilon": 1e-3},
                 -A * np.log(B + 1e-3) - (1 - A) * np.log(1 - B + 1e-3)),
    "hinge_loss": (S.hinge_loss, (ONE_HOT, B), {}, np.maximum(0, 1 - (2 * ONE_HOT - 1) * B)),
    "cosine_distance": (S.cosine_distance, (A, B), {"axis": 1}, 1 - (A * B).sum(1, keepdims=True)),
    "sigmoid_cross_entropy": (
        S.sigmoid_cross_entropy, (ONE_HOT, B), {}, np.log1p(np.exp(B)) - ONE_HOT * B),
    "sigmoid_smoothed": (
        S.sigmoid_cross_entropy, (ONE_HOT, B), {"label_smoothing": 0.2},
        np.log1p(np.exp(B)) - (ONE_HOT * 0.8 + 0.1) * B),
    "softmax_cross_entropy": (S.softmax_cross_entropy, (ONE_HOT, B), {},
                              -(ONE_HOT * np.log(softmax(B))).sum(1)),
    "softmax_smoothed": (
        S.softmax_cross_entropy, (ONE_HOT, B), {"label_smoothing": 0.3},
        -((ONE_HOT * 0.7 + 0.1) * np.log(softmax(B))).sum(1)),
    "sparse_softmax": (S.sparse_softmax_cross_entropy, (np.array([0, 2, 1, 1]), B), {},
                       -np.log(softmax(B))[range(4), [0, 2, 1, 1]]),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("unknown", [False, True])
def test_a_loss_is_what_its_formula_says(name, unknown) -> None:
    function, values, arguments, wanted = ELEMENTWISE[name]
    inputs = [fg.placeholder(fg.as_dtype(v.dtype), None if unknown else v.shape) for v in values]
    each = function(*inputs, reduction=R.NONE, **arguments)
    mean = function(*inputs, **arguments)
    got, total = fg.Session().run([each, mean], dict(zip(inputs, values, strict=True)))
    np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(total, wanted.mean(), rtol=2e-5)
    assert S.get_losses() == [each, mean]


@pytest.mark.parametrize("weights", [2.0, 0.0, [[1.0], [0.0], [2.0], [0.5]], rng.rand(4, 3).round(),
                                     np.zeros((4, 3))], ids=["2", "0", "rows", "each", "none"])
@pytest.mark.parametrize("unknown", [False, True])
def test_weights_and_reductions(weights, unknown) -> None:
    weight = np.asarray(weights, np.float32)
    fed = fg.placeholder(fg.float32, None if unknown else weight.shape)
    losses = fg.placeholder(fg.float32, [None, 3] if unknown else [4, 3])
    full = np.broadcast_to(weight, A.shape)
    total = (A * full).sum()
    wanted = {R.SUM: total, R.SUM_OVER_BATCH_SIZE: total / 12,
              R.MEAN: total / full.sum() if full.any() else 0.0,
              R.SUM_BY_NONZERO_WEIGHTS: total / (full != 0).sum() if full.any() else 0.0}
    made = {key: S.compute_weighted_loss(losses, fed, reduction=key) for key in wanted}
    got = fg.Session().run(made, {fed: weight, losses: A})
    for key in wanted:
        np.testing.assert_allclose(got[key], wanted[key], rtol=1e-5, err_msg=key)


def test_pairs_are_compared_within_each_example() -> None:
    weights = np.array([[1.0], [0.0], [2.0], [1.0]])
    loss = S.mean_pairwise_squared_error(A, B, weights)
    d = B - A
    pairs = [sum((row[i] - row[j]) ** 2 for i in range(3) for j in range(i)) / 3 for row in d]
    pairs[1] = 0.0
    np.testing.assert_allclose(fg.Session().run(loss), np.dot(pairs, weights[:, 0]), rtol=1e-5)


def test_labels_lose_a_last_axis_of_one() -> None:
    labels = fg.placeholder(fg.int64, None)
    weights = fg.placeholder(fg.float32, None)
    loss = S.sparse_softmax_cross_entropy(labels, B, weights)
    alone = S.sparse_softmax_cross_entropy([0, 2, 1, 1], B, [1.0, 2.0, 0.0, 1.0])
    with fg.Session() as session:
        got = [session.run(loss, {labels: np.reshape([0, 2, 1, 1], shape),
                                  weights: np.reshape([1.0, 2.0, 0.0, 1.0], shape)})
               for shape in ([4], [4, 1])]
        np.testing.assert_allclose(got, [session.run(alone)] * 2, rtol=1e-6)


def test_the_result_has_the_dtype_of_the_losses() -> None:
    assert S.compute_weighted_loss(fg.ones([2], fg.int32)).dtype == fg.int32
    assert S.compute_weighted_loss(fg.ones([2], fg.float64)).dtype == fg.float64
    assert S.mean_squared_error(fg.ones([2], fg.float64), [1, 2]).dtype == fg.float32


@pytest.mark.parametrize("name", ["mean_squared_error", "log_loss", "sigmoid_cross_entropy",
                                  "softmax_cross_entropy", "cosine_distance"])
def test_losses_have_gradients(name) -> None:
    function, (labels, predictions), arguments, _ = ELEMENTWISE[name]
    predictions = predictions * 0.8 + 0.1  # away from where a logarithm is steep
    x = fg.placeholder(fg.float32, predictions.shape)
    dx, = fg.gradients(function(labels, x, **arguments), [x])
    step = rng.randn(*predictions.shape) * 1e-2
    loss = function(labels, x, **arguments)
    with fg.Session() as session:
        slope = (session.run(dx, {x: predictions}) * step).sum()
        rise = (session.run(loss, {x: predictions + step})
                - session.run(loss, {x: predictions - step})) / 2
    np.testing.assert_allclose(rise, slope, rtol=2e-2, atol=1e-5)


def test_nodes_have_tensorflows_names(graph: fg.Graph) -> None:
    loss = S.mean_squared_error([1.0], [2.0])
    assert loss.name == "mean_squared_error/value:0"
    for name in ("SquaredDifference", "assert_broadcastable/static_scalar_check_success", "Mul",
                 "num_present", "Sum_1"):
        graph.get_operation_by_name(f"mean_squared_error/{name}")
    assert S.absolute_difference([1.0], [2.0], scope="a").name == "a/value:0"
    assert S.softmax_cross_entropy([[1.0]], [[2.0]]).name == "softmax_cross_entropy_loss/value:0"


@pytest.mark.parametrize(("build", "words"), [
    (lambda: S.mean_squared_error(fg.ones([2]), fg.ones([3])), "incompatible"),
    (lambda: S.mean_squared_error(fg.ones([2]), fg.ones([2, 1])),
     r"(?s)Shapes \(2, 1\) and \(2,\) are incompatible.*tf.squeeze\(predictions, -1\)"),
    (lambda: S.sigmoid_cross_entropy(fg.ones([2, 1]), fg.ones([2])),
     r"(?s)Shapes \(2,\) and \(2, 1\) are incompatible.*tf.squeeze\(labels, -1\)"),
    (lambda: S.mean_squared_error(None, fg.ones([3])), "labels must not be None"),
    (lambda: S.hinge_loss(fg.ones([3]), None), "logits must not be None"),
    (lambda: S.mean_squared_error([1.0], [1.0], reduction="mean"), "Invalid Reduction Key mean"),
    (lambda: S.mean_squared_error([1.0, 1.0], [1.0, 1.0], [1.0, 1.0, 1.0]), "Mismatch at dim 0"),
    (lambda: S.mean_squared_error([[1.0]], [[1.0]], [1.0]), "rank is 1, that of the values 2"),
    (lambda: S.cosine_distance([1.0], [1.0]), "must specify 'axis'"),
    (lambda: S.cosine_distance([1.0], [1.0], axis=0, dim=0), "Cannot specify both"),
    (lambda: S.get_total_loss(), "at least one"),
], ids=["shape", "column", "column of labels", "labels", "logits", "reduction", "size", "rank",
        "axis", "dim", "total"])
def test_mistakes_are_told_when_the_loss_is_built(build, words) -> None:
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize("shape", [[3], [4, 2], [4, 3, 1]], ids=str)
def test_weights_that_do_not_fit_are_told_in_the_run(shape) -> None:
    weights = fg.placeholder(fg.float32)
    loss = S.compute_weighted_loss(A, weights)
    with pytest.raises(fg.errors.InvalidArgumentError, match="broadcast"):
        fg.Session().run(loss, {weights: np.ones(shape)})
