"""`tf.summary.FileWriter`: puts summaries, graphs and logs into an event file."""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from types import TracebackType
from typing import Any, Self

from flowgraph.core import wire
from flowgraph.core.frames import located, user_frame
from flowgraph.core.logger import logger
from flowgraph.core.message_scalar import DOUBLE
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.summary.event_file import EventFile
from flowgraph.summary.merging import values_of
from flowgraph.summary.messages import TaggedRunMetadata, Value

_files_of: weakref.WeakKeyDictionary[Any, dict[str, EventFile]] = weakref.WeakKeyDictionary()
_GRAPH_DEF, _SUMMARY, _SESSION_LOG, _RUN_METADATA, _META_GRAPH = 4, 5, 7, 8, 9  # fields of Event
_METADATA = wire.varint(9 << 3 | wire.BYTES)  # opens the metadata of a serialized value


class FileWriter:
    """Writes summaries and graphs to an event file, which TensorBoard reads.

    Events are buffered: they are in the file once `max_queue` of them wait, after `flush_secs`
    seconds, after `flush` or `close`, or when the program ends. Usable in a with block.

    Args:
        logdir: the folder of the file; made if it is not there. The file itself is made with the
            first event.
        graph: a Graph to write at once, as `add_graph` does.
        max_queue: how many events may wait in memory.
        flush_secs: how long, in seconds, an event may wait.
        graph_def: a GraphDef to write instead of a Graph.
        filename_suffix: ends the file's name.
        session: a Session; writers of one session and folder write to one file.

    Raises:
        tf.errors.OpError: the folder cannot be made.

    Example:
        >>> import os, tempfile
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> loss = fg.summary.scalar("loss", x)
        >>> with tempfile.TemporaryDirectory() as logdir, fg.Session() as sess:
        ...     writer = fg.summary.FileWriter(logdir)
        ...     for step in range(3):
        ...         writer.add_summary(sess.run(loss, {x: 1.0 / (step + 1)}), step)
        ...     writer.close()
        ...     [name[:20] for name in os.listdir(logdir)]
        ['events.out.tfevents.']
    """

    def __init__(self, logdir: Any, graph: Any = None, max_queue: int = 10,
                 flush_secs: float = 120, graph_def: Any = None,
                 filename_suffix: str | None = None, session: Any = None) -> None:
        folder = _folder(logdir)
        shared = {} if session is None else _files_of.setdefault(session, {})
        if folder not in shared:
            shared[folder] = EventFile(folder, max_queue, flush_secs, filename_suffix or "")
        self._file = shared[folder]
        self._closed = False
        self._tags_with_metadata: set[bytes] = set()
        self._run_tags: set[str] = set()
        if graph is not None or graph_def is not None:
            from flowgraph.io.graphs.meta_graph import create_meta_graph_def
            written = self.add_graph(graph, graph_def=graph_def)
            self.add_meta_graph(create_meta_graph_def(graph_def=written))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    # ---- what is written -------------------------------------------------------------------------

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Writes a summary.

        What a tag's first value says about how to show it holds for all that follow: it is written
        once.

        Args:
            summary: what running a summary gave, or a `tf.Summary`.
            global_step: the step that it belongs to.

        Raises:
            ValueError: the bytes are no summary.
        """
        serialized = _serialized(summary, "summary")
        try:
            values = values_of(serialized)
            kept = [self._stripped(value) for value in values]
        except wire.WireError as error:
            raise ValueError(located(f"the bytes given for summary are no tf.Summary: {error}",
                                     "Pass what Session.run gives for a summary.")) from None
        if kept != values:
            serialized = b"".join(wire.field(1, value) for value in kept)
        self._add(_SUMMARY, serialized, global_step)

    def _stripped(self, value: bytes) -> bytes:
        """A serialized value without its metadata, if its tag had some before."""
        if _METADATA not in value:  # most values have none, and parsing takes its time
            return value
        tag, has_metadata = b"", False
        for number, _, content in wire.fields(value):
            if number == 1 and isinstance(content, bytes):
                tag = content
            has_metadata |= number == 9
        if not has_metadata or tag not in self._tags_with_metadata:
            if has_metadata:
                self._tags_with_metadata.add(tag)
            return value
        message = Value.FromString(value)
        message.ClearField("metadata")
        return message.SerializeToString()

    def add_event(self, event: Any) -> None:
        """Writes an event as it is.

        Args:
            event: a `tf.Event`; its wall time is the caller's to set.
        """
        self._put(_serialized(event, "event"))

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Writes that a session started, stopped, or saved a checkpoint.

        Args:
            session_log: a `tf.SessionLog`.
            global_step: the step that it belongs to.
        """
        self._add(_SESSION_LOG, _serialized(session_log, "session_log"), global_step)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> Any:
        """Writes a graph, for TensorBoard to draw.

        Args:
            graph: a Graph.
            global_step: the step that it belongs to.
            graph_def: a GraphDef to write instead.

        Returns:
            The GraphDef written.

        Raises:
            ValueError: both are given.
            TypeError: it is something else.
        """
        from flowgraph.io.graphs.graph_messages import GraphDef
        if graph is not None and graph_def is not None:
            raise ValueError(located("Please pass only graph, or graph_def (deprecated), but not "
                                     "both."))
        given = graph if graph is not None else graph_def
        if isinstance(given, Graph):
            if graph is None:
                logger().warning("When passing a `Graph` object, please use the `graph` named "
                                 "argument instead of `graph_def`.")
            message = given.as_graph_def(add_shapes=True)  # type: ignore[attr-defined]
        elif isinstance(given, GraphDef):
            logger().warning("Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a "
                             "`Graph` object instead, such as `sess.graph`.")
            message = given
        else:
            raise TypeError(located("The passed graph must be an instance of `Graph` or the "
                                    f"deprecated `GraphDef`, not {given!r:.100}"))
        self._add(_GRAPH_DEF, message.SerializeToString(), global_step)
        return message

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Writes a graph with its collections and signatures.

        Args:
            meta_graph_def: a MetaGraphDef, as `tf.train.export_meta_graph` gives.
            global_step: the step that it belongs to.

        Raises:
            TypeError: it is something else.
        """
        from flowgraph.io.graphs.meta_messages import MetaGraphDef
        if not isinstance(meta_graph_def, MetaGraphDef):
            raise TypeError(located("meta_graph_def must be type MetaGraphDef, saw type: "
                                    f"{type(meta_graph_def)}"))
        self._add(_META_GRAPH, meta_graph_def.SerializeToString(), global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Writes what a run told about itself: times and memory, for TensorBoard's graph.

        Args:
            run_metadata: the RunMetadata that `Session.run` filled.
            tag: a name for it, as "step 100".
            global_step: the step that it belongs to.

        Raises:
            ValueError: the tag was used before.
        """
        if tag in self._run_tags:
            raise ValueError(located("The provided tag was already used for this event type: "
                                     f"{tag!r:.100}"))
        self._run_tags.add(tag)
        tagged = TaggedRunMetadata(tag=tag,
                                   run_metadata=_serialized(run_metadata, "run_metadata"))
        self._add(_RUN_METADATA, tagged.SerializeToString(), global_step)

    def _add(self, field: int, content: bytes, global_step: Any) -> None:
        event = DOUBLE.field(1, time.time())
        if global_step is not None and int(global_step):
            event += wire.varint_field(2, int(global_step))
        self._put(event + wire.field(field, content))

    def _put(self, event: bytes) -> None:
        self._warn_if_closed()
        if not self._closed:
            self._file.add(event)

    # ---- the file --------------------------------------------------------------------------------

    def get_logdir(self) -> str:
        """The folder of the file."""
        return self._file.logdir

    def flush(self) -> None:
        """Writes what waits, so that TensorBoard sees it."""
        self._warn_if_closed()
        self._file.flush()

    def close(self) -> None:
        """Writes what waits and closes the file. May be called twice."""
        self._file.close()
        self._closed = True

    def reopen(self) -> None:
        """Lets a closed writer write again, to a new file of the same folder."""
        self._closed = False

    def _warn_if_closed(self) -> None:
        if self._closed:
            line = user_frame()
            warnings.warn_explicit(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the "
                "FileWriter is explicitly reopened.", UserWarning, line.filename, line.lineno)


def _folder(logdir: Any) -> str:
    return logdir.decode() if isinstance(logdir, bytes) else str(logdir)


def _serialized(value: Any, what: str) -> bytes:
    if isinstance(value, bytes):
        return value
    if not hasattr(value, "SerializeToString"):
        raise TypeError(located(f"{what} must be a message or its bytes, not {value!r:.100}"))
    return value.SerializeToString()


class FileWriterCache:
    """Writers by folder, each with the default graph of the time when it was first asked for.

    Example:
        >>> import tempfile
        >>> import flowgraph as fg
        >>> with tempfile.TemporaryDirectory() as logdir:
        ...     same = fg.summary.FileWriterCache.get(logdir) is fg.summary.FileWriterCache.get(
        ...         logdir)
        ...     fg.summary.FileWriterCache.clear()
        >>> same
        True
    """

    _cache: dict[str, FileWriter] = {}
    _lock = threading.RLock()

    @staticmethod
    def get(logdir: Any) -> FileWriter:
        """The writer of a folder.

        Args:
            logdir: the folder.
        """
        folder = _folder(logdir)
        with FileWriterCache._lock:
            if folder not in FileWriterCache._cache:
                FileWriterCache._cache[folder] = FileWriter(folder, graph=get_default_graph())
            return FileWriterCache._cache[folder]

    @staticmethod
    def clear() -> None:
        """Closes and forgets all writers."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache = {}
