"""User frames: which line of the user's program built an op."""

from __future__ import annotations

import sys
import types
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock

import pytest

import flowgraph as fg
from flowgraph.core import frames
from flowgraph.core.frames import NOWHERE, PACKAGE, UserFrame, located, user_frame


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_an_op_carries_the_file_line_and_function_that_built_it() -> None:
    line = this_line() + 1
    frame = fg.constant(1.0).op.frame
    assert frame == (__file__, line, "test_an_op_carries_the_file_line_and_function_that_built_it")
    assert str(frame) == f"test_frames.py:{line}"


def test_a_line_of_a_notebook_is_named_by_its_cell(monkeypatch) -> None:
    cells = {"/tmp/ipykernel_7/123.py": ("Cell", "In[3]")}
    shell = types.SimpleNamespace(compile=types.SimpleNamespace(format_code_name=cells.get))
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    frames = [UserFrame("/tmp/ipykernel_7/123.py", 4, "<module>"), UserFrame("/a/b.py", 5, "f")]
    assert list(map(str, frames)) == ["In[3]:4", "b.py:5"]
    shell = None
    assert str(frames[0]) == "123.py:4"


def test_a_stand_in_for_ipython_names_no_cell(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", MagicMock())
    assert str(fg.constant(1.0).op.frame).startswith("test_frames.py:")


def test_operators_and_composed_functions_carry_the_users_line(fresh_graph) -> None:
    x = fg.placeholder(fg.float32, [None, 3])
    before = fresh_graph.version
    line = this_line() + 1
    y = fg.reduce_logsumexp(x * 2.0 + 1.0, axis=1)  # many ops, some of them in nested scopes
    built = fresh_graph.get_operations()[before:]
    assert len(built) > 5
    assert {op.frame.lineno for op in built} == {line}
    assert y.op.traceback[0][:3] == (
        __file__, line, "test_operators_and_composed_functions_carry_the_users_line")


def build_here() -> fg.Tensor:
    return fg.constant(1.0)


def test_the_innermost_line_of_the_user_counts() -> None:
    frame = build_here().op.frame
    assert frame.function == "build_here"
    assert frame.lineno == build_here.__code__.co_firstlineno + 1


def test_a_frame_of_the_package_or_of_generated_source_is_not_the_users() -> None:
    for filename in (PACKAGE + "ops/fake.py", "<flowgraph plan>"):
        namespace = {"user_frame": user_frame}
        exec(compile("def call():\n    return user_frame()\n", filename, "exec"), namespace)
        assert namespace["call"]().function == (
            "test_a_frame_of_the_package_or_of_generated_source_is_not_the_users")


def test_there_is_a_frame_even_when_no_caller_is_the_users(monkeypatch) -> None:
    monkeypatch.setattr(frames, "_LIBRARY_PREFIXES", ("",))
    monkeypatch.setattr(frames, "_is_library", {})
    assert user_frame() is NOWHERE
    assert str(NOWHERE) == "<unknown>:0"


# ---- located: the message of an error in a call --------------------------------------------------

def failing(call) -> str:
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    return str(caught.value)


def test_a_located_message_names_the_public_function_and_the_users_line() -> None:
    line = this_line() + 1
    text = failing(lambda: fg.norm([1.0], ord="no"))
    assert text.startswith(f"tf.norm (test_frames.py:{line}): 'ord' must be a supported vector")
    assert text.endswith("docs: errors#value-error")


def test_a_function_that_opens_the_problem_is_not_named_twice() -> None:
    line = this_line() + 1
    text = failing(lambda: fg.einsum("ij,jk->ik", [[1.0]]))
    assert text.startswith(f"tf.einsum (test_frames.py:{line}) got 1 inputs for the equation")


def test_what_the_user_called_is_named_and_not_what_that_calls() -> None:
    text = failing(lambda: fg.layers.conv2d(fg.zeros([1, 4, 4, 1]), 1, 2, data_format="no"))
    assert text.startswith("tf.layers.conv2d (test_frames.py:")


def test_a_constructor_is_named_by_its_class_and_a_method_by_both() -> None:
    assert failing(lambda: fg.train.FtrlOptimizer(0.1, learning_rate_power=1.0)).startswith(
        "tf.train.FtrlOptimizer (test_frames.py:")
    assert failing(lambda: fg.get_default_graph().get_operation_by_name(3)).startswith(
        "tf.Graph.get_operation_by_name (test_frames.py:")


def test_advice_and_section_stand_below_the_problem() -> None:
    assert located("tf.f needs 2 x", "Write f(1, 2).", "shape-error") == (
        f"tf.f (test_frames.py:{this_line() - 1}) needs 2 x\n"
        "  Write f(1, 2).   docs: errors#shape-error")
    assert located("no function is known").startswith(f"test_frames.py:{this_line()}: no function")


def test_a_method_is_named_by_the_public_class_of_its_object() -> None:
    class Mine(fg.train.GradientDescentOptimizer):
        pass

    line = this_line() + 1
    text = failing(lambda: Mine(0.1).minimize(fg.constant(1.0), var_list=[]))
    assert text.startswith(
        f"tf.train.GradientDescentOptimizer.minimize (test_frames.py:{line}): No variables")


def test_a_thread_that_runs_no_line_of_the_users_is_not_taken_for_one() -> None:
    session = fg.Session()
    session.close()
    with ThreadPoolExecutor(1) as threads:
        error = threads.submit(session.run, []).exception()
    assert str(error).startswith("tf.Session.run: Attempted to use a closed Session.")
    with ThreadPoolExecutor(1) as threads:
        line = this_line() + 1
        error = threads.submit(lambda: session.run([])).exception()
    assert str(error).startswith(f"tf.Session.run (test_frames.py:{line}): Attempted")
