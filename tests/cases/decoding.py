"""Cases of ops/decoding.py, decode_csv.py, tensor_proto.py and files.py."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from pathlib import Path

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case
from tests.cases.strings import INVALID, text

RECORDS = text("1,2.5,a", "3,,b")
FOLDER = Path(tempfile.gettempdir()) / "flowgraph_test_files"


def reread(x):
    """What a tensor is after serialize_tensor and parse_tensor."""
    return fg.parse_tensor(fg.serialize_tensor(x), x.dtype)


def written_and_read(contents):
    path = str(FOLDER / "deep" / "file.bin")
    with fg.control_dependencies([fg.write_file(path, contents)]):
        return fg.read_file(fg.identity(path))


def written_and_found():
    write = [fg.write_file(str(FOLDER / "found" / name), "") for name in ("b.txt", "a.txt", "c.x")]
    with fg.control_dependencies(write):
        found = fg.matching_files(fg.identity([str(FOLDER / "found" / "*.txt")]))
    return fg.regex_replace(found, ".*/", "")


CASES = [
    Case("DecodeRaw/int16", lambda x: fg.decode_raw(x, fg.int16), (text(b"\1\0\2\0", b"\3\0\4\0"),),
         np.array([[1, 2], [3, 4]], "int16")),
    Case("DecodeRaw/big_endian", lambda x: fg.decode_raw(x, fg.int32, little_endian=False),
         (text(b"\0\0\1\2", shape=()),), np.array([258], "int32")),
    Case("DecodeRaw/float", lambda x: fg.io.decode_raw(x, fg.float32),
         (text(np.array([1.5, -2], "<f4").tobytes()),), np.array([[1.5, -2]], "float32")),
    Case("DecodeRaw/complex_big_endian",
         lambda x: fg.decode_raw(x, fg.complex64, little_endian=False),
         (text(np.array([1.5 - 2j], ">c8").tobytes()),), np.array([[1.5 - 2j]], "complex64")),
    Case("DecodeRaw/bool", lambda x: fg.decode_raw(x, fg.bool), (text(b"\1\0"),),
         np.array([[True, False]])),
    Case("DecodeRaw/empty", lambda x: fg.decode_raw(x, fg.int16), (text("", ""),),
         np.zeros((2, 0), "int16")),
    Case("DecodeRaw/no_strings", lambda x: fg.decode_raw(x, fg.int16), (text(shape=(0, 2)),),
         np.zeros((0, 2, 0), "int16")),
    Case("EncodeBase64/plain", fg.encode_base64, (text("hello", "", b"\xff\xfe\xfb"),),
         text("aGVsbG8", "", "__77")),
    Case("EncodeBase64/padded", lambda x: fg.io.encode_base64(x, pad=True), (text("hello", "a"),),
         text("aGVsbG8=", "YQ==")),
    Case("DecodeBase64/plain", fg.decode_base64, (text("aGVsbG8", "YQ==", "YWI=", "__77", ""),),
         text("hello", "a", "ab", b"\xff\xfe\xfb", "")),
    Case("DecodeCompressed/zlib", lambda x: fg.decode_compressed(x, "ZLIB"),
         (text(zlib.compress(b"hello"), zlib.compress(b"")),), text("hello", "")),
    Case("DecodeCompressed/gzip", lambda x: fg.io.decode_compressed(x, "GZIP"),
         (text(gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0)),), text("ab")),
    Case("DecodeCompressed/none", fg.decode_compressed, (text("a"),), text("a")),
    # ---- csv
    Case("DecodeCSV/types", lambda x: fg.decode_csv(x, [[0], [1.5], ["z"]]), (RECORDS,),
         [np.array([1, 3], "int32"), np.array([2.5, 1.5], "float32"), text("a", "b")]),
    Case("DecodeCSV/scalar_defaults",
         lambda x: fg.io.decode_csv(x, [np.int64(7), np.float64(0.5)]), (text(",", shape=()),),
         [np.int64(7), np.float64(0.5)]),
    Case("DecodeCSV/quotes", lambda x: fg.decode_csv(x, [[""]] * 2),
         (text('"a,""b""",c', '"",d'),), [text('a,"b"', ""), text("c", "d")]),
    Case("DecodeCSV/no_quotes", lambda x: fg.decode_csv(x, [[""]] * 2, use_quote_delim=False),
         (text('"a",b"'),), [text('"a"'), text('b"')]),
    Case("DecodeCSV/delimiter_and_missing",
         lambda x: fg.decode_csv(x, [[0], [0]], field_delim=";", na_value="NA"), (text("NA;5"),),
         [np.array([0], "int32"), np.array([5], "int32")]),
    Case("DecodeCSV/columns", lambda x: fg.decode_csv(x, [["-"], [0]], select_cols=[0, 2]),
         (text("a,b,3,c", ",,,"),), [text("a", "-"), np.array([3, 0], "int32")]),
    Case("DecodeCSV/line_ends", lambda x: fg.decode_csv(x, [[""]]), (text("\na"),), text("a")),
    # ---- tensors as bytes
    Case("SerializeTensor/wire_format", lambda x: fg.serialize_tensor(x),
         (np.array([[1.0, 2.0]], "float32"),),
         text(b"\x08\x01\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\"\x08\0\0\x80?\0\0\0@", shape=())),
    Case("SerializeTensor/strings", fg.serialize_tensor, (text("", "a"),),
         text(b"\x08\x07\x12\x04\x12\x02\x08\x02B\x00B\x01a", shape=())),
    Case("ParseTensor/numbers", reread, (np.arange(6.0).reshape(2, 3),),
         np.arange(6.0).reshape(2, 3)),
    Case("ParseTensor/strings", reread, (text("a", "", "bc", "d", shape=(2, 2)),),
         text("a", "", "bc", "d", shape=(2, 2))),
    Case("ParseTensor/empty", reread, (np.zeros((0, 3)),), np.zeros((0, 3))),
    Case("ParseTensor/last_one_repeats", lambda x: fg.io.parse_tensor(x, fg.int32),
         (text(b"\x08\x03\x12\x04\x12\x02\x08\x03:\x02\x05\x06", shape=()),),
         np.array([5, 6, 6], "int32")),
    # ---- files
    Case("ReadFile/written", written_and_read, (text(b"\0\xff", shape=()),),
         text(b"\0\xff", shape=())),
    Case("MatchingFiles/sorted", written_and_found, expect=text("a.txt", "b.txt")),
]

BAD = [
    BadCase("DecodeRaw/lengths", lambda: fg.decode_raw(["a", "ab"], fg.uint8), INVALID,
            ("element 1", "2 != 1"), phase="run"),
    BadCase("DecodeRaw/not_a_multiple", lambda: fg.decode_raw(["abc"], fg.int16), INVALID,
            ("length 3", "int16"), phase="run"),
    BadCase("DecodeRaw/dtype", lambda: fg.decode_raw(["abc"], fg.string), TypeError, ("string",)),
    BadCase("DecodeRaw/no_dtype", lambda: fg.decode_raw(["abc"]), ValueError, ("out_type",)),
    BadCase("EncodeBase64/numbers", lambda: fg.encode_base64(fg.constant(1)), TypeError,
            ("string",)),
    *[BadCase(f"DecodeBase64/{name}", lambda x=x: fg.decode_base64([x]), INVALID, ("ase64",),
              phase="run")
      for name, x in (("alphabet", "++++"), ("length", "a"), ("padding", "YQ=="*2),
                      ("space", "ab\n="), ("only_padding", "===="))],
    BadCase("DecodeCompressed/damaged", lambda: fg.decode_compressed(["xxxx"], "ZLIB"),
            fg.errors.DataLossError, ("inflate",), phase="run"),
    BadCase("DecodeCompressed/type", lambda: fg.decode_compressed(["x"], "LZMA"), INVALID,
            ("ZLIB, GZIP",), phase="run"),
    BadCase("DecodeCSV/fields", lambda: fg.decode_csv(["1,2", "1"], [[0], [0]]), INVALID,
            ("Expect 2 fields but have 1 in record 1",), phase="run"),
    BadCase("DecodeCSV/not_a_number", lambda: fg.decode_csv(["x"], [[0]]), INVALID,
            ("Field 0 in record 0", "int32", "x"), phase="run"),
    BadCase("DecodeCSV/missing", lambda: fg.decode_csv([",1"], [[], [0]]), INVALID,
            ("Field 0 is required but missing in record 0",), phase="run"),
    BadCase("DecodeCSV/quote", lambda: fg.decode_csv(['"a'], [[""]]), INVALID, ("quote",),
            phase="run"),
    BadCase("DecodeCSV/quote_inside", lambda: fg.decode_csv(['a"b'], [[""]]), INVALID, ("quote",),
            phase="run"),
    BadCase("DecodeCSV/default_shape", lambda: fg.decode_csv(["a"], [[1, 2]]), ValueError,
            ("(2,)",)),
    BadCase("DecodeCSV/default_dtype", lambda: fg.decode_csv(["a"], [True]), TypeError, ("bool",)),
    BadCase("DecodeCSV/columns_fall", lambda: fg.decode_csv(["a"], [[0]] * 2, select_cols=[1, 0]),
            ValueError, ("increasing",)),
    BadCase("ParseTensor/damaged", lambda: fg.parse_tensor(b"\x08", fg.int32), INVALID,
            ("TensorProto",), phase="run"),
    BadCase("ParseTensor/dtype", lambda: fg.parse_tensor(fg.serialize_tensor(1.5), fg.int32),
            INVALID, ("float32", "int32"), phase="run"),
    BadCase("ParseTensor/huge", lambda: fg.parse_tensor(
        b"\x08\x03\x12\x07\x12\x05\x08\xff\xff\xff\x7f", fg.int32), INVALID, ("TensorProto",),
            phase="run"),
    BadCase("ReadFile/missing", lambda: fg.read_file("/no/such/file"), fg.errors.NotFoundError,
            ("/no/such/file",), phase="run"),
    BadCase("ReadFile/rank", lambda: fg.read_file(["a"]), ValueError, ("(1,)",)),
    BadCase("MatchingFiles/rank", lambda: fg.matching_files([["a"]]), ValueError, ("(1, 1)",)),
    BadCase("WriteFile/rank", lambda: fg.write_file(["a"], "b"), ValueError, ("(1,)",)),
]
