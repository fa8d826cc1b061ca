"""`tf.progress` and ProgressHook: what they write, where."""

from __future__ import annotations

import contextlib
import io
import sys
import types

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.platform import progress as module
from flowgraph.platform.progress import Progress, duration


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that a test moves; each look at it moves it by nothing."""
    now = [100.0]
    monkeypatch.setattr(Progress, "clock", staticmethod(lambda: now[0]))
    return now


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class AsciiTerminal(Terminal):
    encoding = "ascii"

    def write(self, text):
        return super().write(text.encode("ascii").decode())


def run(file, clock, steps=range(20), seconds=0.5, **settings):
    for step in (bar := fg.progress(steps, file=file, **settings)):
        clock[0] += seconds
        bar.set(loss=1.0 / (step + 1))
    return file.getvalue()


def test_a_log_gets_a_line_at_each_tenth_part(clock) -> None:
    lines = run(io.StringIO(), clock, title="train").splitlines()
    assert len(lines) == 10
    assert lines[0] == "train: 10% 2/20, 2/s, 0:09 left, loss=0.5"
    assert lines[-1] == "train: 100% 20/20, 2/s, 0:00 left, loss=0.05"


def test_a_log_of_unknown_length_gets_one_line_at_the_end(clock) -> None:
    assert run(io.StringIO(), clock, (n for n in range(30))) == (
        "100% 30/30, 2/s, in 0:15, loss=0.03333\n")
    log = io.StringIO()
    with fg.progress(file=log) as bar:
        bar.update(5)
    assert log.getvalue() == "5, in 0.0 s\n"


def test_a_terminal_gets_one_line_that_is_written_anew(clock) -> None:
    text = run(Terminal(), clock, title="train")
    assert text.count("\n") == 1 and text.endswith("\n")
    lines = text.split("\r")
    assert len(lines) == 1 + 1 + 20 + 1  # before the first, 20 steps, and the end
    assert "train   45% ██████████▊               9/20  2/s  0:05 left  loss=0.1111" in lines[10]
    assert lines[-1].startswith("train  100% ████████████████████████  20/20  2/s  in 0:10")


def test_a_terminal_is_not_written_to_at_every_step(clock) -> None:
    text = run(Terminal(), clock, range(1000), seconds=0.001)
    assert text.count("\r") < 15


def test_a_terminal_without_blocks_gets_other_signs(clock) -> None:
    assert "100% ########################" in run(AsciiTerminal(), clock)


def test_a_line_is_no_longer_than_the_terminal(clock, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = run(Terminal(), clock, title="t" * 30)
    assert max(len(line.rstrip("\n")) for line in text.split("\r")) == 39


def test_nothing_that_is_shown_moves_the_cursor(clock) -> None:
    log = io.StringIO()
    with fg.progress(total=1, title="a\x1b[2Jb", file=log) as bar:
        bar.set(**{"x\r": "1\n2\x1b[0m", "long": "y" * 100, "array": np.float32(0.1)})
        bar.update()
    (line,) = log.getvalue().splitlines()
    assert line.startswith("a\\x1b[2Jb: 100% 1/1") and "\x1b" not in line
    assert "x\\x0d=1 2\\x1b[0m" in line and "array=0.1" in line and "y" * 40 not in line


@pytest.mark.parametrize("breaks", [True, False], ids=["break", "error"])
def test_a_loop_that_ends_early_says_how_far_it_came(breaks) -> None:
    log = io.StringIO()
    with contextlib.suppress(ZeroDivisionError):
        for step in fg.progress(range(100), file=log):
            if step == 45:
                if breaks:
                    break
                step / 0
    assert log.getvalue().splitlines()[-1] == "45% 45/100, in 0.0 s"


def test_more_steps_than_the_total_and_fewer(clock) -> None:
    log = io.StringIO()
    with fg.progress(total=2, file=log) as bar:
        bar.update(3)
    assert log.getvalue() == "3, in 0.0 s\n"

    class Liar(list):
        def __len__(self):
            return 10

    assert run(io.StringIO(), clock, Liar([1, 2])).splitlines()[-1].startswith("100% 2/2")


def test_an_empty_loop_is_done() -> None:
    log = io.StringIO()
    assert list(fg.progress([], file=log)) == []
    assert log.getvalue() == "100% 0/0, in 0.0 s\n"


def test_a_closed_file_does_not_end_the_loop() -> None:
    log = io.StringIO()
    bar = fg.progress(range(20), file=log)
    log.close()
    assert list(bar) == list(range(20))


@pytest.mark.parametrize("arguments, error, words", [
    ({"total": -1}, ValueError, "0 or more, not -1"),
    ({"total": 1.5}, TypeError, "total must be an integer, not 1.5"),
    ({"iterable": 100}, TypeError, r"progress\(range\(n\)\)"),
])
def test_a_wrong_use_says_so(arguments, error, words) -> None:
    with pytest.raises(error, match=words):
        fg.progress(**arguments)
    if "total" in arguments:
        with pytest.raises(error, match=words):
            fg.train.ProgressHook(arguments["total"])


def test_a_bar_without_an_iterable_is_not_iterated_over() -> None:
    with pytest.raises(TypeError, match="update"):
        list(fg.progress(total=3, file=io.StringIO()))
    with pytest.raises(TypeError, match="total="):
        len(fg.progress(iter([]), file=io.StringIO()))
    assert len(fg.progress(range(3), file=io.StringIO())) == 3


@pytest.mark.parametrize("seconds, text", [
    (0, "0:00"), (59.9, "0:59"), (3600, "1:00:00"), (float("inf"), "?"), (float("nan"), "?")])
def test_duration(seconds, text) -> None:
    assert duration(seconds) == text


# ---- in a notebook -------------------------------------------------------------------------------


class Outputs:
    """Stands for IPython's `display` module: keeps what each output of the cell shows."""

    def __init__(self):
        self.shown = []

    def display(self, bundle, raw=False, display_id=False):
        assert raw
        self.shown.append([bundle])
        return types.SimpleNamespace(update=lambda bundle, raw: self.shown[-1].append(bundle))


@pytest.fixture
def notebook(monkeypatch):
    outputs = Outputs()
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=True)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", outputs)
    return outputs


def test_a_notebook_gets_one_output_that_is_replaced(clock, notebook) -> None:
    for _ in (bar := fg.progress(range(4), title="<b>")):
        clock[0] += 1
        bar.set(x="<i>")
    (output,) = notebook.shown
    last = output[-1]
    assert last["text/html"] == (
        '<div>&lt;b&gt; <progress value="1.0000" max="1"></progress> 100% &nbsp; '
        "4/4 &nbsp; 1/s &nbsp; in 4.0 s &nbsp; x=&lt;i&gt;</div>")
    assert last["text/plain"] == "<b>: 100% 4/4, 1/s, in 4.0 s, x=<i>"
    assert len(output) == 6


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch) -> None:
    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert module.notebook_display() is None
    del ipython.get_ipython
    assert module.notebook_display() is None


# ---- the hook ------------------------------------------------------------------------------------


def test_the_hook_fetches_values_only_when_they_are_shown() -> None:
    fetched = []
    value = fg.py_func(lambda: fetched.append(1) or np.float32(len(fetched)), [], fg.float32)
    value.set_shape([])
    step = fg.train.get_or_create_global_step().assign_add(1)
    log = io.StringIO()
    hook = fg.train.ProgressHook(20, {"value": value}, file=log)
    with fg.train.SingularMonitoredSession(hooks=[hook]) as session:
        for _ in range(20):
            session.run(step)
    lines = log.getvalue().splitlines()
    assert len(lines) == len(fetched) == 10
    assert lines[-1].startswith("100% 20/20") and lines[-1].endswith("value=10")


def test_the_hook_takes_names_and_an_unknown_number_of_steps() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    log = io.StringIO()
    hook = fg.train.ProgressHook(tensors={"loss": "x"}, title="t", file=log)
    with fg.train.SingularMonitoredSession(hooks=[hook]) as session:
        session.run(x, {x: 1.0})
    assert log.getvalue() == "t: 1, in 0.0 s\n"
