"""Every distribution, every method, against what TensorFlow answered: data/expected.json."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from tests.distributions.rows import ROWS, questions

EXPECTED = json.loads((Path(__file__).parent / "data" / "expected.json").read_text())
ASKED = {f"{row.name}: {question}": build for row in ROWS
         for question, build in questions(fg, row).items()}


def session_run(tensors):
    with fg.Session() as session:
        return session.run(tensors)


@pytest.mark.parametrize("question", EXPECTED)
def test_a_distribution_answers_as_tensorflow_does(question: str) -> None:
    with fg.Graph().as_default():
        tensors = ASKED[question]()
        values = session_run(tensors)
    assert len(tensors) == len(EXPECTED[question])
    for tensor, value, (name, dtype, shape, expected) in zip(tensors, values, EXPECTED[question],
                                                             strict=True):
        assert (tensor.dtype.name, tensor.shape.as_list()) == (dtype, shape)
        if "gradients" not in question:
            assert tensor.name == name
        np.testing.assert_allclose(value, expected, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("question", sorted(set(ASKED) - set(EXPECTED)))
def test_what_tensorflow_has_no_formula_for_is_not_implemented(question: str) -> None:
    with fg.Graph().as_default(), pytest.raises(NotImplementedError):
        ASKED[question]()


def test_sample_shapes_known_only_when_run() -> None:
    with fg.Graph().as_default():
        sizes = fg.placeholder(fg.int32, [None])
        several = fg.distributions.Normal([0.0, 1.0], 1.0).sample(sizes)
        number = fg.placeholder(fg.int32)
        two = fg.placeholder(fg.int32, [2])
        assert fg.distributions.Dirichlet(fg.ones([4, 3])).sample(two).shape.as_list() == [
            None, None, 4, 3]
        assert several.shape.ndims is None
        free = fg.distributions.Normal([0.0, 1.0], 1.0).sample(number)
        with fg.Session() as session:
            assert session.run(several, {sizes: [4, 3]}).shape == (4, 3, 2)
            assert session.run(free, {number: 5}).shape == (5, 2)
            assert session.run(free, {number: [5, 1]}).shape == (5, 1, 2)


def test_parameters_whose_shapes_are_not_known() -> None:
    with fg.Graph().as_default():
        logits = fg.placeholder(fg.float32)
        classes = fg.distributions.Categorical(logits=logits)
        drawn, mode, scalar = classes.sample(3), classes.mode(), classes.is_scalar_batch()
        with fg.Session() as session:
            values = session.run([drawn, mode, scalar], {logits: [[0.0, 90.0], [90.0, 0.0]]})
    np.testing.assert_array_equal(values[0], [[1, 0]] * 3)
    np.testing.assert_array_equal(values[1], [1, 0])
    assert not values[2]


def test_cdf_of_beta_and_student_t_broadcasts() -> None:
    with fg.Graph().as_default():
        beta = fg.distributions.Beta([1.0, 2.0], 1.0).cdf([[0.5], [0.25]])
        student = fg.distributions.StudentT([1.0, 1.0], 0.0, 1.0).cdf([[0.0], [1.0]])
        values = session_run([beta, student])
    np.testing.assert_allclose(values[0], [[0.5, 0.25], [0.25, 0.0625]], rtol=1e-5)
    np.testing.assert_allclose(values[1], [[0.5, 0.5], [0.75, 0.75]], rtol=1e-5)


def test_the_mode_of_a_batch_of_dirichlets_is_defined_row_by_row() -> None:
    with fg.Graph().as_default():
        mode = session_run(fg.distributions.Dirichlet([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]).mode())
    np.testing.assert_allclose(mode[0], [1 / 3] * 3, rtol=1e-5)
    assert np.isnan(mode[1]).all()


def test_multinomials_of_a_batch_draw_each_their_count() -> None:
    with fg.Graph().as_default():
        drawn = session_run(fg.distributions.Multinomial(
            [4.0, 3.0], logits=[[0.1, 0.4, 0.5], [1.0, 2.0, 3.0]]).sample(5))
    np.testing.assert_array_equal(drawn.sum(-1), [[4.0, 3.0]] * 5)


def test_copy_replaces_arguments_and_keeps_the_others() -> None:
    with fg.Graph().as_default():
        first = fg.distributions.Normal(0.0, [1.0, 2.0], name="first")
        second = first.copy(loc=3.0)
    assert (first.name, second.name) == ("first/", "first_1/")
    assert second.parameters["loc"] == 3.0 and second.parameters["scale"] == [1.0, 2.0]


def test_shapes_of_parameters_for_wanted_samples() -> None:
    shapes = fg.distributions.Normal.param_static_shapes([4, 2])
    assert shapes == {"loc": fg.TensorShape([4, 2]), "scale": fg.TensorShape([4, 2])}
    with pytest.raises(ValueError, match="fully"):
        fg.distributions.Normal.param_static_shapes(fg.TensorShape([None]))


def test_text_of_a_distribution() -> None:
    with fg.Graph().as_default():
        normal = fg.distributions.Normal([0.0, 1.0], 1.0)
        assert repr(normal) == ("<tfp.distributions.Normal 'Normal/' batch_shape=(2,) "
                                "event_shape=() dtype=float32>")
        assert str(normal) == ("tfp.distributions.Normal(\"Normal/\", batch_shape=(2,), "
                               "event_shape=(), dtype=float32)")


@pytest.mark.parametrize(("build", "words"), [
    (lambda d: d.Normal(0.0, [-1.0], validate_args=True).sample(), "x > 0"),
    (lambda d: d.Uniform(2.0, 1.0, validate_args=True).sample(), "low >= high"),
    (lambda d: d.Bernoulli(probs=[1.5], validate_args=True).mean(), "greater than 1"),
    (lambda d: d.Bernoulli(probs=[0.5], validate_args=True).prob([2]), "exceed 1"),
    (lambda d: d.Categorical(probs=[0.5, 0.1], validate_args=True).mode(), "sum to 1"),
    (lambda d: d.Gamma(1.0, 1.0, allow_nan_stats=False).mode(), "mode not defined"),
    (lambda d: d.Beta(1.0, 2.0, allow_nan_stats=False).mode(), "Mode undefined"),
    (lambda d: d.StudentT(1.0, 0.0, 1.0, allow_nan_stats=False).mean(), "mean not defined"),
    (lambda d: d.Dirichlet([1.0, 2.0], validate_args=True).prob([0.2, 0.2]), "sum to"),
    (lambda d: d.Multinomial(2.0, probs=[0.5, 0.5], validate_args=True).prob([1.0, 0.0]),
     "must sum to"),
    (lambda d: d.Multinomial(2.0, probs=[0.5, 0.5], validate_args=True).prob([1.5, 0.5]),
     "fractional"),
    (lambda d: d.kl_divergence(d.Normal(0.0, 0.0), d.Normal(0.0, 0.0), allow_nan_stats=False),
     "NaN"),
], ids=["scale", "interval", "probs", "event", "classes", "gamma", "beta", "student", "simplex",
        "counts", "fractions", "divergence"])
def test_a_run_fails_where_arguments_are_checked(build, words: str) -> None:
    with (fg.Graph().as_default(), fg.Session() as session,
          pytest.raises(fg.errors.InvalidArgumentError, match=words)):
        session.run(build(fg.distributions))


@pytest.mark.parametrize(("build", "error", "words"), [
    (lambda d: d.Bernoulli(), ValueError, "probs or logits"),
    (lambda d: d.Categorical(logits=[0.0], probs=[0.0]), ValueError, "probs or logits"),
    (lambda d: d.Bernoulli(probs=[1, 0]), TypeError, "floating"),
    (lambda d: d.Categorical(logits=[0.0], validate_args=True), ValueError, "at least 2"),
    (lambda d: d.Normal(fg.constant(0.0, fg.float64), fg.constant(1.0)), ValueError, "float64"),
    (lambda d: d.Normal(0.0, 1.0).sample([[1, 2]]), ValueError, "vector"),
    (lambda d: d.kl_divergence(d.Normal(0.0, 1.0), d.Uniform()), NotImplementedError, "Uniform"),
    (lambda d: d.RegisterKL(d.Normal, d.Normal)(lambda a, b, name=None: None), ValueError,
     "already"),
    (lambda d: d.RegisterKL(int, int)(3), TypeError, "callable"),
    (lambda d: d.Distribution(fg.float32, d.NOT_REPARAMETERIZED, False, True, graph_parents=[1]),
     ValueError, "tensor"),
], ids=["neither", "both", "integers", "one class", "dtypes", "matrix", "pair", "twice",
        "no function", "parent"])
def test_wrong_use_is_refused_when_built(build, error, words: str) -> None:
    with fg.Graph().as_default(), pytest.raises(error, match=words):
        build(fg.distributions)
