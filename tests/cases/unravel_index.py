"""Cases of unravel_index."""

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.unravel_index import unravel_index
from flowgraph.testing import BadCase, Case

PLACES = np.array([0, 7, 23, 12], np.int32)

CASES = [
    Case("UnravelIndex/vector", lambda i: unravel_index(i, [2, 3, 4]), (PLACES,),
         np.stack(np.unravel_index(PLACES, (2, 3, 4)))),
    Case("UnravelIndex/scalar", lambda i: unravel_index(i, [5, 5]), (np.array(13),),
         np.array([2, 3])),
    Case("UnravelIndex/fed", unravel_index, (PLACES, np.array([4, 6], np.int32)),
         np.stack(np.unravel_index(PLACES, (4, 6)))),
    Case("UnravelIndex/none", lambda i: unravel_index(i, [2, 2]), (PLACES[:0],),
         np.zeros((2, 0), int)),
]

BAD = [
    BadCase("UnravelIndex/range", lambda i: unravel_index(i, [2, 3]), InvalidArgumentError,
            ("[0, 6)",), (PLACES,), "run"),
    BadCase("UnravelIndex/rank", lambda: unravel_index([[1]], [2, 2]), ValueError,
            ("rank 0 or 1",)),
]
