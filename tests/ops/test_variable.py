"""Variables: their names, reads and writes, conversion, and the lists of them."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg


@pytest.fixture
def sess():
    with fg.Graph().as_default(), fg.Session() as session:
        yield session


def names():
    return [op.name for op in fg.get_default_graph().get_operations()]


def test_a_variable_makes_the_four_nodes_of_tensorflow(sess):
    w = fg.Variable([1.0, 2.0], name="w")
    assert names() == ["w/initial_value", "w", "w/Assign", "w/read"]
    assert [op.type for op in w.graph.get_operations()] == [
        "Const", "VariableV2", "Assign", "Identity"]
    assert w.name == "w:0" and w.op.name == "w" and w.initializer.name == "w/Assign"
    assert w.dtype == fg.as_dtype("float32_ref") and w.dtype.base_dtype is fg.float32
    assert w.shape.as_list() == w.get_shape().as_list() == [2]
    assert w.value().name == "w/read:0" and w.initial_value.name == "w/initial_value:0"
    assert repr(w) == "<tf.Variable 'w:0' shape=(2,) dtype=float32_ref>"


def test_names_of_variables_are_made_unique_and_scoped(sess):
    with fg.name_scope("layer"):
        made = [fg.Variable(1.0).name, fg.Variable(1.0).name, fg.Variable(1.0, name="b").name]
    assert made == ["layer/Variable:0", "layer/Variable_1:0", "layer/b:0"]


def test_a_function_as_initial_value_is_built_in_its_own_scope(sess):
    w = fg.Variable(lambda: fg.zeros([2]), name="w")
    assert w.initial_value.name == "w/Initializer/zeros:0"


def test_initial_value_takes_the_dtype_asked_for(sess):
    assert fg.Variable([2], dtype=fg.float64).dtype.base_dtype is fg.float64


@pytest.mark.parametrize(("method", "expect"), [
    ("assign", 3.0), ("assign_add", 5.0), ("assign_sub", -1.0)])
def test_assign_methods_change_the_variable_and_return_it(sess, method, expect):
    v = fg.Variable(2.0)
    up = getattr(v, method)(3.0)
    op = getattr(v, method)(3.0, read_value=False)
    sess.run(v.initializer)
    assert sess.run(up) == expect and sess.run(v) == expect
    sess.run(v.initializer)
    assert sess.run(op) is None and sess.run(v) == expect
    assert op.name == up.op.name + "_1"


def test_a_run_without_the_write_leaves_the_variable(sess):
    v = fg.Variable(2.0)
    v.assign(3.0)
    sess.run(v.initializer)
    assert sess.run(v + 1.0) == 3.0 and sess.run(v) == 2.0


@pytest.mark.parametrize("read", [
    lambda v: v.read_value(), lambda v: v + 0.0, lambda v: 0.0 + v, fg.identity,
    lambda v: fg.stack([v])[0], lambda v: abs(v)])
def test_reads_under_control_dependencies_see_the_write(sess, read):
    v = fg.Variable(2.0)
    up = v.assign_add(3.0)
    before = read(v)
    with fg.control_dependencies([up]):
        after = read(v)
    sess.run(v.initializer)
    assert sess.run([before, after]) == [2.0, 5.0]


def test_reads_under_control_dependencies_are_the_shared_read_when_nothing_writes(sess):
    v = fg.Variable(2.0, name="v")
    with fg.control_dependencies([fg.no_op()]):
        y = fg.identity(v)
    assert y.op.inputs[0].name == "v/read:0"


def test_gradients_flow_through_every_read(sess):
    v = fg.Variable(3.0)
    up = v.assign_add(1.0)
    y = v * v
    with fg.control_dependencies([up]):
        y += v * v
    (dv,) = fg.gradients(y, [v])
    sess.run(v.initializer)
    assert sess.run(dv) == 2 * 3.0 + 2 * 4.0


def test_writes_of_one_variable_happen_in_creation_order(sess):
    v = fg.Variable(2.0)
    first, second = v.assign_add(3.0), v.assign(v * 10.0)
    sess.run(v.initializer)
    assert sess.run([second, first]) == [20.0, 5.0]
    assert sess.run(v) == 20.0


def test_a_run_that_fails_changes_nothing(sess):
    v = fg.Variable([2.0, 3.0])
    good = v.assign_add([1.0, 1.0])
    bad = fg.scatter_add(good, fg.placeholder_with_default([7], [1]), [1.0])
    sess.run(v.initializer)
    words = r"indices\[0\] = 7 is not in \[0, 2\)"
    with pytest.raises(fg.errors.InvalidArgumentError, match=words):
        sess.run(bad)
    assert sess.run(v).tolist() == [2.0, 3.0]


@pytest.mark.parametrize("function", [
    fg.scatter_nd_update, fg.scatter_nd_add, fg.scatter_nd_sub])
@pytest.mark.parametrize("index", [-1, 2])
def test_index_vectors_out_of_range_fail_in_the_run(sess, function, index):
    v = fg.Variable([2.0, 3.0])
    sess.run(v.initializer)
    with pytest.raises(fg.errors.InvalidArgumentError, match="not in"):
        sess.run(function(v, [[index]], [1.0]))


def test_integer_scatter_div_by_zero_fails_in_the_run(sess):
    v = fg.Variable([2, 3])
    sess.run(v.initializer)
    with pytest.raises(fg.errors.InvalidArgumentError, match="division by zero"):
        sess.run(fg.scatter_div(v, [1], [0]))


@pytest.mark.parametrize(("method", "expect"), [
    ("scatter_update", [1.0, 9.0]), ("scatter_add", [1.0, 11.0]), ("scatter_sub", [1.0, -7.0]),
    ("scatter_mul", [1.0, 18.0]), ("scatter_div", [1.0, 2 / 9]), ("scatter_min", [1.0, 2.0]),
    ("scatter_max", [1.0, 9.0])])
def test_scatter_methods_take_indexed_slices(sess, method, expect):
    v = fg.Variable([1.0, 2.0])
    delta = fg.IndexedSlices(fg.constant([9.0]), fg.constant([1]))
    sess.run(v.initializer)
    np.testing.assert_allclose(sess.run(getattr(v, method)(delta)), expect, rtol=1e-6)
    with pytest.raises(TypeError, match="IndexedSlices"):
        getattr(v, method)(fg.constant([9.0]))


def test_rows_and_entries_are_read(sess):
    v = fg.Variable([[1.0, 2.0], [3.0, 4.0]])
    sess.run(v.initializer)
    assert sess.run(v.sparse_read([1])).tolist() == [[3.0, 4.0]]
    assert sess.run(v.gather_nd([[1, 0]])).tolist() == [3.0]


def test_load_sets_the_value_without_growing_the_graph(sess):
    v = fg.Variable([1.0, 2.0])
    before = v.graph.version
    v.load([5.0, 6.0], sess)
    assert v.eval(sess).tolist() == [5.0, 6.0] and v.graph.version == before
    v.load(np.array([7.0, 8.0]))  # the default session
    assert v.eval().tolist() == [7.0, 8.0]


def test_load_and_eval_need_a_session():
    with fg.Graph().as_default():
        v = fg.Variable(1.0)
        for call in (lambda: v.load(2.0), v.eval):
            with pytest.raises(ValueError, match="no default session"):
                call()


def test_one_initializer_starts_variables_from_each_other(sess):
    x = fg.Variable(3.0)
    y = fg.Variable(x * 2.0)
    z = fg.Variable(x + y.initialized_value())
    sess.run(fg.global_variables_initializer())
    assert sess.run([x, y, z]) == [3.0, 6.0, 9.0]


def test_a_variable_started_from_another_takes_its_current_value(sess):
    x = fg.Variable(3.0)
    y = fg.Variable(x * 2.0)
    x.load(5.0, sess)
    sess.run(y.initializer)
    assert sess.run(y) == 10.0


def test_control_dependencies_do_not_reach_the_initializer(sess):
    counter = fg.Variable(0)
    with fg.control_dependencies([counter.assign_add(1)]):
        v = fg.Variable(2.0)
    assert not v.initializer.control_inputs and not v.value().op.control_inputs


@pytest.mark.parametrize("use", [
    bool, len, iter, float, int, lambda v: 1.0 in v, lambda v: np.asarray(v)])
def test_a_variable_is_symbolic(sess, use):
    with pytest.raises(TypeError, match="symbolic"):
        use(fg.Variable([1.0]))


def test_variables_are_compared_and_hashed_by_identity(sess):
    v, w = fg.Variable(1.0), fg.Variable(1.0)
    assert v == v and v != w and len({v, w, v}) == 2 and [v, w].index(w) == 1


def test_numpy_arrays_leave_operators_to_the_variable(sess):
    v = fg.Variable([1.0, 2.0])
    sess.run(v.initializer)
    assert sess.run(np.array([3.0, 4.0], np.float32) * v).tolist() == [3.0, 8.0]


def test_wrong_dtypes_name_the_variable(sess):
    v = fg.Variable([1.0, 2.0], name="weights")
    with pytest.raises(TypeError, match="weights"):
        fg.convert_to_tensor(v, fg.int32)
    with pytest.raises(TypeError, match="float32 and int32"):
        v + fg.constant(1)


def test_collections_follow_trainable_and_collections(sess):
    a = fg.Variable(1.0, name="a")
    b = fg.Variable(1.0, name="b", trainable=False)
    c = fg.Variable(1.0, name="c", collections=["mine", fg.GraphKeys.LOCAL_VARIABLES])
    assert fg.global_variables() == [a, b] and fg.local_variables() == [c]
    assert fg.trainable_variables() == [a, c] and fg.get_collection("mine") == [c]
    assert fg.global_variables("b") == [b]
    sess.run([fg.global_variables_initializer(), fg.local_variables_initializer()])
    assert sess.run([a, b, c]) == [1.0, 1.0, 1.0]
    assert names()[-2:] == ["init", "init_1"]


def test_report_names_what_is_uninitialized(sess):
    a, b = fg.Variable(1.0, name="a"), fg.Variable(1.0, name="b")
    report = fg.report_uninitialized_variables()
    check = fg.assert_variables_initialized([a, b])
    sess.run(b.initializer)
    assert sess.run(report).tolist() == [b"a"]
    with pytest.raises(fg.errors.FailedPreconditionError, match="uninitialized value a"):
        sess.run(check)
    sess.run(a.initializer)
    assert sess.run(report).tolist() == []
    sess.run(check)


def test_reports_of_no_variables_are_empty(sess):
    assert fg.assert_variables_initialized() is None
    assert sess.run(fg.report_uninitialized_variables()).shape == (0,)


def test_set_shape_adds_to_an_unknown_shape(sess):
    v = fg.Variable(fg.placeholder_with_default([1.0, 2.0], None), validate_shape=False)
    assert v.shape.ndims is None
    v.set_shape([2])
    assert v.shape.as_list() == v.value().shape.as_list() == [2]
