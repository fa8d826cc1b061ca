"""name_scope, control_dependencies, container, and what a with block leaves behind."""

from __future__ import annotations

import threading

import pytest

import flowgraph as fg

# ---- name scopes ---------------------------------------------------------------------------------


def test_a_name_scope_is_unique_and_yields_its_prefix() -> None:
    for prefix in ("s/", "s_1/"):
        with fg.name_scope("s") as scope:
            assert scope == prefix
            assert fg.no_op(name="x").name == prefix + "x"


def test_a_name_with_a_trailing_slash_enters_the_same_scope_again() -> None:
    with fg.name_scope("s") as scope:
        fg.no_op(name="x")
        with fg.name_scope("inner"):
            pass
    for again in (scope, "s/"):
        with fg.name_scope(again) as prefix:
            assert prefix == "s/"
    with fg.name_scope(scope):
        assert fg.no_op(name="x").name == "s/x_1"
        with fg.name_scope("inner") as inner:
            assert inner == "s/inner_1/"
    with fg.name_scope("other"), fg.name_scope(scope):
        assert fg.no_op(name="y").name == "s/y"


def test_the_scopes_own_name_belongs_to_one_op() -> None:
    with fg.name_scope("s") as scope:
        assert fg.no_op(name=scope).name == "s"
    assert fg.no_op(name="s").name == "s_1"


@pytest.mark.parametrize("name", ["", None])
def test_an_empty_name_goes_back_to_the_root(name) -> None:
    with fg.name_scope("s"), fg.name_scope(name) as scope:
        assert scope == ""
        assert fg.no_op(name="q").name == "q"


@pytest.mark.parametrize(("names", "scopes"), [
    (["x/y", "x", "X"], ["x/y/", "x/", "X_1/"]), (["a", "A"], ["a/", "A_1/"]),
    (["a.b-c_d"], ["a.b-c_d/"])])
def test_names_of_scopes(names, scopes) -> None:
    found = []
    for name in names:
        with fg.name_scope(name) as scope:
            found.append(scope)
    assert found == scopes


def test_a_scope_and_an_op_do_not_share_a_name() -> None:
    fg.no_op(name="s")
    with fg.name_scope("s") as scope:
        assert scope == "s_1/"


@pytest.mark.parametrize("name", ["_s", "a b", "a:0", "-s"])
def test_an_invalid_scope_name_raises(name) -> None:
    with pytest.raises(ValueError, match="is not a valid scope name"), fg.name_scope(name):
        pass


def test_below_the_root_a_scope_may_start_with_an_underscore() -> None:
    with fg.name_scope("a"), fg.name_scope("_s") as scope:
        assert scope == "a/_s/"


def test_the_default_name_is_used_without_a_name() -> None:
    found = []
    for args in ((None, "d"), ("n", "d"), (None, "d", [])):
        with fg.name_scope(*args) as scope:
            found.append(scope)
    assert found == ["d/", "n/", "d_1/"]


def test_a_name_scope_says_what_is_missing_or_wrong() -> None:
    with pytest.raises(TypeError, match="name_scope's name must be a string, not 3"):
        fg.name_scope(3)
    with pytest.raises(ValueError, match="needs a name or a default_name"):
        fg.name_scope(None, None, [1])


def test_values_of_a_name_scope_choose_the_graph(fresh_graph) -> None:
    x = fg.constant(1.0)
    with fg.Graph().as_default() as other:
        y = fg.constant(1.0)
        with fg.name_scope("s", values=[2.0, x]):
            assert fg.get_default_graph() is fresh_graph
            assert fg.no_op(name="n").name == "s/n"
        assert fg.get_default_graph() is other
        with pytest.raises(ValueError, match="another graph"), fg.name_scope("s", values=[x, y]):
            pass
        assert fg.get_default_graph() is other


def test_each_graph_has_scopes_of_its_own(fresh_graph) -> None:
    with fg.name_scope("s"):
        with fg.Graph().as_default():
            assert fg.no_op(name="n").name == "n"
        assert fg.no_op(name="n").name == "s/n"
        assert fresh_graph.get_name_scope() == "s"
    assert fresh_graph.get_name_scope() == ""


def test_an_exception_closes_the_scope() -> None:
    with pytest.raises(KeyError), fg.name_scope("s"):
        raise KeyError
    assert fg.no_op(name="n").name == "n"


def test_scopes_of_one_graph_are_kept_per_thread(fresh_graph) -> None:
    names = []

    def build() -> None:
        with fresh_graph.as_default():
            names.append(fg.no_op(name="n").name)
            names.append(fg.no_op(name="m").control_inputs)

    with fg.control_dependencies([fg.no_op()]), fg.name_scope("s"):
        thread = threading.Thread(target=build)
        thread.start()
        thread.join()
    assert names == ["n", []]


# ---- control dependencies ------------------------------------------------------------------------


def controls(element) -> list[str]:
    return [op.name for op in getattr(element, "op", element).control_inputs]


def test_ops_in_the_block_run_after_its_inputs() -> None:
    a, b = fg.no_op(name="a"), fg.constant(1.0, name="b")
    with fg.control_dependencies([a, b, a, "a"]):
        c = fg.no_op()
    assert controls(c) == ["a", "b"]
    assert controls(fg.no_op()) == []


def test_an_op_whose_input_was_made_inside_gets_no_edge() -> None:
    a, x = fg.constant(1.0, name="a"), fg.constant(2.0)
    with fg.control_dependencies([a]):
        inside = fg.identity(x)
        next_one = fg.identity(inside)
        both = fg.add(inside, x)
    assert [controls(t) for t in (inside, next_one, both)] == [["a"], [], []]


def test_an_op_that_takes_the_control_input_as_data_gets_no_edge() -> None:
    a = fg.constant(1.0, name="a")
    with fg.control_dependencies([a, fg.no_op(name="n")]):
        assert controls(fg.identity(a)) == ["n"]


def test_nested_blocks_add_up_and_each_leaves_its_own_edges_out() -> None:
    a, b = fg.no_op(name="a"), fg.no_op(name="b")
    with fg.control_dependencies([a]):
        x = fg.constant(1.0, name="x")
        with fg.control_dependencies([b]):
            assert controls(fg.no_op()) == ["a", "b"]
            assert controls(fg.identity(x)) == ["b"]
        assert controls(fg.no_op()) == ["a"]


def test_none_forgets_the_outer_blocks_until_it_ends() -> None:
    a, b = fg.no_op(name="a"), fg.no_op(name="b")
    with fg.control_dependencies([a]):
        with fg.control_dependencies(None):
            inner = fg.constant(1.0)
            with fg.control_dependencies([b]):
                assert controls(fg.no_op()) == ["b"]
        after = fg.identity(inner)
    assert controls(inner) == []
    assert controls(after) == ["a"]  # its input does not wait for a


def test_an_empty_list_adds_nothing() -> None:
    with fg.control_dependencies([]):
        assert controls(fg.no_op()) == []


def test_constants_made_for_python_values_wait_too() -> None:
    x = fg.placeholder(fg.float32, name="x")
    with fg.control_dependencies([fg.no_op(name="n")]):
        y = x * 2.0
    assert controls(y.op.inputs[1]) == ["n"]
    assert controls(y) == []


def test_variables_and_indexed_slices_may_be_waited_for() -> None:
    v = fg.Variable(1.0, name="v")
    s = fg.IndexedSlices(fg.constant([1.0], name="v_"), fg.constant([0], name="i"),
                         fg.constant([1], name="d"))
    with fg.control_dependencies([v]):
        assert controls(fg.no_op()) == [v.op.name]
    with fg.control_dependencies([s]):
        assert len(controls(fg.no_op())) == 1


def other_graphs_op() -> fg.Operation:
    with fg.Graph().as_default():
        return fg.no_op(name="o")


@pytest.mark.parametrize(("inputs", "error", "words"), [
    ([1.0], TypeError, "cannot convert a float into a Tensor or Operation"),
    ([lambda: fg.no_op()], TypeError, "cannot convert a function"),
    (["nosuch"], KeyError, "refers to an Operation that is not in the graph"),
    (["nosuch:0"], KeyError, "that is not in the graph"),
    ([None], TypeError, "cannot convert a NoneType")])
def test_what_cannot_be_waited_for_raises(inputs, error, words) -> None:
    with pytest.raises(error, match=words), fg.control_dependencies(inputs):
        pass


def test_an_op_of_another_graph_cannot_be_waited_for() -> None:
    with pytest.raises(ValueError, match="is not an element of this graph"), \
            fg.control_dependencies([other_graphs_op()]):
        pass


def test_a_single_op_is_not_a_list() -> None:
    with pytest.raises(TypeError), fg.control_dependencies(fg.no_op()):
        pass


# ---- late control inputs -------------------------------------------------------------------------


def test_a_control_input_may_be_added_late_and_counts_in_the_next_run() -> None:
    v = fg.Variable(1.0)
    bump = fg.assign_add(v, 1.0)
    read = fg.identity(fg.constant(5.0))
    with fg.Session() as sess:
        sess.run(v.initializer)
        sess.run(read)
        assert sess.run(v) == 1.0
        read.op._add_control_input(bump.op)
        sess.run(read)
        assert sess.run(v) == 2.0


def test_late_control_inputs_of_another_graph_or_after_finalize_raise(fresh_graph) -> None:
    a, b = fg.no_op(), fg.no_op()
    with pytest.raises(ValueError, match="in another graph"):
        a._add_control_input(other_graphs_op())
    fresh_graph.finalize()
    with pytest.raises(RuntimeError, match="the graph is finalized"):
        a._add_control_input(b)


def test_late_control_inputs_that_form_a_cycle_raise_when_run() -> None:
    a, b = fg.no_op(name="a"), fg.no_op(name="b")
    a._add_control_input(b)
    b._add_control_input(a)
    with fg.Session() as sess, pytest.raises(ValueError, match="waits for itself"):
        sess.run(b)


# ---- containers ----------------------------------------------------------------------------------


def test_container_is_a_block_like_the_others(fresh_graph) -> None:
    with fg.container("c") as name:
        assert name == "c"
        assert fresh_graph._scopes.container == "c"
    assert fresh_graph._scopes.container == ""


def test_control_dependencies_asks_for_a_list() -> None:
    with pytest.raises(TypeError, match="takes a list"), fg.control_dependencies(fg.constant(1.0)):
        pass


def test_a_device_is_a_string_or_a_function() -> None:
    with pytest.raises(TypeError, match="a device is a string"), fg.device(3):
        pass
