"""Cases of the ops of readers; files, good and bad, are in tests/ops/test_readers.py."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.reader_ops import TFRecordReaderV2
from flowgraph.testing import BadCase, Case
from tests.cases.queues import after

TEXTS = np.array([b"a", b"b", b"c"], object)
ERRORS = fg.errors
HERE = __file__


def text(value):
    return np.array(value, object)


def queue_of(texts, **options):
    queue = fg.FIFOQueue(5, fg.string, **options)
    return queue, lambda: queue.enqueue_many([texts])


def read(texts):
    queue, fill = queue_of(texts)
    reader = fg.IdentityReader()
    key, value = after([fill], lambda: reader.read(queue))
    with fg.control_dependencies([value]):
        return [key, value, reader.num_records_produced(), reader.num_work_units_completed()]


def resumed(texts):
    """Another reader takes up the state of the first."""
    queue, fill = queue_of(texts)
    first, second = fg.IdentityReader(), fg.IdentityReader()
    return after([fill, lambda: first.read(queue).value,
                  lambda: second.restore_state(first.serialize_state())],
                 lambda: [second.num_records_produced(), second.serialize_state()])


def as_new(texts):
    queue, fill = queue_of(texts)
    reader = fg.IdentityReader()
    return after([fill, lambda: reader.read(queue).value, reader.reset],
                 reader.num_records_produced)


def lines(reader, count):
    """The number of records of this file, read up to a number at once."""
    def build():
        queue, fill = queue_of([HERE])
        return fg.size(after([fill], lambda: reader().read_up_to(queue, count)).values)

    return build


CASES = [
    Case("IdentityReaderV2/read", read, (TEXTS,), [text(b"a"), text(b"a"), np.int64(1),
                                                   np.int64(1)]),
    Case("ReaderRestoreStateV2/other", resumed, (TEXTS,),
         [np.int64(1), text(b"\x08\x01\x10\x01\x18\x01\x22\x01a")]),
    Case("ReaderResetV2/as_new", as_new, (TEXTS,), np.int64(0)),
    Case("TextLineReaderV2/up_to", lines(lambda: fg.TextLineReader(1), 5), (), np.int32(5)),
    Case("FixedLengthRecordReaderV2/up_to", lines(lambda: fg.FixedLengthRecordReader(3), 4), (),
         np.int32(4)),
    Case("WholeFileReaderV2/one_a_run", lines(fg.WholeFileReader, 4), (), np.int32(1)),
    Case("TFRecordReaderV2/none", lines(fg.TFRecordReader, 0), (), np.int32(0)),
]


def bad(use, dtype=fg.string, element="a"):
    """A use of a reader on a queue that holds an element."""
    def build():
        queue = fg.FIFOQueue(5, dtype)
        return after([lambda: queue.enqueue(element)], lambda: use(queue))

    return build


def state(content):
    return lambda: fg.IdentityReader().restore_state(content)


def on_two(use):
    """A use of an op on two readers at once."""
    return lambda: use(fg.ReaderBase(fg.stack([fg.IdentityReader().reader_ref] * 2)))


BAD = [
    BadCase("ReaderReadV2/dtype", bad(lambda q: fg.IdentityReader().read(q).key, fg.int32, 1),
            ERRORS.InvalidArgumentError, ("ReaderReadV2 '", "string"), phase="run"),
    BadCase("ReaderReadV2/element", bad(lambda q: fg.IdentityReader().read(q).key,
                                        element=[["a", "b"]]),
            ERRORS.InvalidArgumentError, ("one-element",), phase="run"),
    BadCase("ReaderReadV2/components", bad(lambda q: fg.IdentityReader().read(q).key,
                                           [fg.string] * 2, ["a", "b"]),
            ERRORS.InvalidArgumentError, ("single component",), phase="run"),
    BadCase("ReaderReadV2/no_queue", lambda: fg.IdentityReader().read(
        fg.TextLineReader().reader_ref).key, ERRORS.InvalidArgumentError, ("Queue",), phase="run"),
    BadCase("ReaderReadUpToV2/vector", lambda: fg.IdentityReader().read_up_to(
        fg.FIFOQueue(5, fg.string), [1, 2]), ValueError, ("ReaderReadUpToV2 '", "rank 0")),
    BadCase("WholeFileReaderV2/missing", bad(lambda q: fg.WholeFileReader().read(q).value,
                                             element="/no/such/file"),
            ERRORS.NotFoundError, ("/no/such/file",), phase="run"),
    BadCase("TextLineReaderV2/skip", lambda: fg.TextLineReader(-1).num_records_produced(),
            ERRORS.InvalidArgumentError, ("TextLineReaderV2 '", "skip_header_lines", "-1"),
            phase="run"),
    BadCase("FixedLengthRecordReaderV2/size",
            lambda: fg.FixedLengthRecordReader(-2).num_records_produced(),
            ERRORS.InvalidArgumentError, ("FixedLengthRecordReaderV2 '", "record_bytes", "-2"),
            phase="run"),
    BadCase("FixedLengthRecordReaderV2/nothing",
            lambda: fg.FixedLengthRecordReader(0).num_records_produced(),
            ERRORS.InvalidArgumentError, ("both 0",), phase="run"),
    BadCase("TFRecordReaderV2/compression",
            lambda: TFRecordReaderV2.build(compression_type="LZMA"), ValueError,
            ("TFRecordReaderV2 '", "LZMA")),
    BadCase("ReaderSerializeStateV2/lines", lambda: fg.TextLineReader().serialize_state(),
            ERRORS.UnimplementedError, ("ReaderSerializeStateV2 '",), phase="run"),
    BadCase("ReaderRestoreStateV2/lines", lambda: fg.TextLineReader().restore_state("a"),
            ERRORS.UnimplementedError, ("ReaderRestoreStateV2 '",), phase="run"),
    BadCase("ReaderRestoreStateV2/damaged", state(b"garbage\xff"), ERRORS.InvalidArgumentError,
            ("Could not parse",), phase="run"),
    BadCase("ReaderRestoreStateV2/negative", state(b"\x08" + b"\xff" * 9 + b"\x01"),
            ERRORS.InvalidArgumentError, ("negative",), phase="run"),
    BadCase("ReaderRestoreStateV2/inside", state(b"\x08\x02\x10\x01"), ERRORS.InvalidArgumentError,
            ("Inconsistent",), phase="run"),
    BadCase("ReaderNumRecordsProducedV2/two", on_two(fg.ReaderBase.num_records_produced),
            ValueError, ("rank 0",)),
    BadCase("ReaderNumWorkUnitsCompletedV2/two", on_two(fg.ReaderBase.num_work_units_completed),
            ValueError, ("rank 0",)),
    BadCase("ReaderResetV2/two", on_two(fg.ReaderBase.reset), ValueError, ("rank 0",)),
]
