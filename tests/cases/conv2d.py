"""Cases of ops/conv2d.py, ops/convolve.py and ops/padding.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.ops.conv2d import (
    atrous_conv2d,
    atrous_conv2d_transpose,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
)
from flowgraph.testing import BadCase, Case

R = np.random.RandomState(0)


def normal(*shape):
    return R.standard_normal(shape)


def same(n, k, stride, rate):
    """(before, after) of SAME, from its definition."""
    count = int(np.ceil(n / stride))
    total = max(0, (count - 1) * stride + (k - 1) * rate + 1 - n)
    return total // 2, total - total // 2


def slides(sizes, window, strides, padding, rates):
    """(padding, results) per spatial axis."""
    if padding == "SAME":
        pads = [same(*numbers) for numbers in zip(sizes, window, strides, rates, strict=True)]
    else:
        pads = [(0, 0)] * len(sizes) if padding == "VALID" else padding
    counts = [(n + sum(p) - (k - 1) * r - 1) // s + 1
              for n, p, k, s, r in zip(sizes, pads, window, strides, rates, strict=True)]
    return pads, counts


def under(at, window, strides, rates):
    """The (padded) inputs under the window of the result `at`."""
    return tuple(slice(i * s, i * s + (k - 1) * r + 1, r)
                 for i, k, s, r in zip(at, window, strides, rates, strict=True))


def convolved(x, w, strides, padding, rates=None):
    """A convolution, channels last, result by result."""
    axes = x.ndim - 2
    rates = rates or [1] * axes
    pads, counts = slides(x.shape[1:-1], w.shape[:-2], strides, padding, rates)
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    y = np.zeros((x.shape[0], *counts, w.shape[-1]), x.dtype)
    for at in np.ndindex(*counts):
        part = x[(slice(None), *under(at, w.shape[:-2], strides, rates))]
        y[(slice(None), *at)] = np.tensordot(part, w, axes + 1)
    return y


def taken_back(shape, w, dy, strides, padding, rates=None):
    """The gradient of `convolved` with respect to x, result by result."""
    axes = len(shape) - 2
    rates = rates or [1] * axes
    pads, counts = slides(shape[1:-1], w.shape[:-2], strides, padding, rates)
    dx = np.pad(np.zeros(shape, w.dtype), [(0, 0), *pads, (0, 0)])
    for at in np.ndindex(*counts):
        dx[(slice(None), *under(at, w.shape[:-2], strides, rates))] += np.tensordot(
            dy[(slice(None), *at)], w, (-1, -1))
    inner = tuple(slice(p, p + n) for (p, _), n in zip(pads, shape[1:-1], strict=True))
    return dx[(slice(None), *inner)]


def filter_slope(x, shape, dy, strides, padding, rates=None):
    """The gradient of `convolved` with respect to w, result by result."""
    axes = x.ndim - 2
    rates = rates or [1] * axes
    pads, counts = slides(x.shape[1:-1], shape[:-2], strides, padding, rates)
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    dw = np.zeros(shape, x.dtype)
    for at in np.ndindex(*counts):
        part = x[(slice(None), *under(at, shape[:-2], strides, rates))]
        dw += np.tensordot(part, dy[(slice(None), *at)], (0, 0))
    return dw


def first(x):
    return np.moveaxis(x, -1, 1)


def case(name, sizes, window, strides, padding, rates=(1, 1), channels=2, out=3, **options):
    x, w = normal(2, *sizes, channels), normal(*window, channels, out)
    return Case(f"conv2d/{name}",
                lambda x, w: conv2d(x, w, list(strides), padding, dilations=list(rates)), (x, w),
                lambda x, w: convolved(x, w, strides, padding, rates), **options)


def adjoint_case(name, build, sizes, window, strides, padding, rates=(1, 1)):
    x, w = normal(2, *sizes, 2), normal(*window, 2, 3)
    dy = normal(*convolved(x, w, strides, padding, rates).shape)
    attrs = {"strides": list(strides), "padding": padding, "dilations": list(rates)}
    if build is conv2d_backprop_input:
        return Case(f"conv2d_backprop_input/{name}",
                    lambda w, dy: build(x.shape, w, dy, **attrs), (w, dy),
                    lambda w, dy: taken_back(x.shape, w, dy, strides, padding, rates), grad=True)
    return Case(f"conv2d_backprop_filter/{name}",
                lambda x, dy: build(x, w.shape, dy, **attrs), (x, dy),
                lambda x, dy: filter_slope(x, w.shape, dy, strides, padding, rates), grad=True)


def both_adjoints(name, *numbers):
    return [adjoint_case(name, build, *numbers)
            for build in (conv2d_backprop_input, conv2d_backprop_filter)]


X, W = normal(2, 5, 6, 2), normal(3, 2, 2, 3)
EXPLICIT = [[0, 0], [1, 2], [0, 1], [0, 0]]

CASES = [
    case("same", (5, 6), (3, 3), (1, 1), "SAME", grad=True),
    case("valid", (5, 6), (3, 2), (1, 1), "VALID", grad=True),
    case("stride_2_same", (5, 6), (3, 3), (2, 2), "SAME", grad=True),
    case("strides_differ", (7, 6), (2, 3), (1, 3), "VALID", grad=True),
    case("stride_beyond_window", (7, 7), (2, 2), (3, 3), "SAME", grad=True),
    case("dilated_same", (7, 8), (3, 3), (1, 1), "SAME", (2, 3), grad=True),
    case("dilated_valid", (7, 8), (3, 2), (1, 1), "VALID", (2, 1)),
    case("dilated_strided", (9, 8), (3, 2), (2, 1), "VALID", (2, 3), grad=True),
    case("one_by_one", (4, 5), (1, 1), (1, 1), "SAME", grad=True),
    case("one_by_one_strided", (5, 5), (1, 1), (2, 2), "SAME", grad=True),
    case("one_channel", (9, 40), (3, 3), (1, 1), "SAME", channels=1),
    case("one_channel_grad", (5, 9), (3, 2), (1, 1), "SAME", channels=1, grad=True),
    case("window_is_image", (4, 5), (4, 5), (1, 1), "VALID", grad=True),
    Case("conv2d/explicit", lambda x, w: conv2d(x, w, 1, EXPLICIT), (X, W),
         lambda x, w: convolved(x, w, (1, 1), [(1, 2), (0, 1)]), grad=True),
    Case("conv2d/explicit_beyond_window",
         lambda x, w: conv2d(x, w, 1, [[0, 0], [3, 3], [2, 2], [0, 0]]), (X[:1], W),
         lambda x, w: convolved(x, w, (1, 1), [(3, 3), (2, 2)]), grad=True),
    Case("conv2d/explicit_beyond_window_after",
         lambda x, w: conv2d(x, w, 1, [[0, 0], [0, 4], [1, 0], [0, 0]]), (X[:1], W),
         lambda x, w: convolved(x, w, (1, 1), [(0, 4), (1, 0)]), grad=True),
    Case("conv2d/NCHW", lambda x, w: conv2d(x, w, [1, 1, 2, 2], "SAME", data_format="NCHW"),
         (first(X).copy(), W), lambda x, w: first(convolved(np.moveaxis(x, 1, -1), w, (2, 2),
                                                            "SAME")), grad=True),
    Case("conv2d/float32", lambda x, w: conv2d(x, w, 1, "SAME"),
         (X.astype(np.float32), W.astype(np.float32)),
         lambda x, w: convolved(x, w, (1, 1), "SAME"), rtol=1e-4, atol=1e-5),
    Case("conv2d/float16", lambda x, w: conv2d(x, w, 1, "SAME"),
         (X.astype(np.float16), W.astype(np.float16)),
         lambda x, w: convolved(x.astype(float), w.astype(float), (1, 1), "SAME"), rtol=1e-2,
         atol=1e-2),
    Case("conv2d/no_images", lambda x, w: conv2d(x, w, 1, "SAME"), (X[:0], W),
         np.zeros((0, 5, 6, 3))),
    Case("conv2d/no_rows", lambda x, w: conv2d(x, w, 1, "SAME"), (X[:, :0], W),
         np.zeros((2, 0, 6, 3))),
    Case("conv2d/no_filters", lambda x, w: conv2d(x, w, 1, "SAME"), (X, W[..., :0]),
         np.zeros((2, 5, 6, 0)), grad=True),
    Case("conv2d/many_images", lambda x, w: conv2d(x, w, 1, "VALID"),
         (normal(30, 24, 24, 4), normal(3, 3, 4, 2)),
         lambda x, w: convolved(x, w, (1, 1), "VALID"), unknown_shapes=False),
    Case("conv2d/filters_argument", lambda x, w: conv2d(x, filters=w, strides=1, padding="VALID"),
         (X, W), lambda x, w: convolved(x, w, (1, 1), "VALID")),
    Case("conv2d/of_a_transposed_input",
         lambda x, w: conv2d(fg.transpose(x, [0, 2, 1, 3]), w, 1, "VALID"), (X, W),
         lambda x, w: convolved(x.transpose(0, 2, 1, 3), w, (1, 1), "VALID")),
    Case("conv2d/of_a_new_channel_axis", lambda x, w: conv2d(x[..., None], w, [1, 2], "VALID"),
         (X[..., 0], W[:, :, :1]),
         lambda x, w: convolved(x[..., None], w, (1, 2), "VALID"), grad=True),
    *both_adjoints("same", (5, 4), (3, 3), (1, 1), "SAME"),
    *both_adjoints("valid", (5, 4), (3, 2), (1, 1), "VALID"),
    *both_adjoints("strided", (6, 5), (3, 2), (2, 3), "SAME"),
    *both_adjoints("dilated", (7, 8), (3, 3), (1, 1), "VALID", (2, 3)),
    *both_adjoints("one_by_one", (5, 5), (1, 1), (2, 2), "VALID"),
    Case("conv2d_backprop_input/sizes_tensor",
         lambda sizes, w, dy: conv2d_backprop_input(sizes, w, dy, 1, "SAME"),
         (np.array([2, 5, 6, 2], np.int32), W, normal(2, 5, 6, 3)),
         lambda sizes, w, dy: taken_back(sizes, w, dy, (1, 1), "SAME")),
    Case("conv2d_backprop_filter/no_images",
         lambda x, dy: conv2d_backprop_filter(x, [3, 2, 2, 3], dy, 1, "SAME"),
         (X[:0], normal(0, 5, 6, 3)), np.zeros((3, 2, 2, 3))),
    Case("conv2d_transpose/same", lambda x, w: conv2d_transpose(x, w, [2, 9, 12, 2], 2),
         (normal(2, 5, 6, 3), W),
         lambda x, w: taken_back((2, 9, 12, 2), w, x, (2, 2), "SAME"), grad=True),
    Case("conv2d_transpose/NCHW",
         lambda x, w: conv2d_transpose(x, w, [2, 2, 7, 7], 1, "VALID", data_format="NCHW"),
         (normal(2, 3, 5, 6), W), lambda x, w: first(taken_back(
             (2, 7, 7, 2), w, np.moveaxis(x, 1, -1), (1, 1), "VALID")), grad=True),
    Case("atrous_conv2d/same", lambda x, w: atrous_conv2d(x, w, 2, "SAME"), (X, W),
         lambda x, w: convolved(x, w, (1, 1), "SAME", (2, 2)), grad=True),
    Case("atrous_conv2d_transpose/valid",
         lambda x, w: atrous_conv2d_transpose(x, w, [2, 9, 8, 2], 2, "VALID"),
         (normal(2, 5, 6, 3), W),
         lambda x, w: taken_back((2, 9, 8, 2), w, x, (1, 1), "VALID", (2, 2)), grad=True),
]

BAD = [
    BadCase("conv2d/channels", lambda: conv2d(fg.zeros([1, 5, 5, 3]), fg.zeros([3, 3, 2, 4]), 1,
                                              "SAME"),
            ValueError, ("Conv2D", "(1, 5, 5, 3)", "(3, 3, 2, 4)", "3 channels")),
    BadCase("conv2d/window", lambda: conv2d(fg.zeros([1, 2, 2, 3]), fg.zeros([3, 3, 3, 4]), 1,
                                            "VALID"),
            ValueError, ("Conv2D", "window over 3", "axis of 2")),
    BadCase("conv2d/rank", lambda: conv2d(fg.zeros([2, 2, 3]), fg.zeros([3, 3, 3, 4]), 1, "SAME"),
            ValueError, ("an input of rank 4", "(2, 2, 3)")),
    BadCase("conv2d/strides", lambda: conv2d(fg.zeros([1, 2, 2, 3]), fg.zeros([3, 3, 3, 4]),
                                             [1, 1, 1], "SAME"),
            ValueError, ("strides", "[1, 1, 1]")),
    BadCase("conv2d/batch_stride", lambda: conv2d(
        fg.zeros([1, 2, 2, 3]), fg.zeros([3, 3, 3, 4]), [2, 1, 1, 1], "SAME"),
            ValueError, ("strides", "along batch")),
    BadCase("conv2d/padding", lambda: conv2d(fg.zeros([1, 2, 2, 3]), fg.zeros([3, 3, 3, 4]), 1,
                                             "FULL"), ValueError, ("'FULL'", "SAME")),
    BadCase("conv2d/explicit_list_too_small",
            lambda: conv2d(fg.zeros([1, 2, 2, 3]), fg.zeros([3, 3, 3, 4]), 1, [[1, 1], [1, 1]]),
            ValueError, ("explicit",)),
    BadCase("conv2d/dtypes", lambda: conv2d(fg.zeros([1, 2, 2, 3]),
                                            fg.zeros([1, 1, 3, 4], fg.float64), 1, "SAME"),
            TypeError, ("float32", "float64")),
    BadCase("conv2d/both_filters", lambda x: conv2d(x, x, 1, "SAME", filters=x), ValueError,
            ("filters", "filter"), (X,)),
    BadCase("conv2d/channels_at_run", lambda x, w: conv2d(x, w, 1, "SAME"), InvalidArgumentError,
            ("channels", "2", "3"), (X, normal(3, 3, 3, 1)), "run"),
    BadCase("conv2d/window_at_run", lambda x, w: conv2d(x, w, 1, "VALID"), InvalidArgumentError,
            ("window over 3", "axis of 2"), (X[:, :2], W), "run"),
    BadCase("conv2d_transpose/output_shape",
            lambda: conv2d_transpose(fg.zeros([1, 3, 4, 2]), fg.zeros([3, 3, 3, 2]), [1, 9, 8, 3],
                                     2),
            ValueError, ("(1, 3, 4, 2)", "(1, 9, 8, 3)", "(1, 5, 4, 2)")),
    BadCase("conv2d_transpose/channels",
            lambda: conv2d_transpose(fg.zeros([1, 3, 4, 2]), fg.zeros([3, 3, 3, 5]), [1, 6, 8, 3],
                                     2), ValueError, ("conv2d_transpose", "(1, 3, 4, 5)")),
    BadCase("conv2d_transpose/output_shape_at_run",
            lambda x, w, s: conv2d_transpose(x, w, s, 2), InvalidArgumentError,
            ("(1, 5, 4)", "(1, 3, 4)"),
            (normal(1, 3, 4, 2), normal(3, 3, 3, 2), np.array([1, 9, 8, 3], np.int32)), "run"),
]
