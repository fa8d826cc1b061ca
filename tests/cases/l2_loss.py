"""Cases of ops/l2_loss.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.random.RandomState(0).standard_normal((3, 4))


def unit(x, axis):
    return x / np.sqrt((x * x).sum(axis, keepdims=True))


CASES = [
    Case("l2_loss/gradient", fg.nn.l2_loss, (X,), lambda x: (x * x).sum() / 2, grad=True),
    Case("l2_loss/transposed", lambda x: fg.nn.l2_loss(fg.transpose(x)), (X,),
         lambda x: (x * x).sum() / 2),
    Case("l2_loss/float16", fg.nn.l2_loss, (X.astype(np.float16),), lambda x: (x * x).sum() / 2),
    Case("l2_loss/rank_0", fg.nn.l2_loss, (np.float32(3),), np.float32(4.5)),
    Case("l2_loss/empty", fg.nn.l2_loss, (np.zeros((0, 2), np.float32),), np.float32(0)),
    Case("l2_normalize/all", fg.nn.l2_normalize, (X,), lambda x: unit(x, None)),
    Case("l2_normalize/axis", lambda x: fg.nn.l2_normalize(x, 1), (X,), lambda x: unit(x, 1),
         grad=True),
    Case("l2_normalize/dim", lambda x: fg.nn.l2_normalize(x, dim=[0]), (X,), lambda x: unit(x, 0)),
    Case("l2_normalize/zeros", lambda x: fg.nn.l2_normalize(x, -1), (np.zeros((2, 2)),),
         np.zeros((2, 2))),
]

BAD = [
    BadCase("l2_loss/int32", lambda: fg.nn.l2_loss(fg.constant([1])), TypeError, ("L2Loss",)),
    BadCase("l2_normalize/axis_and_dim", lambda: fg.nn.l2_normalize([1.0], axis=0, dim=0),
            ValueError, ("axis", "dim")),
]
