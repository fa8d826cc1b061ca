"""Queues between threads: waiting, closing, giving up; nothing is lost and nobody stays stuck."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.ops.queue_state import PriorityQueue, ShuffleQueue

LONG = 60  # seconds, after which a test has failed
errors = fg.errors


def ints(capacity=5, **options):
    return fg.FIFOQueue(capacity, fg.int32, shapes=[[]], **options)


class Running:
    """A run in a thread of its own: what it gave, or raised."""

    def __init__(self, sess, fetch, options=None):
        self.result = self.error = None
        self._thread = threading.Thread(target=self._run, args=(sess, fetch, options), daemon=True)
        self._thread.start()

    def _run(self, sess, fetch, options):
        try:
            self.result = sess.run(fetch, options=options)
        except Exception as error:
            self.error = error

    def waits(self):
        self._thread.join(0.05)
        return self._thread.is_alive()

    def outcome(self):
        self._thread.join(LONG)
        assert not self._thread.is_alive(), "it is stuck"
        if self.error is not None:
            raise self.error
        return self.result


# ---- waiting -------------------------------------------------------------------------------------


def test_dequeue_waits_for_an_element():
    queue = ints()
    element, enqueue = queue.dequeue(), queue.enqueue(7)
    with fg.Session() as sess:
        waiting = Running(sess, element)
        assert waiting.waits()
        sess.run(enqueue)
        assert waiting.outcome() == 7


def test_enqueue_waits_for_room():
    queue = ints(1)
    element, enqueue, size = queue.dequeue(), queue.enqueue(7), queue.size()
    with fg.Session() as sess:
        sess.run(enqueue)
        waiting = Running(sess, enqueue)
        assert waiting.waits()
        assert sess.run(element) == 7
        waiting.outcome()
        assert sess.run(size) == 1


def test_a_batch_may_be_larger_than_the_queue():
    queue = ints(2)
    many, batch = queue.enqueue_many([list(range(7))]), queue.dequeue_many(7)
    with fg.Session() as sess:
        filling = Running(sess, many)
        assert filling.waits()
        assert sess.run(batch).tolist() == list(range(7))
        filling.outcome()


def test_who_waits_first_is_served_first():
    queue = ints()
    three, one = queue.dequeue_many(3), queue.dequeue()
    four = queue.enqueue_many([[1, 2, 3, 4]])
    with fg.Session() as sess:
        first = Running(sess, three)
        assert first.waits()
        second = Running(sess, one)
        assert second.waits()
        sess.run(four)
        assert first.outcome().tolist() == [1, 2, 3]
        assert second.outcome() == 4


def test_min_after_dequeue_keeps_elements_back_until_the_queue_is_closed():
    queue = fg.RandomShuffleQueue(10, 3, fg.int32, shapes=[[]])
    fill, batch, close = queue.enqueue_many([[1, 2, 3, 4]]), queue.dequeue_many(2), queue.close()
    with fg.Session() as sess:
        sess.run(fill)
        waiting = Running(sess, batch)
        assert waiting.waits()
        sess.run(close)
        assert len(waiting.outcome()) == 2


# ---- closing -------------------------------------------------------------------------------------


def test_close_waits_its_turn_behind_what_is_being_enqueued():
    queue = ints(1)
    enqueue, close, closed = queue.enqueue(1), queue.close(), queue.is_closed()
    two = queue.dequeue_many(2)
    with fg.Session() as sess:
        sess.run(enqueue)
        pending, closing = Running(sess, enqueue), None
        assert pending.waits()
        closing = Running(sess, close)
        assert closing.waits()
        assert not sess.run(closed)
        assert sess.run(two).tolist() == [1, 1]
        pending.outcome()
        closing.outcome()
        assert sess.run(closed)


def test_close_may_send_those_away_who_wait_for_room():
    queue = ints(1)
    enqueue, close = queue.enqueue(1), queue.close(cancel_pending_enqueues=True)
    element = queue.dequeue()
    with fg.Session() as sess:
        sess.run(enqueue)
        pending = Running(sess, enqueue)
        assert pending.waits()
        sess.run(close)
        with pytest.raises(errors.CancelledError, match="Enqueue operation was cancelled"):
            pending.outcome()
        assert sess.run(element) == 1
        with pytest.raises(errors.OutOfRangeError, match="requested 1, current size 0"):
            sess.run(element)


def test_what_was_taken_in_vain_is_back_in_the_queue_in_its_order():
    queue = ints()
    fill, four, close = queue.enqueue_many([[1, 2, 3]]), queue.dequeue_many(4), queue.close()
    rest = queue.dequeue_up_to(4)
    with fg.Session() as sess:
        sess.run(fill)
        waiting = Running(sess, four)
        assert waiting.waits()
        sess.run(close)
        with pytest.raises(errors.OutOfRangeError, match="requested 1, current size 0"):
            waiting.outcome()
        assert sess.run(rest).tolist() == [1, 2, 3]


@pytest.mark.parametrize("use", ["enqueue", "dequeue", "read", "later"])
def test_closing_the_session_wakes_who_waits(use):
    queue = ints(1)
    enqueue = queue.enqueue(1)
    names = fg.FIFOQueue(1, fg.string)
    fetch = {"enqueue": enqueue, "dequeue": names.dequeue(),
             "read": fg.TextLineReader().read(names), "later": enqueue}[use]
    sess = fg.Session()
    if use != "read":
        sess.run(enqueue)
    waiting = Running(sess, fetch)
    assert waiting.waits()
    sess.close()
    with pytest.raises(errors.CancelledError, match="operation was cancelled"):
        waiting.outcome()


# ---- giving up -----------------------------------------------------------------------------------


def test_a_run_may_wait_for_a_time_only():
    queue = ints()
    batch, fill, size = queue.dequeue_many(2), queue.enqueue(1), queue.size()
    with fg.Session() as sess:
        sess.run(fill)
        start = time.monotonic()
        with pytest.raises(errors.DeadlineExceededError, match="Timed out"):
            sess.run(batch, options=fg.RunOptions(timeout_in_ms=50))
        assert time.monotonic() - start < LONG
        assert sess.run(size) == 1  # the element is back
        sess.run(fill)
        assert sess.run(batch).tolist() == [1, 1]


def test_a_session_may_set_the_time_for_all_its_runs():
    element = ints().dequeue()
    with fg.Session(config=fg.ConfigProto(operation_timeout_in_ms=30)) as sess, \
            pytest.raises(errors.DeadlineExceededError):
        sess.run(element)


def test_who_gave_up_does_not_hold_up_the_others():
    queue = ints()
    three, one, fill = queue.dequeue_many(3), queue.dequeue(), queue.enqueue(5)
    with fg.Session() as sess:
        sess.run(fill)
        with pytest.raises(errors.DeadlineExceededError):
            sess.run(three, options=fg.RunOptions(timeout_in_ms=20))
        assert sess.run(one) == 5


def test_a_run_may_be_given_more_time_than_systems_wait():
    queue = ints()
    one, fill = queue.dequeue(), queue.enqueue(5)
    with fg.Session() as sess:
        run = Running(sess, one, fg.RunOptions(timeout_in_ms=2 ** 62))
        assert run.waits()
        sess.run(fill)
        assert run.outcome() == 5


def test_the_time_of_a_run_ends_while_another_one_uses_the_reader():
    queue = fg.FIFOQueue(5, fg.string)
    record, fill = fg.IdentityReader().read(queue), queue.enqueue("a")
    with fg.Session() as sess:
        first = Running(sess, record)
        assert first.waits()
        with pytest.raises(errors.DeadlineExceededError):
            sess.run(record, options=fg.RunOptions(timeout_in_ms=20))
        sess.run(fill)
        assert first.outcome().value == b"a"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_ends_the_waiting():
    code = ("import signal\nimport flowgraph as fg\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # not if we ignore it
            "element = fg.FIFOQueue(5, fg.int32).dequeue()\n"
            "sess = fg.Session()\n"
            "try:\n    print('ready', flush=True)\n    sess.run(element)\n"
            "except KeyboardInterrupt:\n    print('stopped')\n")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.3)  # most likely it waits by now; it has to end in any case
        child.send_signal(signal.SIGINT)
        try:
            assert child.communicate(timeout=LONG)[0] == "stopped\n"
        finally:
            child.kill()


# ---- several threads -----------------------------------------------------------------------------


def test_nothing_is_lost_or_doubled_between_many_threads():
    queue = fg.FIFOQueue(7, fg.int64, shapes=[[]])
    number = fg.placeholder(fg.int64, [])
    enqueue, pair, one = queue.enqueue(number), queue.dequeue_many(2), queue.dequeue()
    taken = []
    with fg.Session() as sess:
        def fill(start):
            for i in range(start, start + 60):
                sess.run(enqueue, {number: i})

        def take(fetch, count):
            for _ in range(count):
                taken.extend(np.atleast_1d(sess.run(fetch)).tolist())

        threads = [threading.Thread(target=fill, args=(100 * i,)) for i in range(3)]
        threads += [threading.Thread(target=take, args=a) for a in ((pair, 60), (one, 60))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG)
        assert not any(thread.is_alive() for thread in threads)
    assert sorted(taken) == sorted(100 * i + j for i in range(3) for j in range(60))


def test_a_training_step_that_waits_holds_no_lock_of_a_variable():
    queue = fg.FIFOQueue(2, fg.float32, shapes=[[]])
    weight = fg.Variable(1.0)
    enqueue = queue.enqueue(weight)  # what is enqueued needs the variable that the step writes
    other = fg.assign_add(weight, 1.0)
    step = fg.assign_add(weight, queue.dequeue())
    with fg.Session() as sess:
        sess.run(weight.initializer)
        waiting = Running(sess, step)
        assert waiting.waits()
        assert Running(sess, other).outcome() == 2.0
        sess.run(enqueue)
        assert waiting.outcome() == 4.0


def test_an_element_is_a_copy_of_what_was_fed():
    queue = fg.FIFOQueue(2, fg.float32)
    value = fg.placeholder(fg.float32)
    enqueue, element = queue.enqueue(value), queue.dequeue()
    array = np.zeros(3, np.float32)
    with fg.Session() as sess:
        sess.run(enqueue, {value: array})
        array[:] = 9
        assert sess.run(element).tolist() == [0, 0, 0]


@pytest.mark.parametrize("queue", [
    ShuffleQueue(5, (fg.string, fg.int64), ((), (2,)), 0, 1, 1),
    PriorityQueue(5, (fg.int64, fg.string), ((), ()))], ids=["shuffle", "priority"])
def test_one_element_of_a_batch_does_not_keep_the_memory_of_the_others(queue):
    batch = [np.array([b"a", b"b"], object), np.arange(4).reshape(2, 2)]
    if isinstance(queue, PriorityQueue):
        batch = [np.array([2, 1]), batch[0]]
    queue.enqueue_many(tuple(batch))
    element = queue.dequeue()
    assert [(part.base, part.dtype) for part in element] == [(None, part.dtype) for part in batch]


def test_each_session_has_queues_of_its_own():
    queue = ints(shared_name="shared")
    enqueue, size = queue.enqueue(1), queue.size()
    with fg.Session() as one, fg.Session() as other:
        one.run(enqueue)
        assert (one.run(size), other.run(size)) == (1, 0)
