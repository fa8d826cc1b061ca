"""Iterators: which kinds there are, how they start, what a handle means, how they end."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg

Dataset, Iterator = fg.data.Dataset, fg.data.Iterator
OutOfRange = fg.errors.OutOfRangeError


def test_the_end_is_told_every_time() -> None:
    element = Dataset.range(1).make_one_shot_iterator().get_next()
    with fg.Session() as session:
        assert session.run(element) == 0
        for _ in range(3):
            with pytest.raises(OutOfRange, match="End of sequence"):
                session.run(element)


def test_an_initialiser_starts_anew_also_after_the_end() -> None:
    iterator = Dataset.range(2).make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        with pytest.raises(fg.errors.FailedPreconditionError, match="has not been initialized"):
            session.run(element)
        for _ in range(2):
            session.run(iterator.initializer)
            assert [int(session.run(element)) for _ in range(2)] == [0, 1]
            with pytest.raises(OutOfRange):
                session.run(element)


def test_each_session_has_its_own_pass() -> None:
    element = Dataset.range(5).make_one_shot_iterator().get_next()
    with fg.Session() as one, fg.Session() as other:
        assert [int(one.run(element)), int(one.run(element)), int(other.run(element))] == [0, 1, 0]


def test_one_run_takes_one_element_per_get_next() -> None:
    iterator = Dataset.range(9).make_one_shot_iterator()
    first, second = iterator.get_next(), iterator.get_next(name="again")
    assert second.name == "again:0"
    with fg.Session() as session:
        assert [int(x) for x in session.run([first, first, first + first])] == [0, 0, 0]
        assert sorted(int(x) for x in session.run([first, second])) == [1, 2]


def test_a_structure_is_filled_by_any_dataset_that_fits() -> None:
    iterator = Iterator.from_structure((fg.int64, fg.float32), ([], [None]))
    train = iterator.make_initializer(Dataset.range(2).map(lambda x: (x, fg.ones([2]))))
    test = iterator.make_initializer(Dataset.range(7, 9).map(lambda x: (x, fg.zeros([3]))), "test")
    assert (train.name, test.name) == ("make_initializer", "test")
    element = iterator.get_next()
    with fg.Session() as session:
        session.run(train)
        assert session.run(element)[1].tolist() == [1, 1]
        session.run(test)
        number, rest = session.run(element)
        assert (int(number), rest.tolist()) == (7, [0, 0, 0])


@pytest.mark.parametrize(("dataset", "error", "words"), [
    pytest.param(lambda: Dataset.from_tensors(1.0), TypeError, "output types", id="dtype"),
    pytest.param(lambda: Dataset.from_tensors(np.zeros(3, np.int64)), TypeError, "output shapes",
                 id="shape"),
    pytest.param(lambda: Dataset.from_tensors((1, 2)), ValueError, "structure", id="structure"),
    pytest.param(lambda: Dataset.from_tensors(fg.SparseTensor([[0]], np.array([1]), [2])),
                 TypeError, "output classes", id="class"),
])
def test_a_dataset_that_does_not_fit_is_refused(dataset, error, words) -> None:
    iterator = Iterator.from_structure(fg.int64, [2])
    with pytest.raises(error, match=words):
        iterator.make_initializer(dataset())
    with pytest.raises(ValueError, match="does not have an initializer"):
        _ = iterator.initializer


def test_a_fed_handle_chooses_the_iterator() -> None:
    handle = fg.placeholder(fg.string, [])
    numbers = Dataset.range(3)
    element = Iterator.from_string_handle(handle, numbers.output_types,
                                          numbers.output_shapes).get_next()
    train = numbers.map(lambda x: x + 100).repeat().make_one_shot_iterator()
    test = numbers.make_initializable_iterator()
    with fg.Session() as session:
        first, second = session.run([train.string_handle(), test.string_handle()])
        session.run(test.initializer)
        found = [int(session.run(element, {handle: h}))
                 for h in (first, second, first, second, first)]
        assert found == [100, 0, 101, 1, 102]


def test_a_handle_of_other_elements_is_refused() -> None:
    handle = fg.placeholder(fg.string, [])
    element = Iterator.from_string_handle(handle, fg.float32).get_next()
    other = Dataset.range(3).make_one_shot_iterator()
    with fg.Session() as session:
        text = session.run(other.string_handle())
        with pytest.raises(fg.errors.InvalidArgumentError,
                           match="expected float32 but got int64"):
            session.run(element, {handle: text})


def test_iterators_of_one_shared_name_are_one() -> None:
    one, other = (Dataset.range(9).make_initializable_iterator(shared_name="x") for _ in range(2))
    first, second = one.get_next(), other.get_next()
    with fg.Session() as session:
        session.run(one.initializer)
        assert [int(session.run(x)) for x in (first, second, first)] == [0, 1, 2]


@pytest.mark.parametrize(("capture", "words"), [
    pytest.param(lambda: fg.Variable(1, dtype=fg.int64), "make_initializable_iterator.*VariableV2",
                 id="variable"),
    pytest.param(lambda: fg.placeholder(fg.int64, []), "Cannot capture a placeholder",
                 id="placeholder"),
    pytest.param(lambda: fg.random_uniform([], 0, 9, fg.int64), "Cannot capture a stateful node",
                 id="random number"),
])
def test_a_one_shot_iterator_refuses_what_changes(capture, words) -> None:
    value = capture()
    with pytest.raises(ValueError, match=words):
        Dataset.range(3).map(lambda x: x + value).make_one_shot_iterator()


def test_get_next_in_a_loop_is_warned_of() -> None:
    iterator = Dataset.range(3).make_one_shot_iterator()
    for _ in range(32):
        iterator.get_next()
    with pytest.warns(UserWarning, match="unusually high number"):
        iterator.get_next()


def test_an_optional_is_empty_at_the_end() -> None:
    iterator = Dataset.range(1).make_one_shot_iterator()
    optional = fg.data.experimental.get_next_as_optional(iterator)
    with fg.Session() as session:
        assert session.run([optional.has_value(), optional.get_value()]) == [True, 0]
        assert not session.run(optional.has_value())
        with pytest.raises(fg.errors.InvalidArgumentError, match="does not have a value"):
            session.run(optional.get_value())


def test_a_training_loop_ends_with_the_data() -> None:
    x = np.arange(20, dtype=np.float32).reshape(10, 2)
    dataset = Dataset.from_tensor_slices((x, x.sum(1, keepdims=True)))
    rows, labels = dataset.shuffle(10, seed=1).repeat(3).batch(5).prefetch(
        1).make_one_shot_iterator().get_next()
    weights = fg.Variable(fg.zeros([2, 1]))
    loss = fg.reduce_mean((fg.matmul(rows, weights) - labels) ** 2)
    train = fg.train.GradientDescentOptimizer(0.001).minimize(loss)
    losses = []
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        with pytest.raises(OutOfRange):
            while True:
                losses.append(float(session.run([loss, train])[0]))
    # what TensorFlow gives
    np.testing.assert_allclose(losses, LOSSES, atol=1e-3)


LOSSES = [383.4, 228.685, 48.128, 0.388, 0.623, 0.291]
