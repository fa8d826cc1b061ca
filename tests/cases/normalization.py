"""Cases of ops/normalization.py, ops/fused_batch_norm.py and ops/lrn.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.gradients.gradients import gradients
from flowgraph.ops.fused_batch_norm import FusedBatchNorm, fused_batch_norm
from flowgraph.ops.lrn import local_response_normalization
from flowgraph.ops.normalization import (
    batch_norm_with_global_normalization,
    batch_normalization,
    moments,
    normalize_moments,
    sufficient_statistics,
    weighted_moments,
)
from flowgraph.testing import BadCase, Case

R = np.random.RandomState(5)
A = R.standard_normal((4, 3))
X = R.standard_normal((2, 3, 4, 5))
M, V, B, G = R.standard_normal(3), R.uniform(0.5, 2, 3), R.standard_normal(3), R.uniform(1, 2, 3)
SCALE, OFFSET = R.uniform(0.5, 2, 5), R.standard_normal(5)
MEAN, VARIANCE = R.standard_normal(5), R.uniform(0.5, 2, 5)
WEIGHTS = R.uniform(0, 1, (4, 1))


def first(x):
    return np.moveaxis(x, -1, 1)


def plain(x, m, v, b, g, epsilon):
    return g * (x - m) / np.sqrt(v + epsilon) + b


def trained(x, scale, offset, epsilon=1e-3):
    m, v = x.mean((0, 1, 2)), x.var((0, 1, 2))
    n = x.size / x.shape[-1]
    return [plain(x, m, v, offset, scale, epsilon), m, v * n / (n - 1)]


def _with_gradients(x, scale, offset, **attrs):
    """Normalised images, and the gradients for dy = sin(x)."""
    y = fused_batch_norm(x, scale, offset, **attrs)[0]
    return [y, *gradients(y, [x, scale, offset], fg.sin(x))]


def _large(x, scale, offset, epsilon=1e-3):
    """What `_with_gradients` gives, in float64."""
    x = x.astype(np.float64)
    dy, shrink = np.sin(x), 1 / np.sqrt(x.var((0, 1, 2)) + epsilon)
    unit = (x - x.mean((0, 1, 2))) * shrink
    slope = dy - dy.mean((0, 1, 2)) - unit * (dy * unit).mean((0, 1, 2))
    return [unit * scale + offset, slope * shrink * scale, (dy * unit).sum((0, 1, 2)),
            dy.sum((0, 1, 2))]


def weighted(x, w):
    m = np.average(x, 0, np.broadcast_to(w, x.shape)[:, 0])
    return [m, np.average((x - m) ** 2, 0, np.broadcast_to(w, x.shape)[:, 0])]


def responses(x, radius, bias, alpha, beta):
    channels = x.shape[-1]
    total = np.stack([(x[..., max(0, c - radius):c + radius + 1] ** 2).sum(-1)
                      for c in range(channels)], -1)
    return x / (bias + alpha * total) ** beta


CASES = [
    Case("moments/columns", lambda x: moments(x, [0]), (A,), lambda x: [x.mean(0), x.var(0)]),
    Case("moments/gradient",  # of order 1 only: the variance takes its mean as given
         lambda x: gradients(moments(x, [0]), x)[0], (A,), lambda x: (1 + 2 * (x - x.mean(0))) / 4),
    Case("moments/keepdims", lambda x: moments(x, [0, -1], keep_dims=True), (X,),
         lambda x: [x.mean((0, 3), keepdims=True), x.var((0, 3), keepdims=True)]),
    Case("moments/float16", lambda x: moments(x, [0]), (np.full((3000, 1), 30, np.float16),),
         [np.array([30]), np.array([0])]),
    Case("weighted_moments/rows", lambda x, w: weighted_moments(x, [0], w), (A, WEIGHTS), weighted,
         grad=True),
    Case("weighted_moments/keepdims",
         lambda x, w: weighted_moments(x, [0], w, keepdims=True), (A, WEIGHTS),
         lambda x, w: [t[None] for t in weighted(x, w)]),
    Case("weighted_moments/no_weight", lambda x: weighted_moments(x, [0], 0.0), (A,),
         [np.zeros(3), np.zeros(3)]),
    Case("sufficient_statistics/plain", lambda x: sufficient_statistics(x, [0, 2])[:3], (X,),
         lambda x: [8.0, x.sum((0, 2)), (x * x).sum((0, 2))], unknown_shapes=True),
    Case("sufficient_statistics/shift",
         lambda x: sufficient_statistics(x, [-1], 0.5, keepdims=True)[:3], (A,),
         lambda x: [3.0, (x - 0.5).sum(-1, keepdims=True), ((x - 0.5) ** 2).sum(-1, keepdims=True)],
         unknown_shapes=False),
    Case("normalize_moments/plain", lambda n, s, q: normalize_moments(n, s, q, None),
         (np.float64(4), A.sum(0), (A * A).sum(0)), lambda *_: [A.mean(0), A.var(0)], grad=True),
    Case("normalize_moments/shift", lambda s, q: normalize_moments(fg.cast(4, s.dtype), s, q, 2.0),
         ((A - 2).sum(0), ((A - 2) ** 2).sum(0)), lambda *_: [A.mean(0), A.var(0)]),
    Case("batch_normalization/all", lambda *t: batch_normalization(*t, 0.1), (A, M, V, B, G),
         lambda *t: plain(*t, 0.1), grad=True),
    Case("batch_normalization/no_scale",
         lambda x, m, v, b: batch_normalization(x, m, v, b, None, 0.1), (A, M, V, B),
         lambda x, m, v, b: plain(x, m, v, b, 1, 0.1)),
    Case("batch_normalization/no_offset",
         lambda x, m, v: batch_normalization(x, m, v, None, None, 0.1), (A, M, V),
         lambda x, m, v: plain(x, m, v, 0, 1, 0.1)),
    Case("batch_norm_with_global_normalization/no_scale",
         lambda x, m, v, b, g: batch_norm_with_global_normalization(x, m, v, b, g, 0.1, False),
         (A, M, V, B, G), lambda x, m, v, b, g: plain(x, m, v, b, 1, 0.1)),
    Case("fused_batch_norm/training", fused_batch_norm, (X, SCALE, OFFSET), trained),
    Case("fused_batch_norm/training_gradient", lambda *t: fused_batch_norm(*t)[0],
         (X, SCALE, OFFSET), lambda *t: trained(*t)[0], grad=True),
    Case("fused_batch_norm/training_NCHW",
         lambda *t: fused_batch_norm(*t, data_format="NCHW", epsilon=0.1)[0],
         (first(X).copy(), SCALE, OFFSET),
         lambda x, *t: first(trained(np.moveaxis(x, 1, -1), *t, epsilon=0.1)[0]), grad=True),
    Case("fused_batch_norm/given",
         lambda *t: fused_batch_norm(*t, epsilon=0.1, is_training=False),
         (X, SCALE, OFFSET, MEAN, VARIANCE),
         lambda x, s, o, m, v: [plain(x, m, v, o, s, 0.1), m, v]),
    Case("fused_batch_norm/given_gradient",
         lambda x, s, o: fused_batch_norm(x, s, o, fg.constant(MEAN, x.dtype), fg.constant(
             VARIANCE, x.dtype), epsilon=0.1, is_training=False)[0], (X, SCALE, OFFSET),
         lambda x, s, o: plain(x, MEAN, VARIANCE, o, s, 0.1), grad=True),
    Case("fused_batch_norm/float16_by_float32", lambda *t: fused_batch_norm(*t)[0],
         (X.astype(np.float16), SCALE.astype(np.float32), OFFSET.astype(np.float32)),
         lambda x, s, o: trained(x.astype(float), s, o)[0], rtol=1e-2, atol=5e-3),
    Case("fused_batch_norm/one_pixel", fused_batch_norm, (X[:1, :1, :1], SCALE, OFFSET),
         lambda x, s, o: [x * 0 + o, x.ravel(), np.zeros(5)]),
    *(Case(f"fused_batch_norm/large_{name}", _with_gradients, (x, SCALE, OFFSET), _large)
      for name, x in (("even", R.standard_normal((8, 16, 32, 5))),
                      ("odd", R.standard_normal((7, 23, 29, 5))))),
    Case("fused_batch_norm/large_float32", _with_gradients,
         tuple(t.astype(np.float32) for t in (R.standard_normal((8, 16, 32, 5)), SCALE, OFFSET)),
         _large, rtol=1e-4, atol=1e-4),
    Case("fused_batch_norm/large_NCHW",
         lambda x, *t: _with_gradients(fg.transpose(x, [0, 3, 1, 2]), *t, data_format="NCHW"),
         (R.standard_normal((8, 16, 32, 5)), SCALE, OFFSET),
         lambda x, *t: [first(y) if y.ndim == 4 else y for y in _large(x, *t)]),
    Case("fused_batch_norm/large_float16_by_float32", lambda *t: fused_batch_norm(*t)[0],
         (R.standard_normal((8, 16, 32, 5)).astype(np.float16), SCALE.astype(np.float32),
          OFFSET.astype(np.float32)),
         lambda x, s, o: trained(x.astype(float), s, o)[0], rtol=1e-2, atol=5e-3),
    Case("fused_batch_norm/large_float16",  # whose sum in halves would end at 2048
         lambda *t: fused_batch_norm(*t)[1],
         (np.ones((8, 16, 32, 5), np.float16), SCALE.astype(np.float16),
          OFFSET.astype(np.float16)), np.ones(5)),
    Case("FusedBatchNorm/training",
         lambda *t: FusedBatchNorm.build(*t, fg.zeros([0], t[0].dtype), fg.zeros(
             [0], t[0].dtype), epsilon=1e-3)[0],
         (X, SCALE, OFFSET), lambda *t: trained(*t)[0], grad=True),
    Case("lrn/defaults", local_response_normalization, (np.tile(X, 3),),
         lambda x: responses(x, 5, 1, 1, 0.5), grad=True),
    Case("lrn/many_channels", lambda x: local_response_normalization(x, 3, beta=0.75),
         (R.standard_normal((1, 1, 2, 300)),), lambda x: responses(x, 3, 1, 1, 0.75), grad=True),
    Case("lrn/no_channels", local_response_normalization, (np.zeros((2, 1, 1, 0)),),
         np.zeros((2, 1, 1, 0))),
    Case("lrn/radius_1", lambda x: local_response_normalization(x, 1, 2.0, 0.5, 0.7), (X,),
         lambda x: responses(x, 1, 2.0, 0.5, 0.7), grad=True),
    Case("lrn/radius_0_float32", lambda x: local_response_normalization(x, 0, beta=1),
         (X.astype(np.float32),), lambda x: x / (1 + x * x)),
]

BAD = [
    BadCase("moments/both_names", lambda x: moments(x, [0], keep_dims=True, keepdims=True),
            ValueError, ("keepdims", "keep_dims"), (A,)),
    BadCase("fused_batch_norm/sizes", lambda: fused_batch_norm(
        fg.zeros([1, 2, 2, 3]), fg.zeros([4]), fg.zeros([4])), ValueError,
            ("FusedBatchNormV3", "(1, 2, 2, 3)", "3 channels")),
    BadCase("fused_batch_norm/rank", lambda: fused_batch_norm(
        fg.zeros([2, 3]), fg.zeros([3]), fg.zeros([3])), ValueError, ("rank 4", "(2, 3)")),
    BadCase("fused_batch_norm/needless_mean", lambda x, s: fused_batch_norm(x, s, s, s, s),
            ValueError, ("is_training",), (X, SCALE)),
    BadCase("fused_batch_norm/no_mean",
            lambda x, s: fused_batch_norm(x, s, s, is_training=False), ValueError,
            ("is_training",), (X, SCALE)),
    BadCase("fused_batch_norm/sizes_at_run", lambda x, s: fused_batch_norm(x, s, s),
            InvalidArgumentError, ("(2, 3, 4, 5)", "(3,)"), (X, B), "run"),
    BadCase("fused_batch_norm/data_format", lambda x, s: fused_batch_norm(
        x, s, s, data_format="CHWN"), ValueError, ("CHWN",), (X, SCALE)),
    BadCase("lrn/rank", lambda: local_response_normalization(fg.zeros([2, 3])), ValueError,
            ("LRN", "rank 4")),
]
