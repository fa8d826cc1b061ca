"""Graph: the default stack, looking up elements, feeding and fetching, finalize."""

from __future__ import annotations

import threading

import pytest

import flowgraph as fg


def foreign_constant(name: str = "c") -> fg.Tensor:
    with fg.Graph().as_default():
        return fg.constant(1.0, name=name)


# ---- the default graph ---------------------------------------------------------------------------


def test_the_innermost_with_block_is_the_default_graph(fresh_graph) -> None:
    with fg.Graph().as_default() as g:
        assert fg.get_default_graph() is g
        assert fg.constant(1.0).graph is g
        with fresh_graph.as_default():
            assert fg.get_default_graph() is fresh_graph
        assert fg.get_default_graph() is g
    assert fg.get_default_graph() is fresh_graph


def test_another_thread_starts_with_the_global_default_graph(fresh_graph) -> None:
    found = []

    def look() -> None:
        found.append(fg.get_default_graph())
        with fg.Graph().as_default() as g:
            found.append(fg.get_default_graph() is g)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()
    assert found[0] is not fresh_graph
    assert found == [found[0], True, found[0], True]
    assert fg.get_default_graph() is fresh_graph


def test_reset_default_graph_is_refused_inside_a_with_block() -> None:
    with pytest.raises(AssertionError, match=r"Do not use tf.reset_default_graph\(\) to clear"):
        fg.reset_default_graph()


def test_reset_default_graph_replaces_the_global_graph() -> None:
    found = []

    def work() -> None:  # a thread has no with block open
        before = fg.get_default_graph()
        fg.no_op(name="n")
        fg.reset_default_graph()
        after = fg.get_default_graph()
        found.extend([after is not before, after.version, before.version >= 1,
                      fg.no_op(name="n").name])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [True, 0, True, "n"]


def test_the_graph_of_the_inputs_wins_over_the_default_graph(fresh_graph) -> None:
    x = fg.constant(1.0)
    with fg.Graph().as_default() as other:
        results = [x + 1.0, fg.identity(x), fg.add(1.0, x), fg.stack([x, x]), fg.square(x)]
        assert other.get_operations() == []
    assert all(y.graph is fresh_graph for y in results)
    assert all(t.graph is fresh_graph for y in results for t in y.op.inputs)


@pytest.mark.parametrize("build", [
    lambda a, b: a + b, fg.add, fg.matmul, lambda a, b: fg.stack([a, b]),
    lambda a, b: fg.concat([a, b], 0)], ids=["+", "add", "matmul", "stack", "concat"])
def test_inputs_of_two_graphs_raise_naming_both(build) -> None:
    a, b = fg.constant([[1.0]], name="mine"), foreign_constant("theirs")
    with pytest.raises(ValueError, match="must be from the same graph") as caught:
        build(a, b)
    for words in ("got inputs from two graphs", "mine:0", "theirs:0", "test_graph.py:"):
        assert words in str(caught.value)


# ---- growing -------------------------------------------------------------------------------------


def test_a_graph_lists_its_operations_in_order_of_creation(fresh_graph) -> None:
    assert (fresh_graph.version, fresh_graph.get_operations()) == (0, [])
    y = fg.identity(fg.constant(1.0, name="x"), name="y")
    assert [op.name for op in fresh_graph.get_operations()] == ["x", "y"]
    assert [op.index for op in fresh_graph.get_operations()] == [0, 1]
    assert fresh_graph.version == 2
    fresh_graph.get_operations().clear()
    assert fresh_graph.get_operations()[1] is y.op


def test_a_failed_op_is_not_added(fresh_graph) -> None:
    x = fg.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="cannot broadcast"):
        fg.add(x, fg.constant([1.0, 2.0, 3.0]))
    assert [op.type for op in fresh_graph.get_operations()] == ["Const", "Const"]
    assert x.consumers() == []


def test_a_finalized_graph_takes_no_ops_and_names_the_one_refused(fresh_graph) -> None:
    x = fg.constant(1.0)
    fresh_graph.finalize()
    fresh_graph.finalize()
    assert fresh_graph.finalized
    with pytest.raises(RuntimeError) as caught:
        fg.constant(2.0, name="late")
    assert "Const 'late' (test_graph.py:" in str(caught.value)
    assert "the graph is finalized and cannot be modified" in str(caught.value)
    with fg.Session() as sess:
        assert sess.run(x) == 1.0
    assert fresh_graph.version == 1


def test_a_finalized_graph_may_be_looked_at_and_scoped(fresh_graph) -> None:
    x = fg.constant(1.0, name="x")
    fresh_graph.finalize()
    assert fresh_graph.get_tensor_by_name("x:0") is x
    with fg.name_scope("a") as scope:
        assert scope == "a/"


# ---- looking up ----------------------------------------------------------------------------------


def test_names_tensors_operations_and_variables_stand_for_elements(fresh_graph) -> None:
    c, v, g = fg.constant(1.0, name="c"), fg.Variable(1.0, name="v"), fresh_graph
    assert g.as_graph_element("c:0") is g.as_graph_element(b"c:0") is g.as_graph_element(c) is c
    assert g.as_graph_element("c") is g.as_graph_element(c.op) is c.op
    assert g.as_graph_element(v).name == "v:0"
    assert g.get_tensor_by_name("c:0") is c
    assert g.get_operation_by_name("c") is c.op
    a, b = fg.split(fg.constant([1.0, 2.0]), 2, name="s")
    assert [g.get_tensor_by_name(name) for name in ("s:0", "s:1")] == [a, b]


LOOKUPS = [  # name, method, error, words
    ("as_graph_element", "nosuch", KeyError, "refers to an Operation that is not in the graph"),
    ("as_graph_element", "nosuch:0", KeyError, "'nosuch' that is not in the graph"),
    ("as_graph_element", "c:1", KeyError, "output 1, but operation 'c' has 1 output"),
    ("as_graph_element", "c:x", ValueError, "must be '<operation name>:<output number>'"),
    ("as_graph_element", "c:", ValueError, "must be '<operation name>:<output number>'"),
    ("as_graph_element", "c:0:0", ValueError, "must be '<operation name>:<output number>'"),
    ("as_graph_element", 3, TypeError, "cannot convert a int into a Tensor or Operation"),
    ("as_graph_element", None, TypeError, "cannot convert a NoneType"),
    ("as_graph_element", ["c"], TypeError, "cannot convert a list"),
    ("get_tensor_by_name", "c", ValueError, "did you mean 'c:0'?"),
    ("get_tensor_by_name", "nosuch", ValueError, "is not a Tensor's"),
    ("get_tensor_by_name", ":0", KeyError, "not in the graph"),
    ("get_tensor_by_name", "d:0", KeyError, "'d' that is not in the graph"),
    ("get_tensor_by_name", 3, TypeError, "a tensor's name is a string, not 3"),
    ("get_operation_by_name", "c:0", ValueError, "looks like a Tensor's, not an Operation's"),
    ("get_operation_by_name", "wieghts", KeyError, "did you mean 'weights'?"),
    ("get_operation_by_name", 3, TypeError, "an operation's name is a string, not 3"),
]


@pytest.mark.parametrize(("method", "name", "error", "words"), LOOKUPS,
                         ids=lambda v: str(v)[:24])
def test_a_wrong_name_raises_tensorflows_class_and_says_what_is_wrong(
        method, name, error, words, fresh_graph) -> None:
    fg.constant(1.0, name="c")
    fg.constant(1.0, name="weights")
    with pytest.raises(error) as caught:
        getattr(fresh_graph, method)(name)
    assert words in str(caught.value)


def test_only_the_kinds_that_are_allowed_are_found(fresh_graph) -> None:
    c = fg.constant(1.0, name="c")
    with pytest.raises(TypeError, match="cannot convert a Tensor into a Operation"):
        fresh_graph.as_graph_element(c, allow_tensor=False)
    with pytest.raises(TypeError, match="cannot convert a Operation into a Tensor"):
        fresh_graph.as_graph_element(c.op, allow_operation=False)
    with pytest.raises(ValueError, match="cannot both be False"):
        fresh_graph.as_graph_element(c, allow_tensor=False, allow_operation=False)


def test_an_element_of_another_graph_is_refused_by_name_and_line(fresh_graph) -> None:
    other = foreign_constant()
    for element, kind in ((other, "Tensor 'c:0'"), (other.op, "Operation 'c'")):
        with pytest.raises(ValueError, match="is not an element of this graph") as caught:
            fresh_graph.as_graph_element(element)
        assert f"{kind} (test_graph.py:" in str(caught.value)


# ---- feeding and fetching ------------------------------------------------------------------------


def test_a_tensor_may_be_kept_from_being_fed(fresh_graph) -> None:
    c, d = fg.constant(1.0, name="c"), fg.constant(1.0)
    fresh_graph.prevent_feeding(c)
    assert not fresh_graph.is_feedable(c)
    assert fresh_graph.is_feedable(d)
    with fg.Session() as sess:
        assert sess.run(c) == 1.0
        assert sess.run(d, {d: 2.0}) == 2.0
        for key in (c, "c:0"):
            with pytest.raises(ValueError, match=r"'c:0'.* may not be fed"):
                sess.run(c, {key: 2.0})


def test_an_operation_and_its_outputs_may_be_kept_from_being_fetched(fresh_graph) -> None:
    c = fg.constant(1.0, name="c")
    fresh_graph.prevent_fetching(c.op)
    assert not fresh_graph.is_fetchable(c.op)
    assert not fresh_graph.is_fetchable(c)
    with fg.Session() as sess:
        assert sess.run(c + 1.0) == 2.0
        for fetch in (c, c.op, "c:0"):
            with pytest.raises(ValueError, match="may not be fetched"):
                sess.run(fetch)


def test_gradient_override_map_wants_names_by_op_type(fresh_graph) -> None:
    for wrong in (3, {"Square": 3}, {3: "a"}, [("a", "b")]):
        with pytest.raises(TypeError, match="must be a dictionary mapping strings to strings"), \
                fresh_graph.gradient_override_map(wrong):
            pass
