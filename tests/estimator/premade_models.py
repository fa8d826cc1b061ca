"""Premade models on a small table, under flowgraph or TensorFlow: what they compute, as JSON.

`python premade_models.py FILE` writes what TensorFlow computes; it needs a TensorFlow with
tf.compat.v1.estimator, as 2.15. That is premade_models.json, with which the tests compare.
"""

from __future__ import annotations

import json
import sys
import tempfile

import numpy as np

ROWS = 40


def table():
    random = np.random.RandomState(0)
    features = {
        "age": random.uniform(10, 80, ROWS),
        "job": np.array([f"job{i}" for i in random.randint(0, 8, ROWS)]),
        "sex": np.array(["mfx"[i] for i in random.randint(0, 3, ROWS)]),
        "weight": random.uniform(0, 2, ROWS)}
    older = features["age"] + random.randn(ROWS) * 9 > 40
    labels = {"two": older.astype(np.int64), "three": random.randint(0, 3, ROWS),
              "text": np.array(["no", "yes"])[older.astype(int)],
              "number": (features["age"] / 30).astype(np.float32)}
    return features, labels


def models(tf):
    """From names to functions that make the models, and their labels."""
    fc, premade = tf.feature_column, tf.estimator
    age = fc.numeric_column("age", normalizer_fn=lambda x: x / 30.0)
    bucket = fc.bucketized_column(fc.numeric_column("age"), [18, 30, 60])
    job = fc.categorical_column_with_hash_bucket("job", 10)
    sex = fc.categorical_column_with_vocabulary_list("sex", ["m", "f"])
    wide = [bucket, job, sex, fc.crossed_column(["job", bucket], 20)]
    deep = [age, fc.indicator_column(sex), fc.embedding_column(job, 4)]
    return {
        "linear": (lambda **more: premade.LinearClassifier(wide, **more), "two"),
        "linear_of_three": (lambda **more: premade.LinearClassifier(
            [*wide, age], n_classes=3, optimizer="Adam", weight_column="weight", **more), "three"),
        "linear_numbers": (lambda **more: premade.LinearRegressor(
            [age, sex], loss_reduction="weighted_sum_over_batch_size", **more), "number"),
        "dnn": (lambda **more: premade.DNNClassifier(
            [5, 3], deep, label_vocabulary=["no", "yes"], optimizer="SGD",
            activation_fn=tf.nn.tanh, **more), "text"),
        "dnn_numbers": (lambda **more: premade.DNNRegressor(
            [4], deep, weight_column="weight", batch_norm=True, **more), "number"),
        "wide_and_deep": (lambda **more: premade.DNNLinearCombinedClassifier(
            linear_feature_columns=wide, dnn_feature_columns=deep, dnn_hidden_units=[5],
            n_classes=3, **more), "three"),
        "baseline": (lambda **more: premade.BaselineClassifier(n_classes=3, **more), "three"),
    }


def results(tf, name):
    """Losses of ten steps, names of variables, metrics and predictions of a model."""
    class Follow(tf.train.SessionRunHook):
        """Sets the variables to numbers that do not depend on random ones; keeps the losses."""

        losses: list[float] = []

        def begin(self):
            self.loss = tf.get_collection(tf.GraphKeys.LOSSES)[-1]
            self.values = [(variable, tf.placeholder(tf.float32), variable.shape.as_list())
                           for variable in tf.trainable_variables()]
            self.assignments = [tf.assign(variable, value)
                                for variable, value, _ in self.values]

        def after_create_session(self, session, coord):
            for assignment, (_, value, shape) in zip(self.assignments, self.values):
                session.run(assignment, {
                    value: np.cos(np.arange(np.prod(shape))).reshape(shape) * 0.3})

        def before_run(self, run_context):
            return tf.train.SessionRunArgs(self.loss)

        def after_run(self, run_context, run_values):
            self.losses.append(float(run_values.results))

    features, labels = table()
    make, label = models(tf)[name]
    model = make(model_dir=tempfile.mkdtemp())

    def data(num_epochs=None):
        return tf.estimator.inputs.numpy_input_fn(features, labels[label], 7, num_epochs,
                                                  shuffle=False)

    model.train(data(), steps=10, hooks=[Follow()])
    row = next(model.predict(data(1)))
    return {"losses": Follow.losses,
            "variables": {key: list(model.get_variable_value(key).shape)
                          for key in model.get_variable_names()},
            "metrics": {key: float(value) for key, value in model.evaluate(data(1)).items()},
            "predictions": {key: np.asarray(value).astype(
                str if value.dtype == object else float).tolist() for key, value in row.items()}}


if __name__ == "__main__":
    import tensorflow.compat.v1 as tensorflow

    tensorflow.disable_v2_behavior()
    with open(sys.argv[1], "w") as file:
        json.dump({name: results(tensorflow, name) for name in models(tensorflow)}, file, indent=1,
                  sort_keys=True)
        file.write("\n")
