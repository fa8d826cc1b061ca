"""Cases of ops/dilation.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.gradients.gradients import gradients
from flowgraph.ops.dilation import dilation2d, erosion2d
from flowgraph.testing import BadCase, Case
from tests.cases.conv2d import slides, under

R = np.random.RandomState(4)
X = R.permutation(120).reshape(2, 5, 6, 2) / 10.0
W = R.standard_normal((3, 2, 2)) / 100
ONES = [1, 1, 1, 1]


def dilated(x, w, strides=(1, 1), padding="SAME", rates=(1, 1), lowest=-np.inf):
    pads, counts = slides(x.shape[1:3], w.shape[:2], strides, padding, rates)
    x = np.pad(x.astype(float), [(0, 0), *pads, (0, 0)], constant_values=lowest)
    y = np.zeros((x.shape[0], *counts, x.shape[3]))
    for at in np.ndindex(*counts):
        y[(slice(None), *at)] = (x[(slice(None), *under(at, w.shape[:2], strides, rates))]
                                 + w).max((1, 2))
    return y


def tie_gradients(x, w):
    return gradients(dilation2d(x, w, ONES, ONES, "VALID"), [x, w])


CASES = [
    Case("dilation2d/same", lambda x, w: dilation2d(x, w, ONES, ONES, "SAME"), (X, W), dilated,
         grad=True),
    Case("dilation2d/strided_rates",
         lambda x, w: dilation2d(x, filters=w, strides=[1, 2, 1, 1], dilations=[1, 1, 3, 1],
                                 padding="VALID"),
         (X, W), lambda x, w: dilated(x, w, (2, 1), "VALID", (1, 3)), grad=True),
    Case("dilation2d/int32", lambda x, w: dilation2d(x, w, ONES, ONES, "SAME"),
         (-(X * 10).astype(np.int32), np.arange(12, dtype=np.int32).reshape(3, 2, 2)), dilated),
    Case("dilation2d/first_of_ties", tie_gradients, (np.ones((1, 2, 2, 1)), np.zeros((2, 2, 1))),
         [np.array([1.0, 0, 0, 0]).reshape(1, 2, 2, 1), np.array([1.0, 0, 0, 0]).reshape(2, 2, 1)]),
    Case("erosion2d/same", lambda x, w: erosion2d(x, w, ONES, ONES, "SAME"), (X, W),
         lambda x, w: -dilated(-x, w[::-1, ::-1]), grad=True),
]

BAD = [
    BadCase("dilation2d/channels", lambda: dilation2d(fg.zeros([1, 3, 3, 2]), fg.zeros([2, 2, 3]),
                                                      ONES, ONES, "SAME"),
            ValueError, ("Dilation2D", "2 channels", "(2, 2, 3)")),
    BadCase("dilation2d/window", lambda: dilation2d(fg.zeros([1, 3, 3, 2]), fg.zeros([2, 2, 2]),
                                                    ONES, [1, 3, 3, 1], "VALID"),
            ValueError, ("window over 4", "axis of 3")),
    BadCase("dilation2d/channels_at_run", lambda x, w: dilation2d(x, w, ONES, ONES, "SAME"),
            InvalidArgumentError, ("2 channels", "1"), (X, W[..., :1]), "run"),
]
