"""tf.metrics: sums over many runs, compared with NumPy over all batches together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as fg

M = fg.metrics
rng = np.random.RandomState(3)
TRUE = rng.randint(0, 2, [2, 12]).astype(bool)
PROBABILITY = rng.rand(2, 12).astype(np.float32)
GUESS = PROBABILITY > 0.5
CLASS, GUESSED = rng.randint(0, 3, [2, 10]), rng.randint(0, 3, [2, 10])
X, Y = rng.rand(2, 5, 3).astype(np.float32), rng.rand(2, 5, 3).astype(np.float32)
WEIGHT = rng.rand(2, 5, 1).astype(np.float32).round(1)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with fg.Graph().as_default() as graph:
        yield graph


def over_batches(build: Any, *batches: Any, static: Any = "known") -> tuple[Any, Any]:
    """(the last update, the value after it) when each batch was added."""
    inputs = [fg.placeholder(fg.as_dtype(b.dtype), b.shape[1:] if static == "known" else static)
              for b in batches]
    value, update = build(*inputs)
    with fg.Session() as session:
        session.run(fg.local_variables_initializer())
        for i in range(len(batches[0])):
            last = session.run(update, {x: b[i] for x, b in zip(inputs, batches, strict=True)})
        return last, session.run(value)


def counts(threshold: float) -> tuple[int, int, int, int]:
    guess = threshold < PROBABILITY
    return tuple(int(part.sum()) for part in
                 (TRUE & guess, ~TRUE & guess, ~TRUE & ~guess, TRUE & ~guess))


# ---- means ---------------------------------------------------------------------------------------

FULL = np.broadcast_to(WEIGHT, X.shape)
MEANS = {
    "mean": (lambda x, y, w: M.mean(x), X.mean()),
    "weighted": (lambda x, y, w: M.mean(x, w), (X * FULL).sum() / FULL.sum()),
    "absolute": (lambda x, y, w: M.mean_absolute_error(x, y), abs(X - Y).mean()),
    "squared": (lambda x, y, w: M.mean_squared_error(x, y, w),
                ((X - Y) ** 2 * FULL).sum() / FULL.sum()),
    "root": (lambda x, y, w: M.root_mean_squared_error(x, y), np.sqrt(((X - Y) ** 2).mean())),
    "relative": (lambda x, y, w: M.mean_relative_error(x, y, y), (abs(X - Y) / Y).mean()),
    "cosine": (lambda x, y, w: M.mean_cosine_distance(x, y, 1), 1 - (X * Y).sum(2).mean()),
    "below": (lambda x, y, w: M.percentage_below(x, 0.4), (X < 0.4).mean()),
    "accuracy": (lambda x, y, w: M.accuracy(fg.round(x), fg.round(y)),
                 (X.round() == Y.round()).mean()),
}


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("static", ["known", None], ids=["known", "unknown"])
def test_a_mean_is_over_all_batches(name, static) -> None:
    build, wanted = MEANS[name]
    update, value = over_batches(build, X, Y, WEIGHT, static=static)
    np.testing.assert_allclose([update, value], [wanted] * 2, rtol=1e-5)


def test_mean_tensor_keeps_the_elements_apart() -> None:
    update, value = over_batches(lambda x, w: M.mean_tensor(x, w), X, WEIGHT)
    wanted = (X * FULL).sum(0) / FULL.sum(0)
    np.testing.assert_allclose(update, wanted, rtol=1e-5)
    np.testing.assert_allclose(value, wanted, rtol=1e-5)


@pytest.mark.parametrize("shape", [[5], [5, 1], [5, 3], [5, 3, 1], []], ids=str)
@pytest.mark.parametrize("static", ["known", None], ids=["known", "unknown"])
def test_weights_gain_or_lose_a_last_axis(shape, static) -> None:
    weights = rng.rand(2, *shape).astype(np.float32)
    update, _ = over_batches(lambda x, w: M.mean(x, w), X, weights, static=static)
    aligned = weights.reshape([2, *{0: [1, 1], 1: [5, 1], 2: shape, 3: [5, 3]}[len(shape)]])
    full = np.broadcast_to(aligned, X.shape)
    np.testing.assert_allclose(update, (X * full).sum() / full.sum(), rtol=1e-5)


def test_a_metric_is_0_before_the_first_update() -> None:
    value, _ = M.mean(fg.ones([3]))
    with fg.Session() as session:
        session.run(fg.local_variables_initializer())
        assert session.run(value) == 0.0


# ---- classes -------------------------------------------------------------------------------------


def test_mean_iou_and_accuracy_of_the_classes() -> None:
    hits = [((c == CLASS) & (c == GUESSED)).sum() for c in range(3)]
    union = [((c == CLASS) | (c == GUESSED)).sum() for c in range(3)]
    update, value = over_batches(lambda a, b: M.mean_iou(a, b, 3), CLASS, GUESSED)
    np.testing.assert_allclose(value, np.mean(np.divide(hits, union)), rtol=1e-6)
    assert update.sum() == CLASS.size
    update, value = over_batches(lambda a, b: M.mean_per_class_accuracy(a, b, 3), CLASS, GUESSED)
    recall = np.divide(hits, [(c == CLASS).sum() for c in range(3)])
    np.testing.assert_allclose(update, recall, rtol=1e-6)
    np.testing.assert_allclose(value, recall.mean(), rtol=1e-6)


def test_classes_that_never_come_are_left_out_of_mean_iou() -> None:
    _, value = over_batches(lambda a, b: M.mean_iou(a, b, 5), CLASS * 0, CLASS * 0)
    assert value == 1.0


# ---- yes and no ----------------------------------------------------------------------------------


def test_counts_precision_and_recall() -> None:
    tp, fp, tn, fn = counts(0.5)
    for name, wanted in (("true_positives", tp), ("false_positives", fp), ("true_negatives", tn),
                         ("false_negatives", fn), ("precision", tp / (tp + fp)),
                         ("recall", tp / (tp + fn))):
        got = over_batches(getattr(M, name), TRUE, GUESS)
        np.testing.assert_allclose(got, [wanted] * 2, rtol=1e-6, err_msg=name)


def test_thresholds_are_counted_all_at_once() -> None:
    at = [0.2, 0.5, 0.8]
    tp, fp, tn, fn = np.transpose([counts(threshold) for threshold in at])
    for name, wanted in (("true_positives", tp), ("false_positives", fp), ("true_negatives", tn),
                         ("false_negatives", fn), ("precision", tp / (tp + fp)),
                         ("recall", tp / (tp + fn))):
        function = getattr(M, f"{name}_at_thresholds")
        got = over_batches(lambda a, b, f=function: f(a, b, at), TRUE, PROBABILITY)
        np.testing.assert_allclose(got, [wanted] * 2, rtol=1e-5, err_msg=name)


def test_weights_count_more_or_less() -> None:
    weight = rng.rand(2, 12).astype(np.float32)
    got, _ = over_batches(lambda a, b, w: M.true_positives(a, b, w), TRUE, GUESS, weight)
    np.testing.assert_allclose(got, weight[TRUE & GUESS].sum(), rtol=1e-5)
    got, _ = over_batches(lambda a, b, w: M.true_positives_at_thresholds(a, b, [0.5], w), TRUE,
                          PROBABILITY, weight)
    np.testing.assert_allclose(got, [weight[TRUE & GUESS].sum()], rtol=1e-5)


def exact_auc() -> float:
    """The part of the pairs (true, false) in which the true one has the higher probability."""
    good, bad = PROBABILITY[TRUE], PROBABILITY[~TRUE]
    return (good[:, None] > bad[None, :]).mean()


@pytest.mark.parametrize("method", ["trapezoidal", "minoring", "majoring"])
def test_auc_is_near_the_exact_area(method) -> None:
    got = over_batches(lambda a, b: M.auc(a, b, num_thresholds=2000, summation_method=method),
                       TRUE, PROBABILITY)
    np.testing.assert_allclose(got, [exact_auc()] * 2, atol=2e-3)


def test_areas_under_precision_and_recall(caplog: Any) -> None:
    got, _ = over_batches(
        lambda a, b: M.auc(a, b, curve="PR", summation_method="careful_interpolation"),
        np.array([[True, True, False, False]]), np.array([[0.9, 0.8, 0.3, 0.1]], np.float32))
    np.testing.assert_allclose(got, 1.0, atol=1e-3)
    assert not caplog.records
    with caplog.at_level("WARNING", logger="tensorflow"):
        M.auc([True], [0.5], curve="PR")
    assert "careful_interpolation" in caplog.text


def test_own_thresholds_may_be_in_any_order() -> None:
    got = [over_batches(lambda a, b, t=thresholds: M.auc(a, b, thresholds=t), TRUE, PROBABILITY)[0]
           for thresholds in ([0.7, 0.3, 0.5], [0.3, 0.5, 0.7])]
    assert got[0] == got[1]


def test_sensitivity_and_specificity_meet() -> None:
    rates = [(tp / (tp + fn), tn / (tn + fp)) for tp, fp, tn, fn in
             (counts(i / 999) for i in range(1000))]
    wanted = min(rates, key=lambda rate: abs(rate[1] - 0.6))[0]
    got, _ = over_batches(lambda a, b: M.sensitivity_at_specificity(a, b, 0.6, num_thresholds=1000),
                          TRUE, PROBABILITY)
    np.testing.assert_allclose(got, wanted, rtol=1e-4)
    nearest = min(abs(rate[0] - 0.6) for rate in rates)
    wanted = max(rate[1] for rate in rates if abs(rate[0] - 0.6) == nearest)
    got, _ = over_batches(lambda a, b: M.specificity_at_sensitivity(a, b, 0.6, num_thresholds=1000),
                          TRUE, PROBABILITY)
    np.testing.assert_allclose(got, wanted, rtol=1e-4)


# ---- the k best ----------------------------------------------------------------------------------

LABELS = rng.randint(0, 4, [2, 6, 2])
LOGITS = rng.rand(2, 6, 4).astype(np.float32)
BEST = np.argsort(-LOGITS, axis=-1)


def rows() -> list[tuple[set[int], list[int]]]:
    return [(set(labels.tolist()), best.tolist())
            for batch, order in zip(LABELS, BEST, strict=True)
            for labels, best in zip(batch, order, strict=True)]


@pytest.mark.parametrize("class_id", [None, 1])
def test_recall_and_precision_of_the_k_best(class_id) -> None:
    def only(classes: Any) -> set[int]:
        return {c for c in classes if class_id in (None, c)}
    hits = sum(len(only(labels) & only(best[:2])) for labels, best in rows())
    recall = hits / sum(len(only(labels)) for labels, _ in rows())
    precision = hits / sum(len(only(best[:2])) for _, best in rows())
    for function, wanted in ((M.recall_at_k, recall), (M.precision_at_k, precision),
                             (M.sparse_precision_at_k, precision)):
        got = over_batches(lambda a, b, f=function: f(a, b, 2, class_id), LABELS, LOGITS)
        np.testing.assert_allclose(got, [wanted] * 2, rtol=1e-10)


def average_precision(labels: set[int], best: list[int], count: int) -> float:
    found = [best[i] in labels for i in range(3)]
    return sum(sum(found[:i + 1]) / (i + 1) for i in range(3) if found[i]) / min(count, 3)


def test_average_precision_of_the_k_best() -> None:
    each = [average_precision(labels, best, 2) for labels, best in rows()]
    for function in M.average_precision_at_k, M.sparse_average_precision_at_k:
        got = over_batches(lambda a, b, f=function: f(a, b, 3), LABELS, LOGITS)
        np.testing.assert_allclose(got, [np.mean(each)] * 2, rtol=1e-10)
    weight = rng.rand(2, 6)
    got, _ = over_batches(lambda a, b, w: M.average_precision_at_k(a, b, 3, w), LABELS, LOGITS,
                          weight)
    np.testing.assert_allclose(got, np.average(each, weights=weight.ravel()), rtol=1e-10)


def test_labels_may_be_one_class_a_row_or_sparse() -> None:
    dense = over_batches(lambda a, b: M.recall_at_k(a, b, 2), LABELS[:, :, :1], LOGITS)
    assert over_batches(lambda a, b: M.recall_at_k(a, b, 2), LABELS[:, :, 0], LOGITS) == dense
    labels = fg.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([0, 1, 9], np.int64), [2, 2])
    logits = fg.constant([[0.9, 0.1, 0.5], [0.1, 0.2, 0.3]])
    with fg.Session() as session:
        for function, wanted in ((M.recall_at_k, 1 / 3), (M.precision_at_k, 1 / 4),
                                 (M.average_precision_at_k, 0.25)):
            _, update = function(labels, logits, 2)
            session.run(fg.local_variables_initializer())
            assert abs(session.run(update) - wanted) < 1e-10, function.__name__


# ---- names, collections, errors ------------------------------------------------------------------


def test_variables_and_results_have_tensorflows_names() -> None:
    value, update = M.accuracy([0], [1], metrics_collections="m", updates_collections=["u"])
    assert (value.name, update.name) == ("accuracy/value:0", "accuracy/update_op:0")
    assert fg.get_collection("m") == [value]
    assert fg.get_collection("u") == [update]
    M.mean_iou([0], [1], 2)
    M.precision([0], [1], name="p")
    M.recall_at_k([[0]], [[1.0]], 1)
    M.auc([0], [0.5])
    assert [v.name for v in fg.local_variables()] == [
        "accuracy/total:0", "accuracy/count:0", "mean_iou/total_confusion_matrix:0",
        "p/true_positives/count:0", "p/false_positives/count:0",
        "recall_at_1/true_positive_at_1:0", "recall_at_1/false_negative_at_1:0",
        "auc/true_positives:0", "auc/false_negatives:0", "auc/true_negatives:0",
        "auc/false_positives:0"]
    assert fg.local_variables() == fg.get_collection(fg.GraphKeys.METRIC_VARIABLES)
    assert fg.global_variables() == []


@pytest.mark.parametrize(("build", "words"), [
    (lambda: M.accuracy([0, 1], [0, 1, 2]), "incompatible"),
    (lambda: M.mean([1.0, 2.0], [1.0, 2.0, 3.0]), "can not be broadcast"),
    (lambda: M.auc([0], [0.5], curve="X"), "ROC or PR"),
    (lambda: M.auc([0], [0.5], summation_method="x"), "Invalid summation_method"),
    (lambda: M.sensitivity_at_specificity([0], [0.5], 2.0), r"range \[0, 1\]"),
    (lambda: M.specificity_at_sensitivity([0], [0.5], -1.0), r"range \[0, 1\]"),
    (lambda: M.average_precision_at_k([[0]], [[1.0]], 0), "Invalid k=0"),
    (lambda: M.recall_at_k(np.zeros([1, 1, 1], int), [[1.0]], 1), "Unexpected labels shape"),
    (lambda: M.true_positives([0], [1], np.ones([1, 1, 1])), "rank"),
    (lambda: M.mean_tensor(fg.placeholder(fg.float32, [None])), "shape"),
], ids=["shape", "weights", "curve", "method", "specificity", "sensitivity", "k", "labels", "rank",
        "unknown"])
def test_mistakes_are_told_when_the_metric_is_built(build, words) -> None:
    with pytest.raises(ValueError, match=words):
        build()


def test_predictions_must_be_probabilities() -> None:
    x = fg.placeholder(fg.float32, [2])
    _, update = M.auc([0, 1], x)
    with fg.Session() as session:
        session.run(fg.local_variables_initializer())
        with pytest.raises(fg.errors.InvalidArgumentError, match=r"must be in \[0, 1\]"):
            session.run(update, {x: [0.5, 2.0]})
