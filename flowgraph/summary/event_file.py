"""Event files, which TensorBoard reads: TFRecord files of serialized Events, only ever appended to.

    events.out.tfevents.<seconds since 1970>.<host name><suffix>

Events wait in memory until there are some of them, or for a while; a thread sees to that. What
waits is also written when the program ends, and before it forks: the child then writes to a file of
its own.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from flowgraph.core.deadline import LONGEST
from flowgraph.core.logger import logger
from flowgraph.core.message import DecodeError
from flowgraph.core.system_error import local_path, system_error
from flowgraph.core.tfrecord import RecordWriter, read_records
from flowgraph.errors import DataLossError, OpError
from flowgraph.summary.messages import Event

_VERSION = "brain.Event:2"
_open: weakref.WeakSet[EventFile] = weakref.WeakSet()


class EventFile:
    """Events going to a file of a folder.

    The file is made with the first event.

    Args:
        logdir: the folder, made if it is not there; "" for that of the program.
        max_queue: how many events may wait in memory; 0 for any number.
        flush_secs: how long, in seconds, an event may wait.
        suffix: ends the file's name.

    Raises:
        OpError: the folder cannot be made.
    """

    def __init__(self, logdir: str, max_queue: int = 10, flush_secs: float = 120,
                 suffix: str = "") -> None:
        self.logdir = logdir
        self._folder = os.path.abspath(local_path(logdir))  # the program may change its folder
        self._make_folder()
        self.path = ""
        self._max_queue, self._flush_secs, self._suffix = max_queue, flush_secs, suffix
        self._writer: RecordWriter | None = None
        self._waiting = 0
        self._lock = threading.RLock()
        self._stop: threading.Event | None = None
        _open.add(self)

    def add(self, event: bytes) -> None:
        """Adds a serialized Event.

        Args:
            event: the bytes.

        Raises:
            OpError: the file cannot be written.
        """
        with self._lock:
            first = self._writer is None
            if self._writer is None:
                self._writer = self._new_file()
            self._writer.write(event)
            self._waiting += 1
            if first or 0 < self._max_queue <= self._waiting:
                self.flush()
            elif self._stop is None:
                self._stop = threading.Event()
                weakref.finalize(self, self._stop.set)
                threading.Thread(target=_keep_flushing, daemon=True, name="flowgraph event file",
                                 args=(weakref.ref(self), self._stop, self._flush_secs)).start()

    def flush(self) -> None:
        """Hands what waits to the system, so that readers of the file see it.

        Raises:
            OpError: the file cannot be written.
        """
        with self._lock:
            if self._writer is None or not self._waiting:
                return
            self._writer.flush()
            self._waiting = 0
            if not os.path.exists(self.path):
                logger().warning("The events file %s has disappeared; the next event opens a new "
                                 "one.", self.path)
                self._writer = None

    def close(self) -> None:
        """Writes what waits and closes the file; the next event would open another one."""
        with self._lock:
            if self._stop is not None:
                self._stop.set()
                self._stop = None
            writer, self._writer, self._waiting = self._writer, None, 0
            if writer is not None:
                writer.close()

    def _make_folder(self) -> None:
        try:
            os.makedirs(self._folder, exist_ok=True)
        except (OSError, ValueError) as error:
            raise system_error(self.logdir, error) from None

    def _new_file(self) -> RecordWriter:
        now = int(time.time())
        name = os.path.join(self._folder, f"events.out.tfevents.{now:010d}.{socket.gethostname()}")
        self.path, tries = name + self._suffix, 0
        self._make_folder()  # it may have been removed since
        while True:
            try:
                Path(self.path).touch(exist_ok=False)
                break
            except FileExistsError:  # of another writer in the same second
                self.path, tries = f"{name}.{os.getpid()}.{tries}{self._suffix}", tries + 1
            except OSError as error:
                raise system_error(self.path, error) from None
        writer = RecordWriter(self.path)
        writer.write(Event(wall_time=now, file_version=_VERSION).SerializeToString())
        self._waiting += 1
        return writer


def _keep_flushing(reference: weakref.ref[EventFile], stop: threading.Event,
                   seconds: float) -> None:
    while not stop.wait(min(seconds, LONGEST)):
        file = reference()
        if file is None:
            return
        try:
            file.flush()
        except OpError as error:  # the next event raises it for the user
            logger().warning("Could not write events: %s", error)
        del file


# ---- the end of the program, and forks -----------------------------------------------------------


def _flush_all() -> None:
    for file in list(_open):
        try:
            file.flush()
        except OpError as error:
            logger().warning("Could not write events: %s", error)


_held: list[EventFile] = []


def _before_fork() -> None:
    for file in list(_open):
        file._lock.acquire()
        _held.append(file)
    _flush_all()


def _in_parent() -> None:
    while _held:
        _held.pop()._lock.release()


def _in_child() -> None:
    while _held:
        file = _held.pop()
        file._lock = threading.RLock()
        file._writer, file._stop, file._waiting = None, None, 0  # the thread is not in the child


atexit.register(_flush_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)


# ---- reading -------------------------------------------------------------------------------------


def summary_iterator(path: str | bytes | os.PathLike[str]) -> Iterator[Event]:
    """Reads the events of an event file, one by one.

    Args:
        path: the file.

    Yields:
        `tf.Event` messages.

    Raises:
        NotFoundError: there is no such file.
        DataLossError: the file is damaged, or ends inside an event; what stands before has been
            given out by then.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> with tempfile.TemporaryDirectory() as logdir:
        ...     with fg.summary.FileWriter(logdir) as writer:
        ...         loss = fg.Summary.Value(tag="loss", simple_value=0.5)
        ...         writer.add_summary(fg.Summary(value=[loss]), global_step=3)
        ...     path = os.path.join(logdir, os.listdir(logdir)[0])
        ...     for event in fg.train.summary_iterator(path):
        ...         for value in event.summary.value:
        ...             print(event.step, value.tag, value.simple_value)
        3 loss 0.5
    """
    at = 0
    for record in read_records(path):
        try:
            event = Event.FromString(record)
        except DecodeError as error:
            raise DataLossError(None, None, f"{os.fsdecode(path)}: the record at {at} is no "
                                f"tf.Event: {error}") from None
        at += len(record) + 16
        yield event
