"""Cases of ops/bias.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.random.RandomState(0).standard_normal((2, 3, 4, 5))
B5 = np.arange(5.0)
B3 = np.arange(3.0) - 1


def first(value, bias):
    return fg.nn.bias_add(value, bias, data_format="NCHW")


CASES = [
    Case("bias_add/rank_2", fg.nn.bias_add, (X[0, 0], B5), lambda x, b: x + b, grad=True),
    Case("bias_add/rank_4", fg.nn.bias_add, (X, B5), lambda x, b: x + b, grad=True),
    Case("bias_add/NCHW", first, (X, B3), lambda x, b: x + b[:, None, None], grad=True),
    Case("bias_add/NCHW_rank_3", first, (X[0], B3[:1].repeat(4)), lambda x, b: x + b[:, None]),
    Case("bias_add/float16", fg.nn.bias_add, (X.astype(np.float16), B5.astype(np.float16)),
         lambda x, b: x + b),
    Case("bias_add/int32", fg.nn.bias_add,
         (np.ones((2, 3), np.int32), np.array([1, 2, 3], np.int32)), lambda x, b: x + b),
    Case("bias_add/complex", fg.nn.bias_add, (X[0, 0] * 1j, B5 + 0j), lambda x, b: x + b),
    Case("bias_add/no_rows", fg.nn.bias_add, (np.zeros((0, 5)), B5), np.zeros((0, 5))),
    Case("bias_add/no_channels", fg.nn.bias_add, (np.zeros((3, 0)), np.zeros(0)), np.zeros((3, 0)),
         grad=True),
    Case("bias_add/no_rows_gradient", lambda x, b: fg.gradients(fg.nn.bias_add(x, b), b)[0],
         (np.zeros((0, 5)), B5), np.zeros(5)),
    Case("bias_add/no_channels_gradient", lambda x, b: fg.gradients(fg.nn.bias_add(x, b), b)[0],
         (np.zeros((3, 2, 0)), np.zeros(0)), np.zeros(0)),
    Case("bias_add/python_bias", lambda x: fg.nn.bias_add(x, [1.0, 2.0]), (np.zeros((1, 2)),),
         [[1.0, 2.0]]),
    Case("xw_plus_b/plain", fg.nn.xw_plus_b, (X[0, 0], X[1, 0].T, np.arange(4.0)),
         lambda x, w, b: x @ w + b, grad=True),
]

BAD = [
    BadCase("bias_add/sizes", lambda: fg.nn.bias_add(fg.zeros([2, 3]), fg.zeros([4])), ValueError,
            ("BiasAdd", "size 4", "3 channels", "(2, 3)")),
    BadCase("bias_add/rank", lambda: fg.nn.bias_add(fg.zeros([3]), fg.zeros([3])), ValueError,
            ("rank 2 or more",)),
    BadCase("bias_add/bias_rank", lambda: fg.nn.bias_add(fg.zeros([3, 3]), fg.zeros([1, 3])),
            ValueError, ("a bias of rank 1",)),
    BadCase("bias_add/data_format", lambda: fg.nn.bias_add([[1.0]], [1.0], data_format="HWC"),
            ValueError, ("data_format", "HWC")),
    BadCase("bias_add/dtypes", lambda: fg.nn.bias_add(fg.zeros([1, 2]), fg.zeros([2], fg.float64)),
            ValueError, ("float32", "float64")),
]
