"""tf.contrib.learn: estimators with fit, experiments, texts as numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.contrib import learn

X = np.random.RandomState(0).randn(60, 3).astype(np.float32)
CLASS = np.argmax(X, 1)
NUMBER = X @ np.array([1.0, 2.0, -1.0], np.float32)
COLUMNS = learn.infer_real_valued_columns_from_input(X)
SEED = learn.RunConfig(tf_random_seed=1)

CLASSIFIERS = [
    (lambda: learn.DNNClassifier([10], COLUMNS, n_classes=3, config=SEED),
     {"dnn/hiddenlayer_0/weights": (3, 10), "dnn/logits/biases": (3,)}),
    (lambda: learn.LinearClassifier(COLUMNS, n_classes=3),
     {"linear/column/weight": (3, 3), "linear/bias_weight": (3,)}),
    (lambda: learn.DNNLinearCombinedClassifier(
        linear_feature_columns=COLUMNS, dnn_feature_columns=COLUMNS, dnn_hidden_units=[8],
        n_classes=3, config=SEED, gradient_clip_norm=1.0),
     {"linear/bias_weight": (3,), "dnn/hiddenlayer_0/biases": (8,)}),
]


@pytest.mark.parametrize("number", range(len(CLASSIFIERS)))
def test_a_classifier_learns_from_arrays(number):
    make, variables = CLASSIFIERS[number]
    model = make()
    assert model.fit(X, CLASS, steps=150, batch_size=60) is model
    results = model.evaluate(X, CLASS)
    assert results["accuracy"] > 0.85 and set(results) == {"accuracy", "loss", "global_step"}
    classes = np.array(list(model.predict(X)))
    assert np.mean(classes == CLASS) == pytest.approx(results["accuracy"], abs=1e-6)
    probabilities = model.predict_proba(X, as_iterable=False)
    np.testing.assert_array_equal(np.argmax(probabilities, 1), classes)
    for name, shape in variables.items():
        assert model.get_variable_value(name).shape == shape


REGRESSORS = [
    lambda: learn.LinearRegressor(COLUMNS, optimizer=fg.train.FtrlOptimizer(0.5)),
    lambda: learn.DNNRegressor([20], COLUMNS, config=SEED, optimizer=lambda:
                               fg.train.AdamOptimizer(0.05)),
]


@pytest.mark.parametrize("number", range(len(REGRESSORS)))
def test_a_regressor_learns_from_arrays(number):
    model = REGRESSORS[number]().fit(X, NUMBER, steps=200, batch_size=60)
    scores = np.array(list(model.predict(X)))
    assert scores.shape == (60,)
    assert np.mean((scores - NUMBER) ** 2) < 0.1
    assert model.evaluate(X, NUMBER)["loss"] == pytest.approx(np.mean((scores - NUMBER) ** 2),
                                                              rel=1e-3)


def test_a_model_function_may_return_a_tuple_and_metrics_are_chosen_later():
    def model_fn(features, labels, mode, params):
        w = fg.get_variable("w", [3, 1], initializer=fg.zeros_initializer())
        y = fg.matmul(features, w)[:, 0]
        if mode == learn.ModeKeys.INFER:
            return {"y": y}, None, None
        loss = fg.losses.mean_squared_error(labels, y)
        train = fg.train.GradientDescentOptimizer(params["rate"]).minimize(
            loss, fg.train.get_global_step())
        return {"y": y}, loss, train

    model = learn.Estimator(model_fn, params={"rate": 0.1}).fit(X, NUMBER, steps=100)
    results = model.evaluate(X, NUMBER, metrics={
        "error": learn.MetricSpec(fg.metrics.mean_absolute_error, prediction_key="y")})
    assert results["error"] < 0.05
    assert next(model.predict(X, batch_size=7))["y"] == pytest.approx(NUMBER[0], abs=0.05)


def test_a_monitor_ends_the_training_when_it_gets_no_better(tmp_path):
    monitor = learn.monitors.ValidationMonitor(X, NUMBER, every_n_steps=1, early_stopping_rounds=3)
    config = learn.RunConfig(save_checkpoints_steps=1)
    model = learn.LinearRegressor(COLUMNS, str(tmp_path), config=config, optimizer=lambda:
                                  fg.train.GradientDescentOptimizer(0.0))
    model.fit(X, NUMBER, steps=50, monitors=[monitor])
    assert monitor.early_stopped and model.get_variable_value("global_step") < 10


def test_columns_of_contrib_layers_make_the_same_model():
    layers = fg.contrib.layers
    words = layers.sparse_column_with_hash_bucket("word", 20)
    age = layers.real_valued_column("age")
    columns = [words, layers.bucketized_column(age, [0.0]),
               layers.crossed_column([words, layers.bucketized_column(age, [0.0])], 30)]
    features = {"word": np.array(["a", "b"] * 30), "age": X[:, 0]}
    labels = (X[:, 0] > 0).astype(int)
    model = learn.LinearClassifier(columns).fit(features, labels, steps=20)
    results = model.evaluate(features, labels)
    assert results["accuracy"] == 1
    assert {"auc", "labels/actual_label_mean", "accuracy/baseline_label_mean"} <= set(results)


def test_an_experiment_is_run(tmp_path):
    def experiment(folder):
        model = learn.LinearRegressor(COLUMNS, folder)
        data = fg.estimator.inputs.numpy_input_fn({"": X}, NUMBER, shuffle=False)
        return learn.Experiment(model, data, data, train_steps=1, eval_steps=None)

    metrics, exports = learn.learn_runner.run(experiment, str(tmp_path))
    assert metrics["global_step"] == 1 and exports == []
    with pytest.raises(ValueError, match="Allowed schedules"):
        learn.learn_runner.run(experiment, str(tmp_path), schedule="nothing")


def test_a_base_estimator_takes_the_arguments_of_tensorflow_and_has_no_model(tmp_path):
    model = learn.BaseEstimator(str(tmp_path), learn.RunConfig())
    assert model.model_dir == str(tmp_path)
    with pytest.raises(NotImplementedError, match="BaseEstimator has no model"):
        model.fit(X, NUMBER, steps=1)


@pytest.mark.parametrize(("combiner", "expected"), [("sum", 0.6), ("mean", 0.3), ("sqrtn", 0.4)])
@pytest.mark.parametrize("kind", ["plain", "crossed", "weighted"])
def test_several_categories_of_an_example_are_combined(kind, combiner, expected):
    """One step of the rate 0.1 from 0 to 1, so that dw = 0.2 f and y = 0.2 + sum(0.2 f f)."""
    layers = fg.contrib.layers
    column = layers.sparse_column_with_integerized_feature("a", 4, combiner)
    features = {"a": np.array([[0, 2]]), "b": np.array([["x"]]), "w": np.ones([1, 2], np.float32)}
    if kind == "crossed":
        column = layers.crossed_column(
            [layers.sparse_column_with_integerized_feature("a", 4),
             layers.sparse_column_with_hash_bucket("b", 5)], 1000, combiner)
    if kind == "weighted":
        column = layers.weighted_sparse_column(column, "w")
    model = learn.LinearRegressor([column], optimizer=fg.train.GradientDescentOptimizer(0.1))
    model.fit(features, np.ones([1], np.float32), steps=1, batch_size=1)
    assert model.predict(features, as_iterable=False)[0] == pytest.approx(expected, rel=1e-5)


def test_a_model_is_exported_with_arguments_in_the_order_of_tensorflow(tmp_path):
    model = learn.LinearRegressor(COLUMNS).fit(X, NUMBER, steps=1)
    (tmp_path / "words").write_text("a")

    def inputs():
        x = fg.placeholder(fg.float32, [None, X.shape[1]], name="x")
        return {"": x}, None, {"x": x}
    folder = model.export_savedmodel(str(tmp_path / "out"), inputs, None,
                                     {"words": str(tmp_path / "words")}).decode()
    assert (Path(folder) / "assets.extra" / "words").read_text() == "a"
    found = fg.contrib.predictor.from_saved_model(folder, "predict")({"x": X[:2]})["scores"]
    np.testing.assert_allclose(found, model.predict(X[:2], as_iterable=False), rtol=1e-5)


def test_tensors_are_printed_every_n_steps(caplog):
    def model_fn(features, labels):
        w = fg.get_variable("w", [], initializer=fg.zeros_initializer())
        loss = fg.identity((w - 1.0) ** 2 + 0.0 * fg.reduce_sum(features), name="mine")
        return w, loss, fg.train.GradientDescentOptimizer(0.1).minimize(
            loss, fg.train.get_global_step())
    monitor = learn.monitors.PrintTensor(["mine:0"], every_n=4)
    with caplog.at_level("INFO", "tensorflow"):
        learn.Estimator(model_fn).fit(X, NUMBER, steps=9, monitors=[monitor])
    assert caplog.text.count("mine:0 = ") == 3


def test_an_experiment_tells_its_steps_and_takes_more_hooks():
    experiment = learn.Experiment(learn.LinearRegressor(COLUMNS), print, print, {"m": None}, 7, 8)
    assert (experiment.eval_metrics, experiment.train_steps, experiment.eval_steps) == (
        {"m": None}, 7, 8)
    experiment.extend_train_hooks([fg.train.StopAtStepHook(1)])
    with pytest.raises(ValueError, match="first_n=3 is not offered"):
        learn.monitors.PrintTensor(["a:0"], first_n=3)


MISTAKES = [
    (lambda: fg.contrib.layers.sparse_column_with_keys("a", ["b"], combiner="men"), "'sqrtn'"),
    (lambda: learn.preprocessing.CategoricalVocabulary(support_reverse=False).reverse(0),
     r"test_learn\.py:\d+.*support_reverse"),
    (lambda: learn.LinearRegressor(COLUMNS).fit(X, NUMBER), "number of steps"),
    (lambda: learn.LinearRegressor(COLUMNS).fit(X, NUMBER, input_fn=print, steps=1), "not both"),
    (lambda: learn.LinearRegressor(COLUMNS).evaluate(X, NUMBER, feed_fn=print), "feed_fn"),
    (lambda: learn.LinearRegressor([]), "must be defined"),
    (lambda: learn.ModelFnOps("test"), "Invalid mode"),
    (lambda: learn.Estimator(lambda features, labels: 3).fit(X, NUMBER, steps=1), "ModelFnOps"),
    (lambda: learn.datasets.load_dataset("nothing"), "not found"),
    (lambda: fg.contrib.layers.crossed_column([], 3), "length > 1"),
]


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_mistakes_are_told(number):
    make, words = MISTAKES[number]
    with pytest.raises(ValueError, match=words):
        make()


def test_a_file_that_would_be_downloaded_must_be_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="downloads nothing"):
        learn.datasets.base.maybe_download("a.zip", str(tmp_path), "https://example.org/a.zip")


# ---- texts ---------------------------------------------------------------------------------------

TEXTS = ["To be, or not to be", "that is the question: to be"]


def test_words_are_numbered_as_they_come_and_kept_in_a_file(tmp_path):
    processor = learn.preprocessing.VocabularyProcessor(5)
    rows = np.array(list(processor.fit_transform(TEXTS)))
    np.testing.assert_array_equal(rows, [[1, 2, 3, 4, 5], [6, 7, 8, 9, 5]])
    processor.save(str(tmp_path / "words"))
    again = learn.preprocessing.VocabularyProcessor.restore(str(tmp_path / "words"))
    np.testing.assert_array_equal(list(again.transform(["be new to"])), [[2, 0, 5, 0, 0]])
    assert len(again.vocabulary_) == 10


def test_rare_words_are_unknown_and_frequent_ones_come_first():
    processor = learn.preprocessing.VocabularyProcessor(6, min_frequency=1)
    rows = np.array(list(processor.fit_transform([text.lower() for text in TEXTS])))
    np.testing.assert_array_equal(rows, [[2, 1, 0, 0, 2, 1], [0, 0, 0, 0, 2, 1]])


def test_another_tokenizer_is_used():
    processor = learn.preprocessing.VocabularyProcessor(3, tokenizer_fn=lambda texts: (
        list(text) for text in texts))
    np.testing.assert_array_equal(list(processor.fit_transform(["aba"])), [[1, 2, 1]])


def test_bytes_and_categories_become_numbers():
    rows = list(learn.preprocessing.ByteProcessor(3).transform(["é!", b"abcd"]))
    np.testing.assert_array_equal(rows, [[195, 169, 33], [97, 98, 99]])
    categories = learn.preprocessing.CategoricalProcessor(min_frequency=1)
    rows = list(categories.fit_transform([["a"], ["b"], ["a"], [float("nan")]]))
    assert [row.tolist() for row in rows] == [[1], [0], [1], [0]]


@pytest.mark.parametrize(("labels", "of"), [
    (CLASS.astype(np.int32), lambda labels: labels),
    ({"class": CLASS, "number": NUMBER.astype(np.float64)}, lambda labels: labels["class"]),
])
def test_prediction_has_labels_as_fit_had_them(labels, of):
    seen = {}

    def model_fn(features, target, mode):
        seen[mode] = target
        target = fg.one_hot(of(target), 3, 1, 0)
        logits = fg.layers.dense(features, 3)
        loss = fg.losses.softmax_cross_entropy(target, logits)
        train = fg.train.AdamOptimizer(0.1).minimize(loss, fg.train.get_global_step())
        return {"class": fg.argmax(logits, 1)}, loss, train
    data = fg.estimator.inputs.numpy_input_fn(X, labels, 20, num_epochs=None, shuffle=False)
    model = learn.Estimator(model_fn, config=SEED).fit(input_fn=data, steps=100)
    classes = model.predict(X, as_iterable=False)["class"]
    assert np.mean(classes == CLASS) > 0.85
    target = seen["infer"]
    assert of(target).op.type == "Placeholder" and of(target).shape.as_list() == [None]
    assert fg.nest.map_structure(lambda label: label.dtype, target) == fg.nest.map_structure(
        lambda label: label.dtype, seen["train"])


def test_prediction_has_a_sparse_label_and_none_without_fit(tmp_path):
    seen = []

    def model_fn(features, labels, mode):
        seen.append(labels)
        w = fg.get_variable("w", [])
        return w * features, w * w, fg.assign_add(fg.train.get_global_step(), 1)

    def data():
        return fg.ones([2]), fg.SparseTensor([[0, 1]], fg.constant([3], fg.int64), [2, 2])
    fitted = learn.Estimator(model_fn, str(tmp_path)).fit(input_fn=data, steps=1)
    next(iter(fitted.predict([1.0, 2.0])))
    next(iter(learn.Estimator(model_fn, str(tmp_path)).predict([1.0, 2.0])))
    assert isinstance(seen[1], fg.SparseTensor) and seen[1].values.dtype == fg.int64
    assert seen[1].values.op.type == "Placeholder"
    assert seen[2] is None
