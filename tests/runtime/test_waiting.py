"""Runs with ops that wait for other runs: no locks while waiting, then as any run."""

from __future__ import annotations

import io
import queue
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.opdef.opdef import REGISTRY, NotDifferentiable, OpDef
from flowgraph.program.extract import extract
from flowgraph.program.waiting import split_at_waits

ELEMENTS: queue.Queue[np.ndarray] = queue.Queue()


class WaitForElement(OpDef):
    """Takes an element, when there is one."""

    effects = "resource"
    waits = True
    grad = NotDifferentiable

    def infer(self):
        return Spec(dt.float32, None)

    def kernel(self, xp):
        return ELEMENTS.get(timeout=60)


WAITS = REGISTRY.pop(WaitForElement.type)  # the tables of all ops do not know it


@pytest.fixture(autouse=True)
def only_here():
    REGISTRY[WaitForElement.type] = WAITS
    yield
    del REGISTRY[WaitForElement.type]


@pytest.fixture(autouse=True)
def no_elements():
    ELEMENTS.queue.clear()


def put(*elements) -> None:
    for element in elements:
        ELEMENTS.put(np.array(element, np.float32))


def parts(*fetches):
    """The names of the instructions of the two parts."""
    found = split_at_waits(extract(list(fetches), []))
    return found and tuple([i.origins[0].name for i in part.instrs] for part in found)


def test_what_waits_runs_first_with_what_it_needs() -> None:
    w = fg.Variable(1.0, name="w")
    ready = fg.multiply(w, 2.0, name="ready")
    with fg.control_dependencies([ready]):
        x = WaitForElement.build(name="x")
    up = fg.assign_add(w, fg.negative(x, name="minus"), name="up")
    assert parts(up) == (["w/read", "ready", "x"], ["minus", "up"])


@pytest.mark.parametrize("fetches", ["waits", "does not"], ids=str)
def test_one_part_is_enough_without_a_rest_or_without_waiting(fetches) -> None:
    x, w = WaitForElement.build(), fg.Variable(1.0)
    assert parts(x if fetches == "waits" else w + 1.0) is None


def test_a_waiting_run_holds_no_locks() -> None:
    w = fg.Variable(0.0)
    up = fg.assign_add(w, fg.reduce_sum(WaitForElement.build()))
    other = fg.assign_add(w, 10.0)
    with fg.Session() as sess:
        sess.run(w.initializer)
        thread = threading.Thread(target=sess.run, args=(up,))
        thread.start()
        assert sess.run(other) == 10.0
        put([1.0, 2.0])
        thread.join()
        assert sess.run(w) == 13.0


def test_many_waiting_runs_lose_no_update() -> None:
    w = fg.Variable(0.0)
    up = fg.assign_add(w, fg.reduce_sum(WaitForElement.build()))
    with fg.Session() as sess:
        sess.run(w.initializer)
        threads = [threading.Thread(target=lambda: [sess.run(up) for _ in range(50)])
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        put(*[[1.0]] * 200)
        for thread in threads:
            thread.join()
        assert sess.run(w) == 200.0


def test_a_variable_written_before_waiting_is_read_as_before_the_run() -> None:
    w = fg.Variable(1.0)
    up = fg.assign(w, 5.0)
    with fg.control_dependencies([up.op]):
        x = WaitForElement.build()
    other = fg.Variable(0.0)
    put(2.0)
    with fg.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([x, fg.assign(other, w), fg.multiply(w, 3.0)]) == [2.0, 1.0, 3.0]
        assert sess.run(w) == 5.0


def test_fetches_are_the_callers_own() -> None:
    y = fg.placeholder(fg.float32, [2])
    x, w = WaitForElement.build(), fg.Variable([0.0, 0.0])
    fetches = [x, fg.identity(x), fg.identity(y), fg.assign(w, x)]
    put([1.0, 2.0])
    fed = np.array([3.0, 4.0], np.float32)
    with fg.Session() as sess:
        got = sess.run(fetches, {y: fed})
        for array in got:
            array[:] = -1.0
        assert fed.tolist() == [3.0, 4.0]
        assert sess.run(w).tolist() == [1.0, 2.0]


def test_an_error_in_the_rest_leaves_variables_alone() -> None:
    w = fg.Variable([0.0, 0.0])
    up = fg.assign_add(w, WaitForElement.build(name="element"))
    put([1.0, 2.0, 3.0], [1.0, 2.0])
    with fg.Session() as sess:
        sess.run(w.initializer)
        with pytest.raises(fg.errors.InvalidArgumentError, match="element"):
            sess.run(up)
        assert sess.run(w).tolist() == [0.0, 0.0]
        assert sess.run(up).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("runner", ["auto", "interpreter", "source"])
def test_the_rest_is_planned_for_the_shapes_that_come(runner) -> None:
    x = WaitForElement.build()
    y, w = fg.reduce_sum(fg.tanh(x) * 2.0), fg.Variable(0.0)
    up = fg.assign(w, y)
    with fg.Session(runner=runner) as sess:
        for element in [np.ones(3), np.ones((2, 2)), np.ones(3), np.zeros(0)]:
            put(element)
            assert sess.run([y, up])[0] == pytest.approx(2 * np.tanh(1.0) * element.sum())


def test_explain_shows_both_parts() -> None:
    w = fg.Variable(0.0)
    text = str(fg.Session().explain(fg.assign(w, WaitForElement.build()), file=io.StringIO()))
    assert "# Source of what waits" in text
    assert "# Source:" in text


# ---- what is written before waiting --------------------------------------------------------------


def counted_then_waits(rest=False):
    """(a counter, a run that counts it up, waits, and may write another variable)."""
    counter = fg.Variable(0, name="counter")
    up = fg.assign_add(counter, 1, name="up")
    with fg.control_dependencies([up]):
        x = WaitForElement.build(name="x")
    return counter, fg.assign(fg.Variable(0.0, name="w"), x, name="set") if rest else x


@pytest.mark.parametrize("rest", [False, True])
def test_what_is_written_before_waiting_is_done_before_and_holds_no_lock(rest) -> None:
    counter, run = counted_then_waits(rest)
    other = fg.assign_add(counter, 10)
    with fg.Session() as sess:
        sess.run(fg.global_variables_initializer())
        thread = threading.Thread(target=sess.run, args=(run,))
        thread.start()
        while sess.run(counter) < 1:
            pass
        assert sess.run(other) == 11  # it would wait here for the lock
        put(7.0)
        thread.join()
        assert sess.run(counter) == 11


def test_the_parts_of_a_run_that_writes_before_it_waits() -> None:
    _, run = counted_then_waits()
    before, waits = parts(run)
    assert ("up" in before, waits) == (True, ["x"])
    _, run = counted_then_waits(rest=True)
    text = str(fg.Session().explain(run, file=io.StringIO()))
    assert [text.count(f"# Source{title}:") for title in (
        " of what is done before waiting", " of what waits", "")] == [1, 1, 1]


def test_what_was_written_before_waiting_stays_when_the_waiting_fails() -> None:
    counter = fg.Variable(0)
    queue = fg.FIFOQueue(1, fg.int32)
    with fg.control_dependencies([fg.assign_add(counter, 1)]):
        element = queue.dequeue()
    with fg.Session() as sess:
        sess.run([counter.initializer, queue.close()])
        for _ in range(2):
            with pytest.raises(fg.errors.OutOfRangeError):
                sess.run(element)
        assert sess.run(counter) == 2


# ---- putting in and taking out in one run --------------------------------------------------------


def test_what_puts_in_goes_before_what_takes_out() -> None:
    queue = fg.FIFOQueue(5, fg.int32)
    element = queue.dequeue()
    put_in = queue.enqueue(fg.multiply(2, 3, name="six"))
    w = fg.Variable(1)
    with fg.Session() as sess:
        sess.run(w.initializer)
        assert sess.run([element, put_in])[0] == 6
        assert sess.run([put_in, fg.assign_add(w, element)])[1] == 7


def test_what_is_put_back_comes_after_it_was_taken_out() -> None:
    queue = fg.FIFOQueue(5, fg.int32)
    element = queue.dequeue()
    put_back, put_in = queue.enqueue(element + 1), queue.enqueue(10)
    with fg.Session() as sess:
        assert sess.run([put_back, element, put_in])[1] == 10
        assert sess.run(element) == 11


def test_gradients_are_applied_before_they_are_taken() -> None:
    total = fg.ConditionalAccumulator(fg.float32)
    mean = total.take_grad(2)
    with fg.Session() as sess:
        assert sess.run([mean, total.apply_grad(1.0), total.apply_grad(3.0)])[0] == 2.0


def test_control_dependencies_count_more() -> None:
    queue = fg.FIFOQueue(5, fg.int32)
    fill = queue.enqueue(1)
    element = queue.dequeue()
    with fg.control_dependencies([element]):
        later = queue.enqueue(2)
    with fg.Session() as sess:
        sess.run(fill)
        assert sess.run([later, element])[1] == 1
        assert sess.run(element) == 2


def test_who_only_looks_keeps_the_place_in_which_it_was_built() -> None:
    queue = fg.FIFOQueue(5, fg.int32)
    before, element = queue.size(), queue.dequeue()
    with fg.control_dependencies([element]):
        after = queue.size()
    with fg.Session() as sess:
        sess.run(queue.enqueue_many([[1, 2, 3]]))
        assert sess.run([after, element, before]) == [2, 1, 3]
