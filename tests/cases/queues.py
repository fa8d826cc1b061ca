"""Cases of the ops of queues; waiting in threads is in tests/ops/test_queue_state.py."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
TEXTS = np.array([b"a", b"b", b"c"], object)
ERRORS = fg.errors


def after(steps, result):
    """Builds the steps, each after the one before, then the result."""
    last = []
    for step in steps:
        with fg.control_dependencies(last):
            last = [step()]
    with fg.control_dependencies(last):
        return result()


def fifo(x, texts):
    queue = fg.FIFOQueue(10, [x.dtype, fg.string], shapes=[[2], []])
    return after([lambda: queue.enqueue_many([x, texts]), lambda: queue.enqueue([[7.0, 8.0], "d"])],
                 lambda: [*queue.dequeue_many(2), *queue.dequeue()])


def ended(x):
    """A closed queue gives out what is left."""
    queue = fg.FIFOQueue(10, [x.dtype], shapes=[[2]])
    rest = after([lambda: queue.enqueue_many([x]), queue.close], lambda: queue.dequeue_up_to(5))
    with fg.control_dependencies([rest]):
        return [rest, queue.is_closed(), queue.size()]


def padding(x):
    queue = fg.PaddingFIFOQueue(5, [x.dtype, fg.string], shapes=[[None], [None]])
    return after([lambda: queue.enqueue([x, ["a"]]), lambda: queue.enqueue([x[:1], ["b", "c"]])],
                 lambda: queue.dequeue_many(2))


def shuffled(x):
    queue = fg.RandomShuffleQueue(50, 0, [fg.int32], shapes=[[]], seed=1)
    return after([lambda: queue.enqueue_many([x])], lambda: queue.dequeue_many(50))


def by_priority(priorities, texts):
    queue = fg.PriorityQueue(20, fg.string, shapes=[[]])
    return after([lambda: queue.enqueue_many([priorities, texts])], lambda: queue.dequeue_many(14))


def chosen(x):
    queues = [fg.FIFOQueue(5, x.dtype, shapes=[[2]]) for _ in range(2)]
    one = fg.QueueBase.from_list(1, queues)
    return after([lambda: queues[1].enqueue_many([x])], one.dequeue)


# What TensorFlow 1 gives for these seeds and these ties.
SHUFFLED = [27, 17, 33, 10, 35, 14, 34, 21, 23, 20, 32, 44, 19, 13, 22, 0, 47, 6, 11, 7, 39, 5, 40,
            24, 3, 43, 36, 16, 38, 15, 26, 42, 45, 18, 30, 31, 2, 28, 49, 9, 4, 25, 29, 41, 48, 8,
            37, 46, 1, 12]
PRIORITIES = np.array([3, 1, 2, 1, 3, 2, 2, 1, 0, 3, 3, 1, 0, 2])
PLACES = np.array([str(i).encode() for i in range(14)], object)
BY_PRIORITY = [b"8", b"12", b"11", b"1", b"3", b"7"]


def in_order(results):
    assert results[0].tolist() == sorted(PRIORITIES.tolist())
    assert results[1][:6].tolist() == BY_PRIORITY


CASES = [
    Case("FIFOQueueV2/order", fifo, (X, TEXTS),
         [X[:2], TEXTS[:2], X[2], np.array(b"c", object)]),
    Case("QueueDequeueUpToV2/closed", ended, (X,), [X, np.array(True), np.int32(0)]),
    Case("PaddingFIFOQueueV2/pads", padding, (np.array([5, 6], np.int64),),
         [np.array([[5, 6], [5, 0]]), np.array([[b"a", b""], [b"b", b"c"]], object)]),
    Case("RandomShuffleQueueV2/seed", shuffled, (np.arange(50, dtype=np.int32),),
         np.array(SHUFFLED, np.int32)),
    Case("PriorityQueueV2/ties", by_priority, (PRIORITIES, PLACES), check=in_order),
    Case("QueueDequeueV2/from_list", chosen, (X,), X[0]),
]


def int_queue(**options):
    return fg.FIFOQueue(5, fg.int32, shapes=[[]], **options)


def closed_queue(use):
    def build():
        queue = int_queue()
        return after([queue.close], lambda: use(queue))

    return build


def two_handles():
    return fg.stack([int_queue().queue_ref, int_queue().queue_ref])


def on_two(build):
    """A use of an op on two handles at once."""
    return lambda: build(fg.QueueBase([fg.int32], None, None, two_handles()))


BAD = [
    BadCase("FIFOQueueV2/no_component", lambda: fg.FIFOQueue(5, []), ValueError,
            ("FIFOQueueV2 '", "at least one")),
    BadCase("FIFOQueueV2/shapes", lambda: fg.FIFOQueue(5, [fg.int32], shapes=[[1], [2]]),
            ValueError, ("1 dtypes and 2 shapes",)),
    BadCase("FIFOQueueV2/partial", lambda: fg.FIFOQueue(5, fg.int32, shapes=[[None]]), ValueError,
            ("fully defined",)),
    BadCase("FIFOQueueV2/shared", lambda: [int_queue(shared_name="q").size(), fg.FIFOQueue(
        6, fg.int32, shapes=[[]], shared_name="q").size()], ERRORS.InvalidArgumentError,
        ("Shared queue 'q'", "5", "6"), phase="run"),
    BadCase("PaddingFIFOQueueV2/component", lambda: fg.PaddingFIFOQueue(5, [], shapes=[[]]),
            ValueError),
    BadCase("PaddingFIFOQueueV2/shared", lambda: [fg.PaddingFIFOQueue(
        5, fg.int32, shapes=[[n]], shared_name="q").size() for n in (1, 2)],
        ERRORS.InvalidArgumentError, ("PaddingFIFOQueueV2 '", "[1]", "[2]"), phase="run"),
    BadCase("PriorityQueueV2/shapes", lambda: fg.PriorityQueue(5, [fg.int32], shapes=[[1], [2]]),
            ValueError, ("PriorityQueueV2 '", "1 dtypes and 2 shapes")),
    BadCase("RandomShuffleQueueV2/capacity",
            lambda: fg.RandomShuffleQueue(5, 5, fg.int32, shapes=[[]]).size(),
            ERRORS.InvalidArgumentError, ("min_after_dequeue 5", "capacity 5"), phase="run"),
    BadCase("QueueEnqueueV2/closed", closed_queue(lambda q: q.enqueue(1)), ERRORS.CancelledError,
            ("is closed",), phase="run"),
    BadCase("QueueEnqueueV2/shape", lambda x: fg.FIFOQueue(5, fg.int32, [[2]]).enqueue(x),
            ERRORS.InvalidArgumentError, ("component 0", "[2]", "[3]"),
            (np.arange(3, dtype=np.int32),), "run"),
    BadCase("QueueEnqueueV2/components", lambda: fg.FIFOQueue(5, [fg.int32] * 2).enqueue([1]),
            ERRORS.InvalidArgumentError, ("Expected 2, got 1",), phase="run"),
    BadCase("QueueEnqueueV2/nothing", lambda: int_queue().enqueue([]), ValueError,
            ("QueueEnqueueV2 '", "nothing")),
    BadCase("QueueEnqueueManyV2/lengths", lambda x: fg.FIFOQueue(5, [fg.int32] * 2).enqueue_many(
        [x, x[1:]]), ERRORS.InvalidArgumentError, ("QueueEnqueueManyV2 '", "has 2", "have 3"),
        (np.arange(3, dtype=np.int32),), "run"),
    BadCase("QueueEnqueueManyV2/priority", lambda x: fg.PriorityQueue(5, []).enqueue_many([x]),
            ERRORS.InvalidArgumentError, ("scalar", "[1]"), (np.zeros((2, 1), np.int64),), "run"),
    BadCase("QueueDequeueV2/empty", closed_queue(fg.QueueBase.dequeue), ERRORS.OutOfRangeError,
            ("FIFOQueue '_0_fifo_queue", "requested 1, current size 0"), phase="run"),
    BadCase("QueueDequeueV2/dtype", lambda: fg.QueueBase(
        [fg.int64], None, None, int_queue().queue_ref).dequeue(), ERRORS.InvalidArgumentError,
        ("int64", "int32"), phase="run"),
    BadCase("QueueDequeueManyV2/shapes", lambda: fg.FIFOQueue(5, fg.int32).dequeue_many(1),
            ERRORS.InvalidArgumentError, ("specified shapes",), phase="run"),
    BadCase("QueueDequeueManyV2/negative", lambda: int_queue().dequeue_many(-1), ValueError,
            ("QueueDequeueManyV2 '", "-1")),
    BadCase("QueueDequeueUpToV2/empty", closed_queue(lambda q: q.dequeue_up_to(3)),
            ERRORS.OutOfRangeError, ("requested 3, current size 0",), phase="run"),
    BadCase("QueueCloseV2/twice", closed_queue(fg.QueueBase.close), ERRORS.CancelledError,
            ("already closed",), phase="run"),
    BadCase("QueueIsClosedV2/two", on_two(fg.QueueBase.is_closed), ValueError, ("(2,)",)),
    BadCase("QueueSizeV2/two", on_two(fg.QueueBase.size), ValueError, ("(2,)",)),
]
