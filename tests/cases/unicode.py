"""Cases of ops/unicode.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase, Case
from tests.cases.strings import INVALID, text

CASES = [
    Case("UnicodeTranscode/utf16", lambda x: fg.strings.unicode_transcode(x, "UTF-8", "UTF-16-BE"),
         (text("é", ""),), text(b"\0\xe9", "")),
    Case("UnicodeTranscode/latin1",
         lambda x: fg.strings.unicode_transcode(x, "ISO-8859-1", "UTF-8"), (text(b"\xe9"),),
         text("é")),
    Case("UnicodeTranscode/replace", lambda x: fg.strings.unicode_transcode(
        x, "UTF-8", "UTF-8", replacement_char=63, replace_control_characters=True),
         (text(b"a\xff\x01b"),), text("a??b")),
    Case("UnicodeTranscode/ignore",
         lambda x: fg.strings.unicode_transcode(x, "UTF-8", "UTF-8", errors="ignore"),
         (text(b"a\xffb"),), text("ab")),
    Case("UnicodeDecode/scalar", lambda x: fg.strings.unicode_decode(x, "UTF-8"),
         (text("h日", shape=()),), np.array([104, 0x65e5], "int32"), unknown_shapes=False),
    Case("UnicodeEncode/rows", lambda x: fg.strings.unicode_encode(x, "UTF-8"),
         (np.array([[104, 0x65e5], [0xd800, 105]], "int32"),), text("h日", "\ufffdi"),
         unknown_shapes=False),
    Case("UnicodeEncode/one", lambda x: fg.strings.unicode_encode(x, "UTF-16-BE"),
         (np.array([104, 105], "int32"),), text("\0h\0i", shape=()), unknown_shapes=False),
]

BAD = [
    BadCase("UnicodeTranscode/strict",
            lambda: fg.strings.unicode_transcode(b"\xff", "UTF-8", "UTF-8", errors="strict"),
            INVALID, ("Invalid formatting",), phase="run"),
    BadCase("UnicodeTranscode/encoding",
            lambda: fg.strings.unicode_transcode("a", "no such", "UTF-8"), INVALID, ("no such",),
            phase="run"),
    BadCase("UnicodeTranscode/output",
            lambda: fg.strings.unicode_transcode("a", "UTF-8", "latin-1"), ValueError, ("UTF-8",)),
    BadCase("UnicodeDecode/vector", lambda: fg.strings.unicode_decode(["a"], "UTF-8"), ValueError,
            ("scalar", "(1,)")),
    BadCase("UnicodeEncode/strict",
            lambda: fg.strings.unicode_encode([-1], "UTF-8", errors="strict"), INVALID, ("-1",),
            phase="run"),
    BadCase("UnicodeEncode/scalar", lambda: fg.strings.unicode_encode(104, "UTF-8"), ValueError,
            ("rank",)),
    BadCase("UnicodeDecode/ints", lambda: op_def("UnicodeDecode").build(
        fg.constant([1]), input_encoding="UTF-8"), TypeError, ("UnicodeDecode '", "int32")),
]
