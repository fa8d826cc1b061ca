"""Queue runners: threads that fill a queue by running its enqueue operations.

    tf.train.batch(...)               makes a queue and puts a QueueRunner into a collection
    tf.train.start_queue_runners(..)  starts a thread per enqueue operation, and one that closes the
                                      queue when the coordinator stops
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.message import Message
from flowgraph.core.message_scalar import TEXT, Repeated, Scalar, enum
from flowgraph.errors import (
    OpError,
    OutOfRangeError,
    error_code_from_exception_type,
    exception_type_from_error_code,
)
from flowgraph.graph import stacks
from flowgraph.graph.collections import GraphKeys
from flowgraph.graph.graph import add_to_collection, get_collection, get_default_graph
from flowgraph.graph.names import in_scope, without_scope
from flowgraph.runtime.session import BaseSession
from flowgraph.train.coordinator import Coordinator

_CODES = enum({name: i for i, name in enumerate((
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"))})


class QueueRunnerDef(Message):
    """Names of the parts of a QueueRunner, as written into a MetaGraphDef.

    Args:
        queue_name: the queue's operation.
        enqueue_op_name: the enqueue operations.
        close_op_name: the operation to run when all threads have come to their end.
        cancel_op_name: the operation to run when the coordinator stops.
        queue_closed_exception_types: status codes of the errors that mean the end of the data.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.FIFOQueue(3, fg.int32, name="q")
        >>> runner = fg.train.QueueRunner(queue, [queue.enqueue(1)])
        >>> runner.to_proto().close_op_name
        'q_Close'
    """

    queue_name = Scalar(1, TEXT)
    enqueue_op_name = Repeated(2, TEXT)
    close_op_name = Scalar(3, TEXT)
    cancel_op_name = Scalar(4, TEXT)
    queue_closed_exception_types = Repeated(5, _CODES)


class QueueRunner:
    """Fills a queue by running its enqueue operations in threads.

    Each thread runs until its operation raises OutOfRangeError: there is no more data. The last one
    closes the queue. When the coordinator stops, the queue is closed at once.

    Args:
        queue: the queue.
        enqueue_ops: list of enqueue operations, one thread each; one may be there several times.
        close_op: closes the queue when all threads have come to their end; default
            `queue.close()`.
        cancel_op: closes the queue at once; default `queue.close(cancel_pending_enqueues=True)`.
        queue_closed_exception_types: tuple of classes under `tf.errors` that mean the end of the
            data; default OutOfRangeError.
        queue_runner_def: a QueueRunnerDef to take everything from.
        import_scope: a name scope to put before its names.

    Raises:
        ValueError: neither a queue with its operations nor a QueueRunnerDef is given, or both.
        TypeError: `queue_closed_exception_types` is no tuple of such classes.

    Example:
        >>> import flowgraph as fg
        >>> queue = fg.FIFOQueue(3, fg.int32, shapes=[()])
        >>> runner = fg.train.QueueRunner(queue, [queue.enqueue(7)])
        >>> sevens = queue.dequeue_many(5)
        >>> coord = fg.train.Coordinator()
        >>> with fg.Session() as sess:
        ...     threads = runner.create_threads(sess, coord=coord, start=True)
        ...     print(sess.run(sevens))
        ...     coord.request_stop()
        ...     coord.join(threads)
        [7 7 7 7 7]
    """

    def __init__(self, queue: Any = None, enqueue_ops: Any = None, close_op: Any = None,
                 cancel_op: Any = None, queue_closed_exception_types: Any = None,
                 queue_runner_def: QueueRunnerDef | None = None,
                 import_scope: str | None = None) -> None:
        if queue_runner_def is not None:
            if queue or enqueue_ops:
                raise ValueError(located("queue_runner_def and queue are mutually exclusive."))
            self._read(queue_runner_def, import_scope)
        else:
            if not queue or not enqueue_ops:
                raise ValueError(located("Must provide queue and enqueue_ops."))
            kinds = queue_closed_exception_types
            if kinds is not None and (not isinstance(kinds, tuple) or not kinds or not all(
                    issubclass(kind, OpError) for kind in kinds)):
                raise TypeError(located("queue_closed_exception_types, when provided, must be a "
                                        f"tuple of tf.error types, but saw: {kinds!r:.100}"))
            self._queue = queue
            self._enqueue_ops = enqueue_ops
            self._close_op = queue.close() if close_op is None else close_op
            self._cancel_op = (queue.close(cancel_pending_enqueues=True) if cancel_op is None
                               else cancel_op)
            self._ends = kinds or (OutOfRangeError,)
        self._lock = threading.Lock()
        self._running: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._exceptions_raised: list[Exception] = []

    def _read(self, message: QueueRunnerDef, import_scope: str | None) -> None:
        """Takes everything from a message."""
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(in_scope(name, import_scope))

        self._queue = element(message.queue_name)
        self._enqueue_ops = [element(name) for name in message.enqueue_op_name]
        self._close_op = element(message.close_op_name)
        self._cancel_op = element(message.cancel_op_name)
        self._ends = tuple(exception_type_from_error_code(code)
                           for code in message.queue_closed_exception_types) or (OutOfRangeError,)

    @property
    def queue(self) -> Any:
        """The queue."""
        return self._queue

    @property
    def enqueue_ops(self) -> Any:
        """The enqueue operations."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes the queue at the end of the data."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes the queue at once."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[OpError], ...]:
        """The errors that mean the end of the data."""
        return self._ends

    @property
    def exceptions_raised(self) -> list[Exception]:
        """What threads without a coordinator raised."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The queue's name."""
        return self._queue.name

    # ---- threads ---------------------------------------------------------------------------------

    def create_threads(self, sess: Any, coord: Coordinator | None = None, daemon: bool = False,
                       start: bool = False) -> list[threading.Thread]:
        """Makes the threads that fill the queue; none when those for this session still run.

        Args:
            sess: the Session that they run.
            coord: the Coordinator that they obey and report to.
            daemon: whether they are daemon threads, for which a program does not wait at its end.
            start: whether to start them too.

        Returns:
            The threads.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        title = f"QueueRunnerThread-{self.name}-"
        threads = [threading.Thread(target=self._run, args=(sess, op, coord), name=title + op.name)
                   for op in self._enqueue_ops]
        if coord is not None:
            threads.append(threading.Thread(target=self._close_on_stop, args=(sess, coord),
                                            name=title + "close_on_stop"))
        for thread in threads:
            if coord is not None:
                coord.register_thread(thread)
            thread.daemon = daemon or thread.daemon
            if start:
                thread.start()
        return threads

    def _run(self, sess: Any, enqueue_op: Any, coord: Coordinator | None) -> None:
        """One thread: fills the queue until there is no more data."""
        counted = False
        try:
            enqueue = None
            while coord is None or not coord.should_stop():
                try:
                    enqueue = enqueue or self._filler(sess, enqueue_op)
                    enqueue()
                except self._ends:
                    with self._lock:
                        self._running[sess] -= 1
                        counted = True
                        last = not self._running[sess]
                    if last:
                        self._try(sess, self._close_op)
                    return
        except Exception as error:
            if coord is not None:
                coord.request_stop(error)
                return
            logger().error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions_raised.append(error)
            raise
        finally:
            if not counted:
                with self._lock:
                    self._running[sess] -= 1

    def _filler(self, sess: Any, enqueue_op: Any) -> Callable[[], Any]:
        """What a thread calls again and again."""
        return sess.make_callable(enqueue_op)

    def _close_on_stop(self, sess: Any, coord: Coordinator) -> None:
        """The thread that closes the queue when the coordinator stops."""
        coord.wait_for_stop()
        self._try(sess, self._cancel_op)

    @staticmethod
    def _try(sess: Any, op: Any) -> None:
        """Runs an operation that closes the queue; it may be closed by now, or the session."""
        try:
            sess.run(op)
        except (OpError, RuntimeError) as error:
            logger().debug("Ignored exception: %s", error)

    # ---- as a message ----------------------------------------------------------------------------

    def to_proto(self, export_scope: str | None = None) -> QueueRunnerDef | None:
        """The names of its parts.

        Args:
            export_scope: a name scope to take off the names.

        Returns:
            A QueueRunnerDef; None when the queue is not in that scope.
        """
        def outside(element: Any) -> str:
            return without_scope(element.name, export_scope) or element.name

        if without_scope(self.name, export_scope) is None:
            return None
        return QueueRunnerDef(
            queue_name=outside(self), enqueue_op_name=[outside(op) for op in self._enqueue_ops],
            close_op_name=outside(self._close_op), cancel_op_name=outside(self._cancel_op),
            queue_closed_exception_types=[error_code_from_exception_type(kind)
                                          for kind in self._ends])

    @staticmethod
    def from_proto(queue_runner_def: QueueRunnerDef,
                   import_scope: str | None = None) -> QueueRunner:
        """The QueueRunner of a QueueRunnerDef, with the operations of the default graph.

        Args:
            queue_runner_def: the QueueRunnerDef.
            import_scope: a name scope to put before its names.
        """
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Puts a QueueRunner into a collection of the default graph, for `start_queue_runners`.

    Args:
        qr: the QueueRunner.
        collection: the collection's name.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     queue = fg.FIFOQueue(3, fg.int32)
        ...     fg.train.add_queue_runner(fg.train.QueueRunner(queue, [queue.enqueue(1)]))
        ...     len(fg.get_collection(fg.GraphKeys.QUEUE_RUNNERS))
        1
    """
    add_to_collection(collection, qr)


def start_queue_runners(sess: Any = None, coord: Coordinator | None = None, daemon: bool = True,
                        start: bool = True, collection: str = GraphKeys.QUEUE_RUNNERS
                        ) -> list[threading.Thread]:
    """Starts the threads of all QueueRunners of a graph.

    Args:
        sess: the Session that they run; default the default session.
        coord: the Coordinator that they obey and report to.
        daemon: whether they are daemon threads, for which a program does not wait at its end.
        start: whether to start them, or only to make them.
        collection: name of the collection that holds the QueueRunners.

    Returns:
        The threads.

    Raises:
        ValueError: there is no default session and none is given.
        TypeError: `sess` is no Session.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Graph().as_default():
        ...     number, = fg.train.slice_input_producer([[1, 2, 3]], shuffle=False)
        ...     pairs = fg.train.batch([number], 2)
        ...     with fg.Session() as sess:
        ...         coord = fg.train.Coordinator()
        ...         threads = fg.train.start_queue_runners(sess, coord)
        ...         print(sess.run(pairs), sess.run(pairs))
        ...         coord.request_stop()
        ...         coord.join(threads)
        [1 2] [3 1]
    """
    if sess is None:
        sess = stacks.sessions.top()
        if sess is None:
            raise ValueError(located(
                "Cannot start queue runners: No default session is registered. Use `with "
                "sess.as_default()` or pass an explicit session to tf.start_queue_runners("
                "sess=sess)"))
    if not isinstance(sess, BaseSession):
        # These have started them when they were made.
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []
        raise TypeError(located(f"sess must be a `tf.Session` object. Given class: {type(sess)}"))
    with sess.graph.as_default():
        runners = get_collection(collection)
        if not runners:
            logger().warning("`tf.train.start_queue_runners()` was called when no queue runners "
                             "were defined. You can safely remove the call to this deprecated "
                             "function.")
        return [thread for runner in runners for thread in runner.create_threads(
            sess, coord=coord, daemon=daemon, start=start)]
