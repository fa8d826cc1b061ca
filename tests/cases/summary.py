"""Cases of flowgraph/summary: the bytes are TensorFlow's own."""

import struct
import zlib

import numpy as np

import flowgraph as fg
from flowgraph.summary.tensors import TensorSummaryV2
from flowgraph.testing import BadCase, Case
from tests.cases.strings import INVALID, text

PICTURE = np.array([[[[-1.0], [0.0]], [[0.5], [np.nan]]]], np.float32)
FLOATS = np.array([1, 2, 2, -0.5], np.float32)
SOUND = np.array([[0, 0.5, -1, 1.5]], np.float32)
STEREO = np.array([[[0, 0.25], [-0.25, 1 / 65536]]] * 2, np.float32)
HISTOGRAM = (
    b"\n\xa7\x01\n\x01w*\xa1\x01\t\x00\x00\x00\x00\x00\x00\xe0\xbf\x11\x00\x00\x00\x00\x00\x00\x00"
    b"@\x19\x00\x00\x00\x00\x00\x00\x10@!\x00\x00\x00\x00\x00\x00\x12@)\x00\x00\x00\x00\x00\x80\""
    b"@28\xb01%\xee\x80\x91\xe0\xbf\xfa\xe5Z%\xd3\x1f\xde\xbf\x08\x99i\x19\x15Z\xed?+\x14\xfa\xcd"
    b"\xbe$\xf0?\xdc\x94\xcd.\x8du\xff?\xe0\x11\xf1\x0ctM\x01@\xff\xff\xff\xff\xff\xff\xef\x7f:8"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00"
    b"\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    b"\x00@\x00\x00\x00\x00\x00\x00\x00\x00")
MAX = b"\xff\xff\xff\xff\xff\xff\xef\x7f"
WAVE = b"WAVEfmt \x10\x00\x00\x00\x01\x00"
SLOW = (b"2J\r\xcd\xccL>\x10\x02\x18\x02\"4RIFF,\x00\x00\x00" + WAVE + b"\x02\x00\x01\x00\x00\x00"
        b"\x04\x00\x00\x00\x04\x00\x10\x00data\x08\x00\x00\x00\x00\x00\x00 \x00\xe0\x01\x00*\t"
        b"audio/wav")


def one(content):
    return text(content, shape=())


def pixels(images, **options):
    """The pictures of a summary, decoded again."""
    summary = fg.summary.image("i", images, **options)

    def decoded(serialized):
        values = fg.Summary.FromString(serialized.item() if hasattr(serialized, "item")
                                       else serialized).value
        return np.concatenate([np.frombuffer(unpacked(v.image.encoded_image_string), np.uint8)
                               for v in values]) if values else np.zeros(0, np.uint8)

    return fg.py_func(decoded, [summary], fg.uint8)


def unpacked(png):
    """The pixels of a PNG file whose rows have no filter."""
    _, height = struct.unpack_from(">II", png, 16)
    start = png.index(b"IDAT")
    length = struct.unpack_from(">I", png, start - 4)[0]
    rows = zlib.decompress(png[start + 4:start + 4 + length])
    row = len(rows) // height
    return b"".join(rows[i * row + 1:(i + 1) * row] for i in range(height))


def ended(summary):
    """With a full stop: NumPy takes zero bytes at the end of bytes away."""
    return fg.strings.join([summary, "."])


def two_of(x):
    return fg.summary.merge([fg.summary.scalar("a", x), fg.summary.scalar("b", x + 1.0)])


def of_one_family():
    with fg.name_scope("outer"):
        return fg.summary.scalar("x", 1.0, family="fam")


CASES = [
    Case("ScalarSummary/family", lambda x: fg.summary.scalar("loss", x, family="train"),
         (np.float32(1.5),), one(b"\n\x17\n\x10train/train/loss\x15\x00\x00\xc0?"),
         unknown_shapes=False),
    Case("ScalarSummary/int64", lambda x: fg.summary.scalar("i", x), (np.int64(3),),
         one(b"\n\x08\n\x01i\x15\x00\x00@@")),
    Case("ScalarSummary/zero_is_written", lambda x: ended(fg.summary.scalar("i", x)),
         (np.float16(0),), one(b"\n\x08\n\x01i\x15\x00\x00\x00\x00.")),
    Case("ScalarSummary/scope", of_one_family, (),
         one(b"\n\x16\n\x0ffam/outer/fam/x\x15\x00\x00\x80?")),
    Case("HistogramSummary/floats", lambda x: ended(fg.summary.histogram("w", x)), (FLOATS,),
         one(HISTOGRAM + b".")),
    Case("HistogramSummary/integers_of_any_rank", lambda x: ended(fg.summary.histogram("w", x)),
         (np.array([[[1], [2]]], np.uint8),),
         check=lambda results: check_integers(results[0].item())),
    Case("HistogramSummary/empty", lambda x: ended(fg.summary.histogram("e", x)),
         (np.zeros((0, 2), np.float32),),
         one(b"\n+\n\x01e*&\t" + MAX + b"\x11" + MAX[:7] + b"\xff2\x08" + MAX + b":\x08" + bytes(8)
             + b".")),
    Case("ImageSummary/negative", lambda x: pixels(x, max_outputs=1), (PICTURE,),
         np.array([1, 128, 191, 255], np.uint8)),
    Case("ImageSummary/positive", pixels, (np.array([[[[2.0], [1]], [[0.5], [0]]]], np.float32),),
         np.array([255, 127, 63, 0], np.uint8)),
    Case("ImageSummary/infinite_in_float64", pixels, (np.array([[[[2, 1, 0], [1, np.inf, 3]]]]),),
         np.array([255, 127, 0, 255, 0, 0], np.uint8)),
    Case("ImageSummary/uint8", lambda x: pixels(x, max_outputs=2),
         (np.arange(36, dtype=np.uint8).reshape(3, 2, 2, 3),), np.arange(24, dtype=np.uint8)),
    Case("ImageSummary/no_images", pixels, (np.zeros((0, 2, 2, 4), np.float16),),
         np.zeros(0, np.uint8)),
    Case("AudioSummaryV2/mono", lambda x: fg.summary.audio("a", x, 8000.0, max_outputs=1), (SOUND,),
         one(b"\nU\n\x07a/audio2J\r\x00\x00\xfaE\x10\x01\x18\x04\"4RIFF,\x00\x00\x00" + WAVE
             + b"\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00data\x08\x00\x00\x00\x00\x00"
             b"\x00@\x00\x80\xff\x7f*\taudio/wav")),
    Case("AudioSummaryV2/stereo", lambda x, rate: fg.summary.audio("b", x, rate),
         (STEREO, np.float32(0.2)),
         one(b"\nW\n\tb/audio/0" + SLOW + b"\nW\n\tb/audio/1" + SLOW)),
    Case("TensorSummaryV2/described", lambda x: fg.summary.tensor_summary(
        "t", x, summary_description="about", display_name="pair"),
         (np.array([[1.0, 2.0]], np.float32),),
         one(b"\n*\n\x01tB\x16\x08\x01\x12\x08\x12\x02\x08\x01\x12\x02\x08\x02\"\x08\x00\x00\x80?"
             b"\x00\x00\x00@J\r\x12\x04pair\x1a\x05about")),
    Case("TensorSummaryV2/text", lambda x: fg.summary.text("x", x), (text("a", "", "bc"),),
         one(b"\n \n\x01xB\x11\x08\x07\x12\x04\x12\x02\x08\x03B\x01aB\x00B\x02bcJ\x08\n\x06\n\x04"
             b"text")),
    Case("MergeSummary/two", two_of, (np.float32(1.0),),
         one(b"\n\x08\n\x01a\x15\x00\x00\x80?\n\x08\n\x01b\x15\x00\x00\x00@")),
    Case("MergeSummary/strings_of_any_shape", lambda x: fg.summary.merge([x, "", x[:0]]),
         (text(b"\n\x03\n\x01a", b"", b"\n\x03\n\x01b"),), one(b"\n\x03\n\x01a\n\x03\n\x01b")),
]


def check_integers(serialized):
    histogram = fg.Summary.FromString(serialized[:-1]).value[0].histo
    assert (histogram.min, histogram.max, histogram.num) == (1, 2, 2)
    assert (histogram.sum, histogram.sum_squares) == (3, 5)
    limits = list(histogram.bucket_limit)
    filled = [limit for limit, count in zip(limits, histogram.bucket) if count]
    assert filled[0] > 1 and filled[1] > 2


SCALARS = fg.errors.ShapeError

BAD = [
    BadCase("ScalarSummary/vector", lambda: fg.summary.scalar("x", [1.0, 2.0]), SCALARS,
            ("ScalarSummary 'x'", "(2,)", "tf.reduce_mean")),
    BadCase("ScalarSummary/vector_at_run", lambda x: fg.summary.scalar("x", x), INVALID,
            ("ScalarSummary 'x'", "(2,)"), (np.ones(2),), "run"),
    BadCase("ScalarSummary/bool", lambda: fg.summary.scalar("x", True), TypeError,
            ("ScalarSummary 'x'", "bool")),
    BadCase("HistogramSummary/nan", lambda x: fg.summary.histogram("h", x), INVALID,
            ("HistogramSummary 'h'", "Nan in summary histogram for: h"),
            (np.array([1.0, np.nan, np.inf]),), "run"),
    BadCase("HistogramSummary/infinity", lambda x: fg.summary.histogram("h", x), INVALID,
            ("Infinity in summary histogram for: h",), (np.array([-np.inf, np.nan]),), "run"),
    BadCase("HistogramSummary/complex", lambda: fg.summary.histogram("h", [1j]), TypeError,
            ("HistogramSummary 'h'", "complex128")),
    BadCase("ImageSummary/rank", lambda: fg.summary.image("i", fg.zeros([2, 28, 28])), SCALARS,
            ("ImageSummary 'i'", "(2, 28, 28)")),
    BadCase("ImageSummary/channels", lambda: fg.summary.image("i", fg.zeros([1, 9, 9, 2])), SCALARS,
            ("ImageSummary 'i'", "(1, 9, 9, 2)")),
    BadCase("ImageSummary/channels_at_run", lambda x: fg.summary.image("i", x), INVALID,
            ("1, 3 or 4", "(1, 9, 9, 2)"), (np.ones((1, 9, 9, 2)),), "run"),
    BadCase("ImageSummary/empty", lambda x: fg.summary.image("i", x), INVALID,
            ("non-zero dims", "(1, 0, 9, 1)"), (np.ones((1, 0, 9, 1)),), "run"),
    BadCase("ImageSummary/int32", lambda: fg.summary.image("i", fg.zeros([1, 9, 9, 1], fg.int32)),
            TypeError, ("ImageSummary 'i'", "int32")),
    BadCase("ImageSummary/max_outputs", lambda: fg.summary.image("i", fg.zeros([1, 9, 9, 1]), 0),
            ValueError, ("max_outputs 0",)),
    BadCase("AudioSummaryV2/rank", lambda: fg.summary.audio("a", [1.0], 8000), SCALARS,
            ("AudioSummaryV2 'a'", "(1,)")),
    BadCase("AudioSummaryV2/max_outputs", lambda: fg.summary.audio("a", [[1.0]], 8000, 0),
            ValueError, ("max_outputs 0",)),
    BadCase("AudioSummaryV2/rate", lambda x: fg.summary.audio("a", [[1.0]], x), INVALID,
            ("sample_rate must be > 0",), (np.float32(-1),), "run"),
    BadCase("AudioSummaryV2/no_channels", lambda x: fg.summary.audio("a", x, 8000), INVALID,
            ("num_channels",), (np.ones((1, 2, 0), np.float32),), "run"),
    BadCase("AudioSummaryV2/endless_rate", lambda x: fg.summary.audio("a", [[1.0]], x), INVALID,
            ("sample_rate",), (np.float32(1e30),), "run"),
    BadCase("TensorSummaryV2/metadata", lambda: TensorSummaryV2.build("t", [1], ["a", "b"]),
            SCALARS, ("TensorSummaryV2 '", "(2,)")),
    BadCase("TensorSummaryV2/no_text", lambda: fg.summary.text("t", fg.constant(1)), ValueError,
            ("dtype string", "int32")),
    BadCase("MergeSummary/damaged", lambda x: fg.summary.merge([x]), INVALID,
            ("MergeSummary 'Merge/MergeSummary'", "Could not parse"), (text("abc", shape=()),),
            "run"),
    BadCase("MergeSummary/duplicate", lambda x: fg.summary.merge([x, x]), INVALID,
            ("Duplicate tag a found",), (text(b"\n\x03\n\x01a", shape=()),), "run"),
    BadCase("MergeSummary/empty", lambda: fg.summary.merge([]), ValueError, ("empty list",)),
    BadCase("MergeSummary/numbers", lambda: fg.summary.merge([fg.constant(1.0)]), TypeError,
            ("MergeSummary 'Merge/MergeSummary'", "float32")),
]
