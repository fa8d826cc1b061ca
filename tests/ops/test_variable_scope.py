"""Variable scopes: which variable a name means, and what the ops inside are called."""

from __future__ import annotations

import pytest

import flowgraph as fg


@pytest.fixture(autouse=True)
def graph():
    with fg.Graph().as_default() as graph:
        yield graph


def op_name():
    return fg.constant(1.0, name="c").op.name


def test_scopes_nest_for_variables_and_ops():
    with fg.variable_scope("a") as a, fg.variable_scope("b") as b:
        assert (a.name, b.name, fg.get_variable_scope()) == ("a", "a/b", b)
        assert fg.get_variable("w", []).name == "a/b/w:0"
        assert op_name() == "a/b/c"
        assert (a.original_name_scope, b.original_name_scope) == ("a/", "a/b/")
    assert fg.get_variable_scope().name == ""


def test_a_scope_opened_again_shares_variables_but_not_op_names():
    with fg.variable_scope("a"):
        w = fg.get_variable("w", [])
        assert op_name() == "a/c"
    with fg.variable_scope("a", reuse=True):
        assert fg.get_variable("w", []) is w
        assert op_name() == "a_1/c"


def test_a_scope_object_jumps_back_to_its_prefix():
    with fg.variable_scope("a") as a:
        w = fg.get_variable("w", [])
    with fg.variable_scope("b"), fg.variable_scope(a, reuse=True) as again:
        assert again.name == "a" and again is not a and again.reuse is True
        assert fg.get_variable("w") is w
        assert op_name() == "b/a/c"
    assert a.reuse is False


def test_name_scopes_do_not_change_the_names_of_get_variable():
    with fg.name_scope("ns"):
        assert fg.get_variable("w", []).name == "w:0"
        assert fg.Variable(1.0, name="v").name == "ns/v:0"


def test_default_names_are_made_unique():
    made = []
    for _ in range(3):
        with fg.variable_scope(None, "dense"):
            made.append(fg.get_variable("w", []).name)
    assert made == ["dense/w:0", "dense_1/w:0", "dense_2/w:0"]


def test_default_names_start_again_inside_another_scope():
    made = []
    for outer in ("a", "a"):
        with fg.variable_scope(outer, reuse=fg.AUTO_REUSE), fg.variable_scope(None, "dense"):
            made.append(fg.get_variable("w", []).name)
    assert made == ["a/dense/w:0", "a/dense/w:0"]


def test_auto_reuse_makes_and_finds():
    with fg.variable_scope("a", reuse=fg.AUTO_REUSE):
        assert fg.get_variable("w", []) is fg.get_variable("w", [])
        with fg.variable_scope("b"):  # inherited
            assert fg.get_variable("w", []) is fg.get_variable("w", [])


def test_reuse_variables_changes_the_open_scope():
    with fg.variable_scope("a") as a:
        w = fg.get_variable("w", [])
        a.reuse_variables()
        assert fg.get_variable("w", []) is w
    assert fg.get_variable_scope().reuse is False


def test_scopes_without_auxiliary_name_scope():
    with fg.variable_scope("a", auxiliary_name_scope=False):
        assert fg.get_variable("w", []).name == "a/w:0"
        assert op_name() == "c"


def test_defaults_are_inherited_and_overridden():
    with fg.variable_scope("a", dtype=fg.float64, initializer=fg.ones_initializer()):
        one = fg.get_variable("one", [2])
        with fg.variable_scope("b", initializer=fg.constant_initializer(7.0)):
            seven = fg.get_variable("seven", [2])
            zero = fg.get_variable("zero", [2], fg.float32, fg.zeros_initializer)
    assert [v.dtype.base_dtype for v in (one, seven, zero)] == [fg.float64, fg.float64, fg.float32]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert [v.tolist() for v in sess.run([one, seven, zero])] == [[1, 1], [7, 7], [0, 0]]


def test_regularizers_are_collected_once():
    with fg.variable_scope("a", regularizer=lambda w: fg.reduce_sum(w, name="loss")):
        fg.get_variable("w", [2])
        fg.get_variable("free", [2], regularizer=fg.no_regularizer)
    with fg.variable_scope("a", reuse=True, regularizer=lambda w: fg.reduce_sum(w)):
        fg.get_variable("w", [2])
    losses = fg.get_collection(fg.GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.name for loss in losses] == ["a/w/Regularizer/loss:0"]


def test_custom_getters_nest_from_the_inside_out():
    calls = []

    def getter(label):
        def call(getter, name, *args, **kwargs):
            calls.append((label, name))
            return getter(name, *args, **kwargs) * 2.0
        return call

    with fg.variable_scope("a", custom_getter=getter("outer")), \
            fg.variable_scope("b", custom_getter=getter("inner")):
        w = fg.get_variable("w", [], initializer=fg.ones_initializer())
    assert calls == [("inner", "a/b/w"), ("outer", "a/b/w")]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert sess.run(w) == 4.0


@pytest.mark.parametrize(("initializer", "expect"), [
    (2.0, 2.0), ([1, 2], [1, 2]), (lambda: fg.constant(3.0), 3.0),
    (lambda: fg.zeros([2]), [0, 0])])
def test_initial_values_need_no_shape(initializer, expect):
    w = fg.get_variable("w", initializer=initializer)
    with fg.Session() as sess:
        sess.run(w.initializer)
        assert sess.run(w).tolist() == expect


@pytest.mark.parametrize(("dtype", "op"), [
    (fg.float32, "w/Initializer/random_uniform"), (fg.int32, "w/Initializer/zeros"),
    (fg.bool, "w/Initializer/zeros")])
def test_the_default_initializer_depends_on_the_dtype(dtype, op):
    assert fg.get_variable("w", [2, 2], dtype).initial_value.op.name == op


def test_get_local_variable_is_local_and_not_trained():
    w = fg.get_local_variable("w", [])
    assert fg.local_variables() == [w] and not fg.trainable_variables()
    assert not fg.global_variables()


def test_collections_of_a_scope():
    with fg.variable_scope("a") as a:
        w = fg.get_variable("w", [])
    with fg.variable_scope("ab"):
        fg.get_variable("w", [])
    assert a.global_variables() == a.trainable_variables() == [w] and a.local_variables() == []


def test_templates_share_their_variables():
    def scale(x, by):
        return x * by * fg.get_variable("w", [], initializer=fg.constant_initializer(3.0))

    double = fg.make_template("scale", scale, by=2.0)
    other = fg.make_template("scale", scale, by=1.0)
    ys = [double(fg.constant(1.0)), double(fg.constant(5.0)), other(fg.constant(1.0))]
    assert [v.name for v in double.variables + other.variables] == ["scale/w:0", "scale_1/w:0"]
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        assert sess.run(ys) == [6.0, 30.0, 3.0]


def test_templates_must_not_make_trainable_variables_later():
    layer = fg.make_template("layer", lambda: fg.Variable(1.0))
    layer()
    with pytest.raises(ValueError, match=r"when you meant tf\.get_variable"):
        layer()


def test_existing_variables_name_the_line_of_the_first_definition():
    fg.get_variable("w", [])
    with pytest.raises(ValueError, match=r"w already exists(.|\n)*AUTO_REUSE(.|\n)*"
                                         r"test_variable_scope.py:\d+"):
        fg.get_variable("w", [])


@pytest.mark.parametrize(("call", "words"), [
    (lambda: fg.get_variable("new", []), "does not exist, or was not created"),
    (lambda: fg.get_variable("w", [3]), "shape"),
    (lambda: fg.get_variable("w", [2], fg.int32), "dtype"),
])
def test_reuse_needs_a_variable_that_fits(call, words):
    fg.get_variable("w", [2])
    with fg.variable_scope("", reuse=True), pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: fg.variable_scope(None), TypeError, "name_or_scope is required"),
    (lambda: fg.variable_scope(3), TypeError, "string or VariableScope"),
    (lambda: fg.variable_scope("a", reuse="yes"), ValueError, "reuse parameter"),
    (lambda: fg.variable_scope(None, "a", reuse=True).__enter__(), ValueError, "name_or_scope"),
    (lambda: fg.get_variable("w"), ValueError, "fully defined"),
    (lambda: fg.get_variable("w", [None]), ValueError, "fully defined"),
    (lambda: fg.get_variable("w", [2], initializer=[1.0, 2.0]), ValueError, "do not specify shape"),
    (lambda: fg.get_variable("w", dtype=fg.int32, initializer=1.0), ValueError, "don't match"),
    (lambda: fg.get_variable("w", [2], fg.complex64), ValueError, "initializer for variable w"),
    (lambda: fg.get_variable("w", [2], partitioner=3), ValueError, "must be callable"),
    (lambda: fg.get_variable("w", [2], partitioner=lambda shape, dtype: [0]), ValueError, "zero"),
])
def test_wrong_uses_say_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_variable_of_strings_begins_with_empty_ones():
    names = fg.get_variable("names", [2], fg.string)
    with fg.Session() as session:
        session.run(names.initializer)
        assert session.run(names).tolist() == [b"", b""]


def test_a_scope_left_by_an_error_is_left():
    with pytest.raises(KeyError), fg.variable_scope("a"), fg.variable_scope("b"):
        raise KeyError
    assert fg.get_variable_scope().name == "" and op_name() == "c"


def test_each_graph_has_its_own_variables():
    w = fg.get_variable("w", [])
    with fg.Graph().as_default():
        assert fg.get_variable("w", []) is not w


@pytest.mark.parametrize("make", [
    lambda w: fg.train.RMSPropOptimizer(0.1).minimize(w * w),
    lambda w: fg.train.ExponentialMovingAverage(0.9).apply([w]),
], ids=["RMSProp", "ExponentialMovingAverage"])
def test_slots_under_reuse_are_told_how_to_be_made(make) -> None:
    """As in TensorFlow they are not made; programs of before 1.0 meet this."""
    with fg.Graph().as_default():
        w = fg.get_variable("w", [])
        with fg.variable_scope(fg.get_variable_scope()):
            fg.get_variable_scope().reuse_variables()
            with pytest.raises(ValueError, match=r"Variable w/\w+/ does not exist") as caught:
                make(w)
            assert "with tf.variable_scope(tf.get_variable_scope(), reuse=tf.AUTO_REUSE):" in str(
                caught.value)
            with fg.variable_scope(fg.get_variable_scope(), reuse=fg.AUTO_REUSE):
                make(w)
