"""The projector's file, optimizers from outside, images, distributions, tables; what is absent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import contrib
from flowgraph.contrib import distributions, image, metrics, opt
from flowgraph.contrib.tensorboard.plugins import projector


def test_the_projector_is_told_in_a_file(tmp_path: Any) -> None:
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name, embedding.metadata_path = "table:0", "labels.tsv"
    embedding.sprite.image_path = "faces.png"
    embedding.sprite.single_image_dim.extend([28, 28])
    with tf.Graph().as_default(), tf.summary.FileWriter(str(tmp_path)) as writer:
        projector.visualize_embeddings(writer, config)
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        'embeddings {\n  tensor_name: "table:0"\n  metadata_path: "labels.tsv"\n  sprite {\n'
        '    image_path: "faces.png"\n    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n')


def test_scipy_minimizes_within_bounds() -> None:
    pytest.importorskip("scipy")
    with tf.Graph().as_default(), tf.Session() as session:
        a, b = tf.get_variable("a", [2]), tf.get_variable("b", [])
        loss = tf.reduce_sum(tf.square(a - [1.0, 5.0])) + tf.square(b + 2.0)
        seen: list[Any] = []
        session.run(tf.global_variables_initializer())
        opt.ScipyOptimizerInterface(loss, var_to_bounds={a: (0.0, 3.0)}).minimize(
            session, fetches=[loss], loss_callback=seen.append)
        assert session.run(a) == pytest.approx([1.0, 3.0], abs=1e-3)
        assert session.run(b) == pytest.approx(-2.0, abs=1e-3)
        assert seen[0] > seen[-1]


def test_scipy_keeps_to_equalities() -> None:
    pytest.importorskip("scipy")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.get_variable("x", initializer=[3.0, 4.0])
        session.run(x.initializer)
        opt.ScipyOptimizerInterface(tf.reduce_sum(x * x), equalities=[x[0] + x[1] - 2.0],
                                    method="SLSQP").minimize(session)
        assert session.run(x) == pytest.approx([1.0, 1.0], abs=1e-3)


def test_a_swapping_saver_saves_the_averages(tmp_path: Any) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.get_variable("w", initializer=4.0)
        optimizer = opt.MovingAverageOptimizer(tf.train.GradientDescentOptimizer(0.25), 0.5)
        step = optimizer.minimize(w * w)
        saver = optimizer.swapping_saver()
        session.run(tf.global_variables_initializer())
        session.run(step)
        path = saver.save(session, str(tmp_path / "model"))
    assert tf.train.load_variable(path, "w") == 3.0
    assert tf.train.load_variable(path, "w/ExponentialMovingAverage") == 2.0


def test_rotated_and_shifted_images_are_numpys() -> None:
    picture = np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1)
    square = picture[:, :, :3]
    with tf.Graph().as_default(), tf.Session() as session:
        turned, shifted = session.run([image.rotate(tf.constant(square), np.pi / 2),
                                       image.translate(tf.constant(picture), [1.0, 2.0])])
    assert turned[0, :, :, 0] == pytest.approx(np.rot90(square[0, :, :, 0]))
    expected = np.zeros((3, 4), "float32")
    expected[2:, 1:] = picture[0, :1, :3, 0]
    assert shifted[0, :, :, 0] == pytest.approx(expected)


def test_normal_vectors_have_the_densities_of_their_elements() -> None:
    loc, scale = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([1.0, 0.5])
    x = np.array([[0.3, 1.2], [2.5, 2.0]])
    with tf.Graph().as_default(), tf.Session() as session:
        normal = distributions.MultivariateNormalDiag(loc, scale)
        single = distributions.Normal(tf.constant(loc), tf.constant(scale))
        other = distributions.MultivariateNormalDiag(loc + 1.0, 2 * scale)
        found = session.run([normal.log_prob(x), normal.entropy(), normal.kl_divergence(other)])
        expected = session.run([single.log_prob(x), single.entropy(), single.kl_divergence(
            distributions.Normal(tf.constant(loc + 1.0), tf.constant(2 * scale)))])
        drawn = session.run(normal.sample(4000, seed=3))
    for one, parts in zip(found, expected, strict=True):
        assert one == pytest.approx(parts.sum(-1))
    assert drawn.mean(0) == pytest.approx(loc, abs=0.1)
    assert drawn.std(0) == pytest.approx(np.broadcast_to(scale, loc.shape), abs=0.1)


def test_mixtures_weigh_their_components() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        mixture = distributions.Mixture(
            distributions.Categorical(probs=[[0.25, 0.75], [1.0, 0.0]]),
            [distributions.Normal([0.0, 5.0], [1.0, 1.0]),
             distributions.Normal([4.0, 9.0], [2.0, 1.0])])
        mean, variance, drawn = session.run(
            [mixture.mean(), mixture.variance(), mixture.sample(4000, seed=1)])
    assert mean == pytest.approx([3.0, 5.0]) and variance == pytest.approx([6.25, 1.0])
    assert drawn.mean(0) == pytest.approx(mean, abs=0.15)


def test_metrics_take_predictions_first() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        values, updates = metrics.aggregate_metric_map({
            "precision": metrics.streaming_precision([True, True, False], [True, False, True]),
            "recall": metrics.streaming_recall([True, True, False], [True, False, False]),
            "relative": metrics.streaming_mean_relative_error([1.0], [3.0], [4.0])})
        session.run(tf.local_variables_initializer())
        session.run(updates)
        assert session.run(values) == {"precision": 0.5, "recall": 1.0, "relative": 0.5}


@pytest.mark.parametrize(("name", "words"), [
    ("eager", "Session.run"), ("tpu", "TPUs"), ("graph_editor", "import_graph_def"),
    ("quantize", "fake_quant"), ("summary", "FileWriter"), ("nonsense", "not among the parts")])
def test_absent_parts_say_why(name: str, words: str) -> None:
    with pytest.raises(AttributeError, match=words):
        getattr(contrib, name)


def test_a_constant_value_is_whole_or_none() -> None:
    with tf.Graph().as_default():
        sizes = tf.shape(tf.placeholder(tf.float32, [None, 3]))
        for constant_value in (contrib.util.constant_value, contrib.slim.utils.constant_value):
            assert constant_value(sizes) is None
            assert constant_value(tf.constant([1.0] * 5000)).shape == (5000,)


@pytest.mark.parametrize("smart_cond", [
    contrib.framework.smart_cond, contrib.slim.utils.smart_cond])
def test_smart_cond_names_the_cond_it_builds(smart_cond: Any) -> None:
    with tf.Graph().as_default():
        known = smart_cond(tf.constant(False), lambda: 1, lambda: 2)
        built = smart_cond(tf.placeholder(tf.bool, []), fn1=lambda: tf.constant(1),
                           fn2=lambda: tf.constant(2), name="choice")
    assert known == 2 and built.op.name.startswith("choice/")
    with pytest.raises(TypeError, match="`false_fn` must be callable"):
        smart_cond(True, lambda: 1)
