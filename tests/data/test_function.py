"""The user's functions in a pipeline: what they see of the graph around, and their errors."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from tests.data.test_dataset import elements

Dataset = fg.data.Dataset


def test_a_variable_is_seen_as_it_was_when_the_iterator_was_initialised() -> None:
    variable = fg.Variable(10, dtype=fg.int64)
    iterator = Dataset.range(3).map(lambda x: x + variable).make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        session.run(variable.initializer)
        session.run(iterator.initializer)
        session.run(variable.assign(100))
        assert session.run(element) == 10
        session.run(iterator.initializer)
        assert session.run(element) == 100


def test_writing_a_variable_is_an_error_that_names_the_line() -> None:
    variable = fg.Variable(1.0)
    with pytest.raises(fg.errors.GraphError, match=r"AssignAdd .*test_function.py.*writes the var"):
        Dataset.range(3).map(lambda x: fg.assign_add(variable, 1.0))


def test_a_table_is_looked_up_from_the_functions_threads() -> None:
    table = fg.lookup.StaticHashTable(
        fg.lookup.KeyValueTensorInitializer(["a", "b"], [10, 20]), -1)
    dataset = Dataset.from_tensor_slices(["a", "b", "c"]).map(table.lookup, 2).prefetch(1)
    iterator = dataset.make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        session.run([fg.tables_initializer(), iterator.initializer])
        assert [int(session.run(element)) for _ in range(3)] == [10, 20, -1]


def test_random_ops_with_a_seed_give_tensorflows_numbers_and_start_anew_with_the_pass() -> None:
    dataset = Dataset.range(2).map(lambda x: fg.random_uniform([], seed=5)).repeat(2)
    expected = [0.3883112668991089, 0.31686925888061523, 0.42907261848449707, 0.05274152755737305]
    for _ in range(2):
        np.testing.assert_allclose(elements(dataset), expected, rtol=1e-6)


def test_random_ops_in_inner_datasets_go_on_with_their_stream() -> None:
    dataset = Dataset.range(2).flat_map(
        lambda x: Dataset.range(2).map(lambda y: fg.random_uniform([], seed=5)))
    expected = [0.3883112668991089, 0.31686925888061523, 0.42907261848449707, 0.05274152755737305]
    np.testing.assert_allclose(elements(dataset), expected, rtol=1e-6)


def test_branches_loops_and_captures_of_captures() -> None:
    table = fg.constant([10, 20, 30], fg.int64)
    dataset = Dataset.range(3).flat_map(lambda x: Dataset.range(x).map(
        lambda y: fg.cond(y > 0, lambda: fg.gather(table, x), lambda: -y)))
    assert elements(dataset) == [0, 0, 30]
    sums = Dataset.range(4).map(lambda n: fg.while_loop(
        lambda i, s: i < n, lambda i, s: (i + 1, s + i), (np.int64(0), np.int64(0)))[1])
    assert elements(sums) == [0, 0, 1, 3]


def test_an_error_names_the_op_inside_and_its_line() -> None:
    rows = fg.placeholder(fg.float32)
    dataset = Dataset.from_tensors(rows).map(lambda x: fg.matmul(x, fg.ones([3, 3]))).prefetch(1)
    iterator = dataset.make_initializable_iterator()
    element = iterator.get_next()
    with fg.Session() as session:
        session.run(iterator.initializer, {rows: np.ones((2, 2))})
        with pytest.raises(fg.errors.InvalidArgumentError,
                           match=r"MatMul' \(test_function.py:\d+\) cannot multiply"):
            session.run(element)


def test_what_a_py_func_raises_keeps_its_class() -> None:
    def broken(x):
        raise LookupError("mine")
    element = Dataset.range(1).map(lambda x: fg.py_func(broken, [x], fg.int64), 2
                                   ).make_one_shot_iterator().get_next()
    with pytest.raises(LookupError, match="mine") as caught, fg.Session() as session:
        session.run(element)
    assert isinstance(caught.value, fg.errors.UnknownError)


def test_stop_iteration_in_a_py_func_ends_the_elements() -> None:
    def until_two(x):
        if x == 2:
            raise StopIteration
        return x
    for calls in (None, 2):
        dataset = Dataset.range(9).map(lambda x: fg.py_func(until_two, [x], fg.int64), calls)
        assert elements(dataset) == [0, 1]


def test_a_shape_that_was_claimed_is_checked() -> None:
    def claimed(x):
        y = fg.py_func(lambda n: np.zeros(int(n), np.float32), [x], fg.float32)
        y.set_shape([1])
        return y
    element = Dataset.range(1, 3).map(claimed).make_one_shot_iterator().get_next()
    with fg.Session() as session:
        assert session.run(element).tolist() == [0.0]
        with pytest.raises(fg.errors.InvalidArgumentError, match=r"\(2,\)"):
            session.run(element)


def test_ops_of_a_function_have_names_of_their_own_and_are_of_no_use_outside() -> None:
    inside = []

    def kept(x):
        inside.append(fg.add(x, 1, name="sum"))
        return inside[0]

    with fg.Graph().as_default():
        Dataset.range(3).map(kept)
        assert fg.add(1, 2, name="sum").op.name == "sum"
        with pytest.raises(fg.errors.GraphError, match="inside a function of a dataset"):
            fg.add(inside[0], 1)


def test_an_iterator_can_be_read_in_a_function() -> None:
    inner = Dataset.range(100, 200).make_initializable_iterator()
    outer = Dataset.range(3).map(lambda x: x + inner.get_next()).make_initializable_iterator()
    element = outer.get_next()
    with fg.Session() as session:
        session.run([inner.initializer, outer.initializer])
        assert [int(session.run(element)) for _ in range(3)] == [100, 102, 104]
