"""Cases of ops/pooling.py, ops/pooling_nd.py and ops/pooling_argmax.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.gradients.gradients import gradients
from flowgraph.ops.pooling import (
    AvgPoolGrad,
    MaxPoolGrad,
    MaxPoolGradGrad,
    avg_pool,
    avg_pool2d,
    max_pool,
    max_pool2d,
)
from flowgraph.ops.pooling_argmax import (
    MaxPoolGradGradWithArgmax,
    MaxPoolGradWithArgmax,
    max_pool_with_argmax,
)
from flowgraph.ops.pooling_nd import (
    AvgPool3DGrad,
    MaxPool3DGradGrad,
    avg_pool1d,
    avg_pool3d,
    avg_pool_v2,
    max_pool1d,
    max_pool3d,
    max_pool_v2,
    pool,
)
from flowgraph.testing import BadCase, Case
from tests.cases.conv2d import same

R = np.random.RandomState(3)
X = R.permutation(120).reshape(2, 5, 6, 2) / 10.0  # no two are equal or close
S = R.permutation(28).reshape(2, 7, 2) / 10.0
V = R.permutation(240).reshape(2, 4, 3, 5, 2) / 10.0
TIES = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 3], [3, 3, 3, 3]], float).reshape(1, 4, 4, 1)
NAN = np.array([[1, np.nan], [2, 3]]).reshape(1, 2, 2, 1)
ATTRS = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"}
ATTRS3 = {"ksize": [1, 2, 2, 2, 1], "strides": [1, 2, 1, 2, 1], "padding": "SAME"}


def slid(function, x, ksize, strides, padding):
    """`function` of each window, window by window; one entry per axis in each list."""
    pads = [same(n, k, s, 1) if padding == "SAME" else (0, 0)
            for n, k, s in zip(x.shape, ksize, strides, strict=True)]
    counts = [(n + sum(p) - k) // s + 1
              for n, p, k, s in zip(x.shape, pads, ksize, strides, strict=True)]
    y = np.zeros(counts, x.dtype)
    for at in np.ndindex(*counts):
        part = tuple(slice(max(0, i * s - p), i * s - p + k)
                     for i, s, (p, _), k in zip(at, strides, pads, ksize, strict=True))
        y[at] = function(x[part])
    return y


def first(x):
    return np.moveaxis(x, -1, 1)


def tops(x, ksize=(1, 3, 2, 1), strides=(1, 2, 1, 1), padding="SAME"):
    return slid(np.max, x, ksize, strides, padding)


def means(x, ksize=(1, 3, 2, 1), strides=(1, 2, 1, 1), padding="SAME"):
    return slid(np.mean, x, ksize, strides, padding)


def tie_gradient(x):
    return gradients(max_pool(x, 3, 1, "SAME"), x)[0]


def first_hits(x):
    """How many 3 x 3 windows have their first maximum at each place."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(4, 4):
        part = x[0, max(0, i - 1):i + 2, max(0, j - 1):j + 2, 0]
        di, dj = np.unravel_index(np.argmax(part), part.shape)
        dx[0, max(0, i - 1) + di, max(0, j - 1) + dj, 0] += 1
    return dx


def places(x, batch):
    """The flat index of each 2 x 2 window's maximum."""
    index = np.arange(x.size).reshape(x.shape)
    if not batch:
        index = np.broadcast_to(index[:1], x.shape)
    y = np.zeros((x.shape[0], 2, 3, 2), np.int64)
    for b, i, j, c in np.ndindex(*y.shape):
        part = x[b, 2 * i:2 * i + 2, 2 * j:2 * j + 2, c]
        y[b, i, j, c] = index[b, 2 * i:2 * i + 2, 2 * j:2 * j + 2, c].flat[np.argmax(part)]
    return y


def shared_out(x, dy, attrs):
    """The gradient of `means`, from the means of unit images."""
    dx = np.zeros(x.size)
    for i in range(x.size):
        unit = np.zeros(x.size)
        unit[i] = 1
        dx[i] = (means(unit.reshape(x.shape), **attrs) * dy).sum()
    return dx.reshape(x.shape)


def with_argmax(x, **options):
    return max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID", **options)


CASES = [
    Case("max_pool/same", lambda x: max_pool(x, **ATTRS), (X,), tops, grad=True),
    Case("max_pool/valid", lambda x: max_pool(x, 2, 2, "VALID"), (X,),
         lambda x: tops(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), grad=True),
    Case("max_pool/gaps", lambda x: max_pool(x, [1, 2, 1, 1], [1, 3, 2, 1], "VALID"), (X,),
         lambda x: tops(x, (1, 2, 1, 1), (1, 3, 2, 1), "VALID"), grad=True),
    Case("max_pool/nothing", lambda x: max_pool(x, 1, 1, "VALID"), (X,), lambda x: x, grad=True),
    Case("max_pool/larger_than_image", lambda x: max_pool(x, 9, 4, "SAME"), (X,),
         lambda x: tops(x, (1, 9, 9, 1), (1, 4, 4, 1))),
    Case("max_pool/over_channels", lambda x: max_pool(x, [1, 1, 1, 2], [1, 1, 1, 2], "VALID"),
         (X,), lambda x: x.max(-1, keepdims=True)),
    Case("max_pool/NCHW", lambda x: max_pool(x, [1, 1, 3, 2], [1, 1, 2, 1], "SAME", "NCHW"),
         (first(X),), lambda x: first(tops(np.moveaxis(x, 1, -1))), grad=True),
    Case("max_pool/int32", lambda x: max_pool(input=x, value=None, ksize=3, strides=2,
                                              padding="SAME"),
         (-(X * 10).astype(np.int32),), lambda x: tops(x, (1, 3, 3, 1), (1, 2, 2, 1))),
    Case("max_pool/float16", lambda x: max_pool(x, **ATTRS), (X.astype(np.float16),), tops),
    Case("max_pool/infinite", lambda x: max_pool(x, 2, 1, "SAME"),
         (np.full((1, 2, 2, 1), -np.inf),), lambda x: x),
    Case("max_pool/nan_is_no_maximum", lambda x: max_pool(x, 2, 1, "SAME"), (NAN,),
         np.full((1, 2, 2, 1), 3.0)),
    Case("max_pool/no_images", lambda x: max_pool(x, **ATTRS), (X[:0],), np.zeros((0, 3, 6, 2))),
    Case("max_pool/gradient_of_ties", tie_gradient, (TIES,), first_hits),
    Case("max_pool2d/valid", lambda x: max_pool2d(x, 2, 1, "VALID"), (X,),
         lambda x: tops(x, (1, 2, 2, 1), (1, 1, 1, 1), "VALID")),
    Case("MaxPoolGradGrad/same",
         lambda g: MaxPoolGradGrad.build(fg.constant(X, g.dtype), max_pool(
             fg.constant(X, g.dtype), **ATTRS), g, **ATTRS), (X,), tops, grad=True),
    Case("avg_pool/same", lambda x: avg_pool(x, **ATTRS), (X,), means, grad=True),
    Case("avg_pool/valid", lambda x: avg_pool(x, 3, [1, 2], "VALID"), (X,),
         lambda x: means(x, (1, 3, 3, 1), (1, 1, 2, 1), "VALID"), grad=True),
    Case("avg_pool/gaps", lambda x: avg_pool(x, 1, 2, "SAME"), (X,), lambda x: x[:, ::2, ::2],
         grad=True),
    Case("avg_pool/nothing", lambda x: avg_pool(x, 1, 1, "SAME"), (X,), lambda x: x, grad=True),
    Case("avg_pool/NCHW", lambda x: avg_pool(x, [1, 1, 3, 2], [1, 1, 2, 1], "SAME", "NCHW"),
         (first(X),), lambda x: first(means(np.moveaxis(x, 1, -1))), grad=True),
    Case("avg_pool/float16", lambda x: avg_pool(x, **ATTRS), (X.astype(np.float16),),
         lambda x: means(x.astype(float))),
    Case("avg_pool2d/float32", lambda x: avg_pool2d(x, **ATTRS), (X.astype(np.float32),), means),
    Case("AvgPoolGrad/same", lambda dy: AvgPoolGrad.build(X.shape, dy, **ATTRS), (means(X),),
         lambda dy: shared_out(X, dy, ATTRS), grad=True),
    Case("AvgPool3DGrad/same", lambda dy: AvgPool3DGrad.build(V.shape, dy, **ATTRS3),
         (means(V, **ATTRS3),), lambda dy: shared_out(V, dy, ATTRS3), grad=True),
    Case("AvgPool/empty_batch", lambda x: avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
         (np.zeros((0, 4, 4, 1)),), np.zeros((0, 2, 2, 1))),
    Case("max_pool3d/same", lambda x: max_pool3d(x, **ATTRS3), (V,),
         lambda x: tops(x, **ATTRS3), grad=True),
    Case("max_pool3d/NCDHW", lambda x: max_pool3d(x, 2, 1, "VALID", "NCDHW"), (first(V),),
         lambda x: tops(x, (1, 1, 2, 2, 2), (1,) * 5, "VALID")),
    Case("MaxPool3DGradGrad/same",
         lambda g: MaxPool3DGradGrad.build(fg.constant(V, g.dtype), max_pool3d(
             fg.constant(V, g.dtype), **ATTRS3), g, **ATTRS3), (V,), lambda x: tops(x, **ATTRS3),
         grad=True),
    Case("avg_pool3d/same", lambda x: avg_pool3d(x, **ATTRS3), (V,), lambda x: means(x, **ATTRS3),
         grad=True),
    Case("max_pool1d/same", lambda x: max_pool1d(x, 3, 2, "SAME"), (S,),
         lambda x: tops(x, (1, 3, 1), (1, 2, 1)), grad=True),
    Case("max_pool1d/NCW", lambda x: max_pool1d(x, 3, 2, "SAME", "NCW"), (first(S),),
         lambda x: tops(x, (1, 1, 3), (1, 1, 2))),
    Case("avg_pool1d/valid", lambda x: avg_pool1d(x, [3], [2], "VALID"), (S,),
         lambda x: means(x, (1, 3, 1), (1, 2, 1), "VALID"), grad=True),
    Case("max_pool_v2/series", lambda x: max_pool_v2(x, 3, 2, "SAME"), (S,),
         lambda x: tops(x, (1, 3, 1), (1, 2, 1)), unknown_shapes=False),
    Case("avg_pool_v2/volume", lambda x: avg_pool_v2(x, 2, 2, "SAME", "NDHWC"), (V,),
         lambda x: means(x, (1, 2, 2, 2, 1), (1, 2, 2, 2, 1))),
    Case("pool/max", lambda x: pool(x, [3, 2], "MAX", "SAME", strides=[2, 1]), (X,), tops),
    Case("pool/average", lambda x: pool(x, [3, 2], "AVG", "SAME", strides=[2, 1]), (X,), means),
    Case("pool/series", lambda x: pool(x, [3], "AVG", "VALID"), (S,),
         lambda x: means(x, (1, 3, 1), (1, 1, 1), "VALID")),
    Case("pool/dilated_max", lambda x: pool(x, [3, 2], "MAX", "VALID", dilation_rate=[2, 3]), (X,),
         lambda x: np.max([x[:, i:i + 1, j:j + 3] for i in (0, 2, 4) for j in (0, 3)], 0),
         grad=True),
    Case("pool/dilated_average",
         lambda x: pool(x, [1, 2], "AVG", "VALID", dilations=[1, 4]), (X,),
         lambda x: (x[:, :, :2] + x[:, :, 4:]) / 2, grad=True),
    Case("max_pool_with_argmax/per_image", with_argmax, (X,),
         lambda x: [tops(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), places(x, False)], grad=True),
    Case("max_pool_with_argmax/per_batch",
         lambda x: with_argmax(x, include_batch_in_index=True, Targmax=fg.int32), (X,),
         lambda x: [tops(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), places(x, True)], grad=True),
    Case("max_pool_with_argmax/first_of_ties",
         lambda x: max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")[1], (TIES,),
         np.array([0, 2, 8, 10]).reshape(1, 2, 2, 1)),
    Case("MaxPoolGradGradWithArgmax/per_image",
         lambda g: MaxPoolGradGradWithArgmax.build(
             fg.constant(X, g.dtype), g, with_argmax(fg.constant(X))[1], ksize=[1, 2, 2, 1],
             strides=[1, 2, 2, 1], padding="VALID"), (X,),
         lambda x: tops(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), grad=True),
]

BAD = [
    BadCase("max_pool/window", lambda: max_pool(fg.zeros([1, 2, 2, 1]), 3, 1, "VALID"), ValueError,
            ("MaxPool", "window over 3", "axis of 2")),
    BadCase("max_pool/rank", lambda: max_pool(fg.zeros([2, 2, 1]), 3, 1, "SAME"), ValueError,
            ("an input of rank 4", "(2, 2, 1)")),
    BadCase("max_pool/ksize", lambda: max_pool(fg.zeros([1, 2, 2, 1]), [1, 2, 2], 1, "SAME"),
            ValueError, ("ksize", "[1, 2, 2]")),
    BadCase("max_pool/padding", lambda: max_pool(fg.zeros([1, 2, 2, 1]), 2, 1, "FULL"), ValueError,
            ("'FULL'",)),
    BadCase("avg_pool/ints", lambda: avg_pool(fg.zeros([1, 2, 2, 1], fg.int32), 2, 1, "SAME"),
            TypeError, ("AvgPool", "int32")),
    BadCase("avg_pool/window_at_run", lambda x: avg_pool(x, 6, 1, "VALID"), InvalidArgumentError,
            ("window over 6", "axis of 5"), (X,), "run"),
    BadCase("max_pool1d/data_format", lambda x: max_pool1d(x, 2, 1, "SAME", "CWN"), ValueError,
            ("CWN",), (S,)),
    BadCase("pool/type", lambda x: pool(x, [2], "MIN", "SAME"), ValueError, ("'MIN'",), (S,)),
    BadCase("pool/same_dilated", lambda x: pool(x, [2], "MAX", "SAME", [2]), ValueError,
            ("dilation_rate",), (S,)),
    BadCase("max_pool_v2/rank", lambda x: max_pool_v2(x, 2, 2, "SAME"), ValueError, ("rank",),
            (S,)),
    BadCase("MaxPoolGrad/shapes_at_run", lambda x, y: MaxPoolGrad.build(x, y, y, **ATTRS),
            InvalidArgumentError, ("output has shape", "(2, 3, 6, 2)"), (X, X), "run"),
    BadCase("AvgPoolGrad/shapes_at_run", lambda dy: AvgPoolGrad.build(X.shape, dy, **ATTRS),
            InvalidArgumentError, ("gradient has shape",), (X,), "run"),
    BadCase("AvgPool3DGrad/shapes_at_run", lambda dy: AvgPool3DGrad.build(V.shape, dy, **ATTRS3),
            InvalidArgumentError, ("gradient has shape",), (V,), "run"),
    BadCase("MaxPoolGradWithArgmax/shapes", lambda: MaxPoolGradWithArgmax.build(
        fg.zeros([1, 2, 2, 1]), fg.zeros([1, 1, 1, 1]), fg.zeros([1, 2, 1, 1], fg.int64),
        ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID"), ValueError,
            ("grad and argmax",)),
    BadCase("AvgPool3D/rank", lambda: fg.nn.avg_pool3d(fg.zeros([1, 3, 3, 3]), 2, 1, "VALID"),
            ValueError, ("AvgPool3D '", "rank 5", "(1, 3, 3, 3)")),
    BadCase("MaxPool3D/small", lambda: fg.nn.max_pool3d(fg.zeros([1, 1, 3, 3, 1]), 2, 1, "VALID"),
            ValueError, ("MaxPool3D '", "2 elements along an axis of 1")),
    BadCase("MaxPool3D/small_at_run", lambda x: fg.nn.max_pool3d(x, 2, 1, "VALID"),
            fg.errors.InvalidArgumentError, ("MaxPool3D '", "2 elements along an axis of 1"),
            (np.zeros((1, 1, 3, 3, 1)),), "run"),
    BadCase("MaxPoolWithArgmax/rank",
            lambda: fg.nn.max_pool_with_argmax(fg.zeros([3, 3, 1]), 2, 1, "VALID"), ValueError,
            ("MaxPoolWithArgmax '", "rank 4", "(3, 3, 1)")),
]
