"""The ops of readers. Their objects: `reader_state.py`; the classes: `readers.py`."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops import reader_state as readers
from flowgraph.ops.queue_state import Queue
from flowgraph.ops.reader_state import Reader
from flowgraph.ops.resources import (
    ON_HOST,
    RESOURCE,
    HandleOp,
    as_handle,
    handle_spec,
    resource_of,
)
from flowgraph.ops.string_elements import strings

INT64 = dt.DTypeSet("int64", (dt.int64,))


# ---- making one ----------------------------------------------------------------------------------


def _check_sizes(**sizes):
    for name, size in sizes.items():
        if size < 0:
            raise InvalidArgumentError(None, None, f"{name} must be >= 0 not {size}")


class WholeFileReaderV2(HandleOp):
    """The handle of a reader of whole files."""

    grad = NotDifferentiable

    def infer(self, *, container="", shared_name=""):
        return handle_spec()

    def create_state(self, attrs):
        """A reader at its beginning."""
        return readers.WholeFileReader()

    def kernel(self, xp, *, container="", shared_name="", state):
        return as_handle(state)


class IdentityReaderV2(HandleOp):
    """The handle of a reader that gives the work units themselves."""

    grad = NotDifferentiable

    def infer(self, *, container="", shared_name=""):
        return handle_spec()

    def create_state(self, attrs):
        """A reader at its beginning."""
        return readers.IdentityReader()

    def kernel(self, xp, *, container="", shared_name="", state):
        return as_handle(state)


class TextLineReaderV2(HandleOp):
    """The handle of a reader of lines."""

    grad = NotDifferentiable

    def infer(self, *, skip_header_lines=0, container="", shared_name=""):
        return handle_spec()

    def create_state(self, attrs):
        """A reader at its beginning."""
        return readers.TextLineReader(attrs["skip_header_lines"])

    def kernel(self, xp, *, skip_header_lines=0, container="", shared_name="", state):
        _check_sizes(skip_header_lines=skip_header_lines)
        return as_handle(state)


class TFRecordReaderV2(HandleOp):
    """The handle of a reader of TFRecord files."""

    grad = NotDifferentiable

    def infer(self, *, container="", shared_name="", compression_type=""):
        if compression_type not in ("", "ZLIB", "GZIP"):
            raise ShapeError(f"has compression_type {compression_type!r}",
                             "It must be 'ZLIB', 'GZIP' or ''.")
        return handle_spec()

    def create_state(self, attrs):
        """A reader at its beginning."""
        return readers.TFRecordReader(attrs["compression_type"])

    def kernel(self, xp, *, container="", shared_name="", compression_type="", state):
        return as_handle(state)


class FixedLengthRecordReaderV2(HandleOp):
    """The handle of a reader of records of one length."""

    grad = NotDifferentiable

    def infer(self, *, record_bytes, header_bytes=0, footer_bytes=0, hop_bytes=0, container="",
              shared_name="", encoding=""):
        return handle_spec()

    def create_state(self, attrs):
        """A reader at its beginning."""
        return readers.FixedLengthRecordReader(*[attrs[name] for name in (
            "record_bytes", "header_bytes", "footer_bytes", "hop_bytes", "encoding")])

    def kernel(self, xp, *, record_bytes, header_bytes=0, footer_bytes=0, hop_bytes=0,
               container="", shared_name="", encoding="", state):
        _check_sizes(header_bytes=header_bytes, record_bytes=record_bytes,
                     footer_bytes=footer_bytes, hop_bytes=hop_bytes)
        if not state.hop_bytes:
            raise InvalidArgumentError(None, None, "record_bytes and hop_bytes are both 0: the "
                                       "reader would never get any further")
        return as_handle(state)


# ---- using one -----------------------------------------------------------------------------------


class _OnReader(OpDef, abstract=True):
    """An op that uses a reader."""

    dtypes = {"reader_handle": RESOURCE}
    effects = "resource"
    host_only = ON_HOST
    grad = NotDifferentiable


class ReaderReadV2(_OnReader):
    """Key and value of the next record; waits for work in the queue."""

    dtypes = {"reader_handle": RESOURCE, "queue_handle": RESOURCE}
    multiple = True
    waits = True

    def infer(self, reader_handle, queue_handle):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        shape_rules.require_rank(queue_handle, 0, "a queue")
        return Spec(dt.string, ()), Spec(dt.string, ())

    def kernel(self, xp, reader_handle, queue_handle):
        key, value = resource_of(reader_handle, Reader).read(resource_of(queue_handle, Queue))
        return strings([key], ()), strings([value], ())


class ReaderReadUpToV2(_OnReader):
    """Keys and values of the next records, up to a number; waits for work in the queue."""

    dtypes = {"reader_handle": RESOURCE, "queue_handle": RESOURCE, "num_records": INT64}
    multiple = True
    waits = True

    def infer(self, reader_handle, queue_handle, num_records):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        shape_rules.require_rank(queue_handle, 0, "a queue")
        shape_rules.require_rank(num_records, 0, "num_records")
        return Spec(dt.string, (None,)), Spec(dt.string, (None,))

    def kernel(self, xp, reader_handle, queue_handle, num_records):
        found = resource_of(reader_handle, Reader).read_up_to(resource_of(queue_handle, Queue),
                                                              int(num_records))
        return (strings([key for key, _ in found], len(found)),
                strings([value for _, value in found], len(found)))


class ReaderNumRecordsProducedV2(_OnReader):
    """How many records a reader has given."""

    def infer(self, reader_handle):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        return Spec(dt.int64, ())

    def kernel(self, xp, reader_handle):
        return np.array(resource_of(reader_handle, Reader).records_produced, np.int64)


class ReaderNumWorkUnitsCompletedV2(_OnReader):
    """How many work units a reader has come to the end of."""

    def infer(self, reader_handle):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        return Spec(dt.int64, ())

    def kernel(self, xp, reader_handle):
        return np.array(resource_of(reader_handle, Reader).units_completed, np.int64)


class ReaderSerializeStateV2(_OnReader):
    """How far a reader is, as text."""

    waits = True

    def infer(self, reader_handle):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        return Spec(dt.string, ())

    def kernel(self, xp, reader_handle):
        return strings([resource_of(reader_handle, Reader).state()], ())


class ReaderRestoreStateV2(_OnReader):
    """Puts a reader where it was when it was written as text."""

    dtypes = {"reader_handle": RESOURCE, "state": dt.STRING}
    multiple = True
    waits = True

    def infer(self, reader_handle, state):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        shape_rules.require_rank(state, 0, "a state")
        return ()

    def kernel(self, xp, reader_handle, state):
        resource_of(reader_handle, Reader).restore(state.item())
        return ()


class ReaderResetV2(_OnReader):
    """Makes a reader as new."""

    multiple = True
    waits = True

    def infer(self, reader_handle):
        shape_rules.require_rank(reader_handle, 0, "a reader")
        return ()

    def kernel(self, xp, reader_handle):
        resource_of(reader_handle, Reader).reset()
        return ()
