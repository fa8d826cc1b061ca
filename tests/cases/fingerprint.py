"""Cases of fingerprint, as TensorFlow gives them, and of guarantee_const."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.fingerprint import fingerprint
from flowgraph.ops.guarantee import guarantee_const
from flowgraph.testing import BadCase, Case

TEXTS = [[227, 117, 223, 182, 101, 66, 69, 179], [240, 104, 216, 35, 146, 188, 98, 198]]


def texts(values):
    return np.array(values, object)


def gradient():
    x = fg.ones([2])
    return fg.gradients(guarantee_const(x) * x, x)


CASES = [
    Case("Fingerprint/int32", fingerprint, (np.array([3], np.int32),),
         np.array([[92, 8, 0, 238, 168, 146, 54, 37]], np.uint8)),
    Case("Fingerprint/only_bytes_count", lambda x: fg.cast(fingerprint(x), fg.int32) - fg.cast(
        fingerprint(fg.bitcast(fg.reshape(x, [2, 6]), fg.int64)), fg.int32),
         (np.arange(12.0).reshape(2, 3, 2),), np.zeros((2, 8), np.int32)),
    Case("Fingerprint/nothing_in_a_row", fingerprint, (np.zeros((2, 0)),),
         np.array([[79, 64, 144, 47, 59, 106, 225, 154]] * 2, np.uint8)),
    Case("Fingerprint/no_rows", fingerprint, (np.zeros((0, 2)),), np.zeros((0, 8), np.uint8)),
    Case("Fingerprint/strings", fingerprint, (texts([b"a", b"bcd"]),), np.array(TEXTS, np.uint8)),
    Case("Fingerprint/one_string_a_row", fingerprint, (texts([[b"a"], [b"bcd"]]),),
         np.array(TEXTS, np.uint8)),
    Case("Fingerprint/several_strings_a_row", fingerprint,
         (texts([[b"a", b"bcd"], [b"", "ü".encode()]]),),
         np.array([[73, 173, 203, 19, 194, 203, 16, 226], [38, 4, 89, 88, 205, 21, 50, 30]],
                  np.uint8)),
    Case("GuaranteeConst/floats", guarantee_const, (np.array([1.5, -2.0]),), np.array([1.5, -2.0])),
    Case("GuaranteeConst/ints", lambda x: guarantee_const(x) + 1,
         (np.array(3, np.int32),), np.array(4, np.int32)),
]

BAD = [
    BadCase("Fingerprint/scalar", lambda: fingerprint(3), ValueError, ("rank 1 or more",)),
    BadCase("Fingerprint/method", lambda: fingerprint([3], "md5"), ValueError, ("md5",)),
    BadCase("Fingerprint/fed_scalar", fingerprint, InvalidArgumentError, ("rank 1 or more",),
            (np.array(3),), "run"),
    BadCase("GuaranteeConst/gradient", gradient, LookupError, ("GuaranteeConst", "stop_gradient")),
]
