"""Cases of placeholders."""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([[1.5, -2.0], [0.25, 4.0]])

CASES = [
    Case("Placeholder/fed", lambda x: x, (X,), X),
    Case("Placeholder/text", lambda x: x, (np.array([b"a", b"b"], object),),
         np.array([b"a", b"b"], object)),
    Case("PlaceholderWithDefault/default", lambda x: fg.placeholder_with_default(x, [2, 2]),
         (X,), X, grad=True),
    Case("PlaceholderWithDefault/unknown_rows",
         lambda x: fg.placeholder_with_default(x, [None, 2]), (X,), X),
    Case("PlaceholderWithDefault/of_value",
         lambda: fg.placeholder_with_default([1, 2], [None]), expect=np.array([1, 2], np.int32)),
]

BAD = [
    BadCase("Placeholder/not_fed", lambda: fg.placeholder(fg.float32, [None, 2], name="images"),
            fg.errors.InvalidArgumentError,
            ("You must feed a value for", "placeholder", "images", "(?, 2)"), (), "run"),
    BadCase("Placeholder/not_a_dtype", lambda: fg.placeholder("float33"), TypeError, ("float33",)),
    BadCase("Placeholder/negative_size", lambda: fg.placeholder(fg.float32, [-2]), ValueError,
            ("-2",)),
    BadCase("PlaceholderWithDefault/shape", lambda: fg.placeholder_with_default([1, 2], [3]),
            ValueError, ("(3,)", "(2,)")),
]
