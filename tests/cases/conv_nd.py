"""Cases of ops/conv_nd.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.ops.conv_nd import (
    conv1d,
    conv1d_transpose,
    conv3d,
    conv3d_backprop_filter,
    conv3d_transpose,
    conv_transpose,
    convolution,
)
from flowgraph.testing import BadCase, Case
from tests.cases.conv2d import convolved, filter_slope, taken_back

R = np.random.RandomState(1)
S, SW = R.standard_normal((2, 7, 2)), R.standard_normal((3, 2, 3))
V, VW = R.standard_normal((2, 4, 3, 5, 2)), R.standard_normal((2, 3, 2, 2, 3))
X, W = R.standard_normal((2, 5, 6, 2)), R.standard_normal((3, 2, 2, 3))


def first(x):
    return np.moveaxis(x, -1, 1)


def last(x):
    return np.moveaxis(x, 1, -1)


CASES = [
    Case("conv3d/of_a_new_channel_axis", lambda x, w: conv3d(x[..., None], w, 1, "VALID"),
         (V[..., 0], VW[:, :, :, :1]),
         lambda x, w: convolved(x[..., None], w, (1, 1, 1), "VALID"), grad=True),
    Case("conv3d/same", lambda x, w: conv3d(x, w, 1, "SAME"), (V, VW),
         lambda x, w: convolved(x, w, (1, 1, 1), "SAME"), grad=True),
    Case("conv3d/strided", lambda x, w: conv3d(x, w, [1, 2, 1, 2, 1], "VALID"), (V, VW),
         lambda x, w: convolved(x, w, (2, 1, 2), "VALID"), grad=True),
    Case("conv3d/dilated", lambda x, w: conv3d(x, w, 1, "SAME", dilations=[1, 2, 1, 3, 1]), (V, VW),
         lambda x, w: convolved(x, w, (1, 1, 1), "SAME", (2, 1, 3)), grad=True),
    Case("conv3d/NCDHW", lambda x, w: conv3d(x, w, 1, "VALID", data_format="NCDHW"),
         (first(V).copy(), VW), lambda x, w: first(convolved(last(x), w, (1, 1, 1), "VALID")),
         grad=True),
    Case("conv3d_transpose/strided",
         lambda x, w: conv3d_transpose(x, w, [2, 8, 6, 9, 2], 2, "SAME"),
         (R.standard_normal((2, 4, 3, 5, 3)), VW),
         lambda x, w: taken_back((2, 8, 6, 9, 2), w, x, (2, 2, 2), "SAME"), grad=True),
    Case("conv3d_backprop_filter/same",
         lambda x, dy: conv3d_backprop_filter(x, [2, 3, 2, 2, 3], dy, 1, "SAME"),
         (V, R.standard_normal((2, 4, 3, 5, 3))),
         lambda x, dy: filter_slope(x, (2, 3, 2, 2, 3), dy, (1, 1, 1), "SAME"), grad=True),
    Case("conv1d/same", lambda x, w: conv1d(x, w, 1, "SAME"), (S, SW),
         lambda x, w: convolved(x, w, (1,), "SAME"), grad=True),
    Case("conv1d/strided", lambda x, w: conv1d(x, w, 2, "VALID"), (S, SW),
         lambda x, w: convolved(x, w, (2,), "VALID")),
    Case("conv1d/dilated", lambda x, w: conv1d(input=x, filters=w, stride=1, padding="SAME",
                                               dilations=2), (S, SW),
         lambda x, w: convolved(x, w, (1,), "SAME", (2,))),
    Case("conv1d/NCW", lambda x, w: conv1d(x, w, 1, "SAME", data_format="NCW"), (first(S), SW),
         lambda x, w: first(convolved(last(x), w, (1,), "SAME"))),
    Case("conv1d_transpose/strided", lambda x, w: conv1d_transpose(x, w, [2, 15, 2], 2, "VALID"),
         (R.standard_normal((2, 7, 3)), SW),
         lambda x, w: taken_back((2, 15, 2), w, x, (2,), "VALID"), grad=True),
    Case("conv1d_transpose/shape_tensor",
         lambda x, w, s: conv1d_transpose(x, w, s, 2, "VALID"),
         (R.standard_normal((2, 7, 3)), SW, np.array([2, 15, 2], np.int32)),
         lambda x, w, s: taken_back((2, 15, 2), w, x, (2,), "VALID")),
    Case("convolution/one_axis", lambda x, w: convolution(x, w, "SAME", [2]), (S, SW),
         lambda x, w: convolved(x, w, (2,), "SAME"), unknown_shapes=False),
    Case("convolution/two_axes", lambda x, w: convolution(x, w, "VALID", dilation_rate=[2, 3]),
         (X, W), lambda x, w: convolved(x, w, (1, 1), "VALID", (2, 3)), unknown_shapes=False),
    Case("convolution/NCHW", lambda x, w: convolution(x, w, "SAME", data_format="NCHW"),
         (first(X), W), lambda x, w: first(convolved(last(x), w, (1, 1), "SAME"))),
    Case("convolution/three_axes", lambda x, w: convolution(x, w, "SAME", [1, 2, 1]), (V, VW),
         lambda x, w: convolved(x, w, (1, 2, 1), "SAME"), unknown_shapes=False),
    Case("conv_transpose/one_axis", lambda x, w: conv_transpose(x, w, [2, 15, 2], 2, "VALID"),
         (R.standard_normal((2, 7, 3)), SW),
         lambda x, w: taken_back((2, 15, 2), w, x, (2,), "VALID"), unknown_shapes=False),
    Case("conv_transpose/two_axes", lambda x, w: conv_transpose(x, w, [2, 5, 6, 2], 1),
         (R.standard_normal((2, 5, 6, 3)), W),
         lambda x, w: taken_back((2, 5, 6, 2), w, x, (1, 1), "SAME"), unknown_shapes=False),
]

BAD = [
    BadCase("conv3d/channels", lambda: conv3d(fg.zeros([1, 2, 2, 2, 3]), fg.zeros([1, 1, 1, 2, 4]),
                                              1, "SAME"), ValueError, ("Conv3D", "3 channels")),
    BadCase("conv1d/data_format", lambda x, w: conv1d(x, w, 1, "SAME", data_format="CWN"),
            ValueError, ("NWC", "CWN"), (S, SW)),
    BadCase("convolution/no_rank", lambda x, w: convolution(x, w, "SAME"), ValueError, ("rank",),
            (S, SW)),
    BadCase("convolution/rank", lambda: convolution(fg.zeros([2, 2]), fg.zeros([2, 2]), "SAME"),
            ValueError, ("rank 2",)),
    BadCase("convolution/strides_and_dilations", lambda: convolution(
        fg.zeros([1, 8, 8, 1]), fg.zeros([2, 2, 1, 1]), "SAME", [2, 2], [2, 2]), ValueError,
            ("dilation_rate",)),
]
