"""Cases of ops/depthwise.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backprop_filter,
    depthwise_conv2d_backprop_input,
    depthwise_conv2d_native,
    separable_conv2d,
)
from flowgraph.testing import BadCase, Case
from tests.cases.conv2d import convolved, filter_slope, taken_back

R = np.random.RandomState(2)
X = R.standard_normal((2, 5, 6, 3))
W1, W2 = R.standard_normal((3, 2, 3, 1)), R.standard_normal((2, 3, 3, 2))
ONES = [1, 1, 1, 1]


def first(x):
    return np.moveaxis(x, -1, 1)


def by_channel(function, *parts):
    """`function` of each channel's parts, side by side along the last axis."""
    return np.concatenate([function(*[part(c) for part in parts]) for c in range(3)], -1)


def depthwise(x, w, strides=(1, 1), padding="SAME", rates=None):
    return by_channel(lambda x, w: convolved(x, w, strides, padding, rates),
                      lambda c: x[..., c:c + 1], lambda c: w[:, :, c:c + 1])


def input_slope(w, dy, strides, padding, rates=None):
    m = w.shape[3]
    return by_channel(lambda w, dy: taken_back((*X.shape[:3], 1), w, dy, strides, padding, rates),
                      lambda c: w[:, :, c:c + 1], lambda c: dy[..., c * m:c * m + m])


def filters_slope(x, shape, dy, strides, padding):
    m = shape[3]
    return np.concatenate([
        filter_slope(x[..., c:c + 1], (*shape[:2], 1, m), dy[..., c * m:c * m + m], strides,
                     padding) for c in range(3)], 2)


def like(y):
    return R.standard_normal(y.shape)


CASES = [
    Case("depthwise_conv2d/same", lambda x, w: depthwise_conv2d(x, w, ONES, "SAME"), (X, W1),
         depthwise, grad=True),
    Case("depthwise_conv2d/multiplier", lambda x, w: depthwise_conv2d(x, w, ONES, "VALID"),
         (X, W2), lambda x, w: depthwise(x, w, padding="VALID"), grad=True),
    Case("depthwise_conv2d/strided",
         lambda x, w: depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME"), (X, W2),
         lambda x, w: depthwise(x, w, (2, 2)), grad=True),
    Case("depthwise_conv2d/rate", lambda x, w: depthwise_conv2d(x, w, ONES, "SAME", rate=[2, 3]),
         (X, W1), lambda x, w: depthwise(x, w, rates=(2, 3)), grad=True),
    Case("depthwise_conv2d/NCHW",
         lambda x, w: depthwise_conv2d(x, w, ONES, "SAME", data_format="NCHW"), (first(X), W2),
         lambda x, w: first(depthwise(np.moveaxis(x, 1, -1), w)), grad=True),
    Case("depthwise_conv2d_native/dilations",
         lambda x, w: depthwise_conv2d_native(x, w, ONES, "VALID", dilations=2), (X, W2),
         lambda x, w: depthwise(x, w, padding="VALID", rates=(2, 2))),
    Case("depthwise_conv2d_native/no_images",
         lambda x, w: depthwise_conv2d_native(x, w, ONES, "SAME"), (X[:0], W2),
         np.zeros((0, 5, 6, 6))),
    Case("depthwise_conv2d_backprop_input/strided",
         lambda w, dy: depthwise_conv2d_backprop_input(X.shape, w, dy, [1, 2, 2, 1], "SAME"),
         (W2, like(depthwise(X, W2, (2, 2)))),
         lambda w, dy: input_slope(w, dy, (2, 2), "SAME"), grad=True),
    Case("depthwise_conv2d_backprop_filter/valid",
         lambda x, dy: depthwise_conv2d_backprop_filter(x, W2.shape, dy, ONES, "VALID"),
         (X, like(depthwise(X, W2, padding="VALID"))),
         lambda x, dy: filters_slope(x, W2.shape, dy, (1, 1), "VALID"), grad=True),
    Case("separable_conv2d/same",
         lambda x, d, p: separable_conv2d(x, d, p, [1, 2, 2, 1], "SAME"),
         (X, W2, R.standard_normal((1, 1, 6, 4))),
         lambda x, d, p: depthwise(x, d, (2, 2)) @ p[0, 0], grad=True),
    Case("separable_conv2d/rate",
         lambda x, d, p: separable_conv2d(x, d, p, ONES, "VALID", rate=[2, 2]),
         (X, W1[:2], R.standard_normal((1, 1, 3, 4))),
         lambda x, d, p: depthwise(x, d, padding="VALID", rates=(2, 2)) @ p[0, 0]),
]

BAD = [
    BadCase("depthwise_conv2d/channels", lambda: depthwise_conv2d(
        fg.zeros([1, 5, 5, 3]), fg.zeros([2, 2, 2, 1]), ONES, "SAME"), ValueError,
            ("depthwise", "3 channels", "(2, 2, 2, 1)")),
    BadCase("depthwise_conv2d/strides_and_rate", lambda: depthwise_conv2d(
        fg.zeros([1, 5, 5, 3]), fg.zeros([2, 2, 3, 1]), [1, 2, 2, 1], "SAME", [2, 2]), ValueError,
            ("dilation_rate",)),
    BadCase("depthwise_conv2d/channels_at_run",
            lambda x, w: depthwise_conv2d(x, w, ONES, "SAME"), InvalidArgumentError, ("channels",),
            (X, W2[:, :, :2]), "run"),
    BadCase("separable_conv2d/pointwise", lambda: separable_conv2d(
        fg.zeros([1, 5, 5, 3]), fg.zeros([2, 2, 3, 1]), fg.zeros([2, 2, 3, 1]), ONES, "SAME"),
            ValueError, ("pointwise", "(2, 2, 3, 1)")),
]
