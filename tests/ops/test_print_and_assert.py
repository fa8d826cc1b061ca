"""What Print and Assert write."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.print_and_assert import summarized


@pytest.mark.parametrize(("value", "limit", "text"), [
    (np.float32([1, 2.5, 3.14159274, 4]), 3, "1 2.5 3.14159274..."),
    (np.float32(1 / 3), 3, "0.333333343"),
    (np.float32([1e6, 1e-5, np.nan, np.inf, -np.inf, 16777216, 123456.789]), 10,
     "1e+06 1e-05 nan inf -inf 16777216 123456.789"),
    (np.float64([1 / 3, 0.1]), 3, "0.33333333333333331 0.1"),
    (np.arange(12).reshape(3, 4), 3, "[0 1 2...]..."),
    (np.arange(12).reshape(3, 4), 4, "[0 1 2 3]..."),
    (np.arange(12).reshape(3, 4), 5, "[0 1 2 3][4...]..."),
    (np.arange(12).reshape(3, 4), -1, "[0 1 2 3][4 5 6 7][8 9 10 11]"),
    (np.arange(8).reshape(2, 2, 2), 3, "[[0 1][2...]]..."),
    (np.arange(8).reshape(2, 2, 2), 4, "[[0 1][2 3]]..."),
    (np.zeros((0, 3)), 3, ""),
    (np.zeros(0), 3, ""),
    (np.array([True, False]), 3, "1 0"),
    (np.array([b"ab", b"c"], object), 3, "ab c"),
    (np.uint8([200]), -1, "200"),
])
def test_values_are_shown_as_tensorflow_shows_them(value, limit, text) -> None:
    assert summarized(np.asarray(value), limit) == text


def test_print_writes_message_and_values_to_stderr(capsys) -> None:
    x = fg.constant([1.0, 2.0, 3.0, 4.0])
    y = fg.Print(x, [x, fg.shape(x), "text"], message="x: ")
    with fg.Session() as session:
        session.run(y)
    captured = capsys.readouterr()
    assert captured.err == "x: [1 2 3...][4][text]\n"
    assert captured.out == ""


def test_print_prints_each_run_until_first_n(capsys) -> None:
    y = fg.Print(fg.constant(1), [fg.constant(7)], first_n=2, summarize=1)
    for _ in range(2):  # each session counts for itself
        with fg.Session() as session:
            for _ in range(4):
                session.run(y)
    assert capsys.readouterr().err == "[7]\n" * 4


def test_print_that_no_fetch_needs_does_not_print(capsys) -> None:
    x = fg.constant(1)
    fg.Print(x, [x])
    with fg.Session() as session:
        session.run(x + 1)
    assert capsys.readouterr().err == ""


def test_assert_names_its_op_and_shows_its_data() -> None:
    x = fg.placeholder(fg.float32, [2])
    check = fg.Assert(fg.reduce_all(x > 0.0), ["x must be positive:", x], name="check")
    with fg.Session() as session:
        session.run(check, {x: [1, 2]})
        with pytest.raises(fg.errors.InvalidArgumentError) as caught:
            session.run(check, {x: [1, -2]})
    assert "assertion failed: [x must be positive:] [1 -2]" in str(caught.value)
    assert caught.value.op is check
    assert check.name == "check/Assert"
