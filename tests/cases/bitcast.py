"""Cases of bitcast."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.bitcast import bitcast
from flowgraph.testing import BadCase, Case

X = np.array([1.0, -2.5, np.inf], np.float32)

CASES = [
    Case("Bitcast/same_size", lambda x: bitcast(x, fg.int32), (X,), X.view(np.int32)),
    Case("Bitcast/smaller", lambda x: bitcast(x, "uint8"), (X,), X.view(np.uint8).reshape(3, 4)),
    Case("Bitcast/larger", lambda x: bitcast(x, fg.float32), (X.view(np.uint16).reshape(3, 2),), X),
    Case("Bitcast/scalar", lambda x: bitcast(x, fg.uint16), (X[1],), X[1:2].view(np.uint16)),
    Case("Bitcast/scalar_made", lambda x: bitcast(x, fg.complex64), (X[:2],),
         np.array(X[0] + 1j * X[1])),
    Case("Bitcast/turned", lambda x: bitcast(fg.transpose(x), fg.int64),
         (np.arange(6.0).reshape(2, 3),), np.arange(6.0).view(np.int64).reshape(2, 3).T),
    Case("Bitcast/empty", lambda x: bitcast(x, fg.int8), (X[:0],), np.zeros((0, 4), np.int8)),
]

BAD = [
    BadCase("Bitcast/last_axis", lambda: bitcast(X, fg.float64), ValueError, ("size 2",)),
    BadCase("Bitcast/scalar_to_larger", lambda: bitcast(np.float32(1), fg.float64), ValueError,
            ("size 2",)),
    BadCase("Bitcast/to_text", lambda: bitcast(X, fg.string), TypeError, ("string",)),
    BadCase("Bitcast/from_bool", lambda: bitcast([True], fg.int8), TypeError, ("bool",)),
    BadCase("Bitcast/last_axis_run", lambda x: bitcast(x, fg.float64), InvalidArgumentError,
            ("size 2",), (X,), "run"),
]
