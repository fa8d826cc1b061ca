"""explain_gradient: why a gradient is None, and which way it flows; the texts themselves."""

from __future__ import annotations

import pytest

import flowgraph as fg


def x() -> fg.Tensor:
    return fg.get_default_graph().get_tensor_by_name("x:0")


ONLY = "and only floating and complex tensors have gradients."
CUT = "every path is cut."

TEXTS = [  # what y is, the text after "The gradient of 'y:0' with respect to 'x:0' "
    ("one path", lambda: fg.exp(fg.square(x(), name="sq"), name="y"),
     "flows: Square 'sq' -> Exp 'y'"),
    ("one way is enough",
     lambda: fg.multiply(fg.stop_gradient(x()), fg.exp(x(), name="e"), name="y"),
     "flows: Exp 'e' -> Mul 'y'"),
    ("not connected", lambda: fg.constant(1.0, name="y"),
     "is None: 'y:0' does not depend on 'x:0'; no path of operations leads from one to the other."),
    ("integer y", lambda: fg.argmax(x(), name="y"), f"is None: 'y:0' is int64, {ONLY}"),
    ("cast", lambda: fg.cast(fg.cast(x(), fg.int32, name="i"), fg.float32, name="y"),
     f"is None: {CUT}\n  Cast 'y' passes no gradient to 'i:0' (x): it is int32"),
    ("argmax", lambda: fg.cast(fg.argmax(x(), name="a"), fg.float32, name="y"),
     f"is None: {CUT}\n  ArgMax 'a' passes no gradient to 'x:0': it is not differentiable"),
    ("stop_gradient", lambda: fg.exp(fg.stop_gradient(x(), name="s"), name="y"),
     f"is None: {CUT}\n  StopGradient 's' passes no gradient to 'x:0': stop_gradient ends "
     "gradients on purpose"),
    ("each path has its own cut", lambda: fg.multiply(fg.stop_gradient(x(), name="s"),
                                                      fg.round(x(), name="r"), name="y"),
     f"is None: {CUT}\n  Round 'r' passes no gradient to 'x:0': it is not differentiable\n"
     "  StopGradient 's' passes no gradient to 'x:0': stop_gradient ends gradients on purpose"),
    ("index of a gather",
     lambda: fg.gather([1.0, 2.0], fg.cast(fg.exp(x(), name="e"), fg.int32, name="i"), name="y"),
     f"is None: {CUT}\n  GatherV2 'y' passes no gradient to 'i:0' (indices): it is int32"),
]


@pytest.mark.parametrize(("build", "text"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_the_text_names_the_ops_on_the_way_or_those_that_cut_it(build, text) -> None:
    fg.constant([1.0, 3.0], name="x")
    y = build()
    assert fg.explain_gradient(y, x()) == (
        f"The gradient of 'y:0' with respect to 'x:0' {text}")
    assert (fg.gradients(y, x()) == [None]) is text.startswith("is None")


def test_a_tensor_flows_to_itself() -> None:
    t = fg.constant(1.0, name="t")
    assert fg.explain_gradient(t, t) == (
        "The gradient of 't:0' with respect to 't:0' flows: they are one tensor")


def test_an_integer_x_is_said_first() -> None:
    i = fg.constant([0], name="i")
    y = fg.gather([1.0], i, name="y")
    assert fg.explain_gradient(y, i).endswith(f"is None: 'i:0' is int32, {ONLY}")


@pytest.mark.parametrize("as_list", [False, True])
def test_stop_gradients_are_taken_into_account(as_list) -> None:
    t = fg.constant(1.0, name="t")
    h = fg.exp(t, name="h")
    y = fg.square(h, name="y")
    assert fg.explain_gradient(y, t, [h] if as_list else h) == (
        "The gradient of 'y:0' with respect to 't:0' is None: every path is cut.\n"
        "  'h:0' is in stop_gradients")
    assert "flows" in fg.explain_gradient(y, h, stop_gradients=[h])


def test_variables_are_named_by_themselves() -> None:
    v = fg.Variable([1.0], name="v")
    y = fg.multiply(v, 2.0, name="y")
    assert fg.explain_gradient(y, v) == (
        "The gradient of 'y:0' with respect to 'v:0' flows: Identity 'v/read' -> Mul 'y'")


def test_explaining_builds_no_ops(fresh_graph) -> None:
    t = fg.constant(1.0)
    y = fg.exp(t)
    before = fresh_graph.version
    fg.explain_gradient(y, t)
    assert fresh_graph.version == before


def test_tensors_of_two_graphs_raise() -> None:
    t = fg.constant(1.0)
    with fg.Graph().as_default():
        y = fg.constant(1.0)
    with pytest.raises(ValueError, match="different graphs"):
        fg.explain_gradient(y, t)


@pytest.mark.parametrize("build, words", [
    (lambda x: fg.cond(x[0] > 0.0, lambda: fg.stop_gradient(x), lambda: fg.round(x)),
     "If 'cond/If' passes no gradient to 'x:0': StopGradient 'cond/StopGradient'"),
    (lambda x: fg.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s * x), [0, fg.ones(2)],
                             back_prop=False)[1], "back_prop=False"),
    (lambda x: fg.map_fn(fg.stop_gradient, x), "ends gradients on purpose"),
    (lambda x: fg.cond(x[0] > 0.0, lambda: 1.0, lambda: 2.0), "'Greater:0': it is bool")])
def test_says_what_cuts_the_way_inside_a_branch_or_loop(build, words) -> None:
    x = fg.constant([1.0, 2.0], name="x")
    y = build(x)
    assert fg.gradients(y, x) == [None]
    assert words in fg.explain_gradient(y, x)


def test_a_way_through_one_branch_is_enough() -> None:
    x = fg.constant([1.0, 2.0], name="x")
    y = fg.cond(x[0] > 0.0, lambda: fg.stop_gradient(x), lambda: x * 2.0)
    assert fg.gradients(y, x) != [None]
    assert "flows: If 'cond/If' -> Identity 'cond/Merge'" in fg.explain_gradient(y, x)
