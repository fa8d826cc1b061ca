"""Cases of casts."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import UnimplementedError
from flowgraph.testing import BadCase, Case

NUMBERS = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
           "uint32", "uint64", "complex64", "complex128", "bool")
VALUES = np.array([0.0, 1.0, 2.75, 100.5])
A = np.array([[1.9, -1.9], [0.5, -0.5]])


def _oracle(x, target):
    x = x.real if x.dtype.kind == "c" and np.dtype(target).kind != "c" else x
    return x.astype(target)


CASES = [
    *(Case(f"Cast/{source}_to_{target}", lambda x, t=target: fg.cast(x, t),
           (VALUES.astype(source),), lambda x, t=target: _oracle(x, t), unknown_shapes=False)
      for source in NUMBERS for target in NUMBERS),
    Case("Cast/truncates_towards_zero", lambda x: fg.cast(x, fg.int32), (A,),
         np.array([[1, -1], [0, 0]])),
    Case("Cast/gradient", lambda x: fg.cast(fg.cast(x, fg.complex128), fg.float64) ** 2, (A,),
         A ** 2, grad=True),
    Case("Cast/nan_is_true", lambda x: fg.cast(x, fg.bool), (np.array([np.nan, 0.0]),),
         np.array([True, False])),
    Case("Cast/scalar", lambda x: fg.cast(x, fg.float32), (np.int32(3),), np.float32(3)),
    Case("Cast/same_dtype_is_the_tensor", lambda x: fg.cast(x, x.dtype), (A,), A, grad=True),
    Case("Cast/empty", lambda x: fg.cast(x, fg.int64), (A[:0],), np.zeros((0, 2), np.int64)),
    Case("Cast/no_gradient_through_ints",
         lambda x: fg.constant(fg.gradients(fg.to_double(fg.to_int32(x)), x) == [None]),
         (A,), np.array(True)),
    Case("to_float/int", fg.to_float, (np.array([1, 2]),), np.array([1, 2], np.float32)),
    Case("to_double/int", fg.to_double, (np.array([1, 2]),), np.array([1.0, 2.0])),
    Case("to_int32/float", fg.to_int32, (A,), np.array([[1, -1], [0, 0]], np.int32)),
    Case("to_int64/float", fg.to_int64, (A,), np.array([[1, -1], [0, 0]])),
    Case("to_complex64/float", fg.to_complex64, (A,), A.astype(np.complex64)),
    Case("to_complex128/float", fg.to_complex128, (A,), A.astype(np.complex128)),
    Case("saturate_cast/float_to_uint8", lambda x: fg.saturate_cast(x, fg.uint8),
         (np.array([-3.0, 300.0, 7.9]),), np.array([0, 255, 7])),
    Case("saturate_cast/float32_to_int32", lambda x: fg.saturate_cast(x, fg.int32),
         (np.array([-1e20, 1e20, 5.5], np.float32),), np.array([-2**31, 2147483520, 5])),
    Case("saturate_cast/int32_to_int8", lambda x: fg.saturate_cast(x, fg.int8),
         (np.array([-300, 300, 5], np.int32),), np.array([-128, 127, 5])),
    Case("saturate_cast/uint8_to_int32", lambda x: fg.saturate_cast(x, fg.int32),
         (np.array([0, 255], np.uint8),), np.array([0, 255])),
    Case("saturate_cast/int32_to_uint32", lambda x: fg.saturate_cast(x, fg.uint32),
         (np.array([-1, 2**31 - 1], np.int32),), np.array([0, 2**31 - 1])),
    Case("saturate_cast/float64_to_float32", lambda x: fg.saturate_cast(x, fg.float32),
         (np.array([1e300, -1e300, 1.5]),),
         np.array([np.finfo(np.float32).max, np.finfo(np.float32).min, 1.5], np.float32)),
]

BAD = [
    BadCase("Cast/from_string", lambda: fg.cast(fg.constant("1"), fg.float32), UnimplementedError,
            ("string", "float32"), (), "run"),
    BadCase("Cast/to_string", lambda: fg.cast(fg.constant(1), fg.string), UnimplementedError,
            ("int32", "string"), (), "run"),
    BadCase("Cast/no_dtype", lambda: fg.cast(1, "number"), TypeError, ("number",)),
]
