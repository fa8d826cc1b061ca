"""User frames: which line of the user's program built an op."""

from __future__ import annotations

import sys

import flowgraph as fg
from flowgraph.core import frames
from flowgraph.core.frames import NOWHERE, PACKAGE, user_frame


def this_line() -> int:
    return sys._getframe(1).f_lineno


def test_an_op_carries_the_file_line_and_function_that_built_it() -> None:
    line = this_line() + 1
    frame = fg.constant(1.0).op.frame
    assert frame == (__file__, line, "test_an_op_carries_the_file_line_and_function_that_built_it")
    assert str(frame) == f"test_frames.py:{line}"


def test_operators_and_composed_functions_carry_the_users_line(fresh_graph) -> None:
    x = fg.placeholder(fg.float32, [None, 3])
    before = fresh_graph.version
    line = this_line() + 1
    y = fg.reduce_logsumexp(x * 2.0 + 1.0, axis=1)  # many ops, some of them in nested scopes
    built = fresh_graph.get_operations()[before:]
    assert len(built) > 5
    assert {op.frame.lineno for op in built} == {line}
    assert y.op.traceback == [(__file__, line, "test_operators_and_composed_functions_carry_"
                                               "the_users_line")]


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
