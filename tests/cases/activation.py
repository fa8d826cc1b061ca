"""Cases of ops/activation.py."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.ops.activation import SoftsignGrad, log_sigmoid
from flowgraph.testing import BadCase, Case

X = np.array([[-30.0, -2.5, -0.3, 0.2], [0.7, 1.9, 5.5, 7.0]], np.float32)
EDGE = np.array([-np.inf, -1000.0, 0.0, 1000.0, np.inf, np.nan], np.float32)
SMOOTH = np.array([[-2.2, -0.6, 0.4], [0.9, 1.7, 3.1]])
# Some functions are computed in a way of their own where there are many numbers.
MANY = np.linspace(-40, 40, 5000, dtype=np.float32).reshape(50, 100)
EMPTY = np.zeros((0, 3), np.float32)


def elu(x):
    return np.where(x < 0, np.expm1(x), x)


def selu(x):
    return 1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(x), x)


def leaky(alpha):
    slope = float(np.float32(alpha))  # an attribute of TensorFlow is float32
    return lambda x: np.where(x > 0, x, slope * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FUNCTIONS = [
    ("relu", fg.nn.relu, lambda x: np.maximum(x, 0)),
    ("relu6", fg.nn.relu6, lambda x: np.clip(x, 0, 6)),
    ("elu", fg.nn.elu, elu),
    ("selu", fg.nn.selu, selu),
    ("leaky_relu", fg.nn.leaky_relu, leaky(0.2)),
    ("softplus", fg.nn.softplus, lambda x: np.logaddexp(x, 0)),
    ("softsign", fg.nn.softsign, lambda x: x / (1 + np.abs(x))),
    ("log_sigmoid", log_sigmoid, lambda x: -np.logaddexp(-x, 0)),
    ("swish", fg.nn.swish, lambda x: x * sigmoid(x)),
]

CASES = [
    case
    for name, build, expect in FUNCTIONS
    for case in (
        Case(f"{name}/float32", build, (X,), lambda x, f=expect: f(x.astype(np.float64))),
        Case(f"{name}/float16", build, (X.astype(np.float16),),
             lambda x, f=expect: f(x.astype(np.float64))),
        Case(f"{name}/empty", build, (EMPTY,), EMPTY),
        Case(f"{name}/rank_0", build, (np.float64(-0.5),), expect),
        Case(f"{name}/gradient", build, (SMOOTH,), expect, grad=True),
    )
] + [
    Case("relu/edges", fg.nn.relu, (EDGE,), [0, 0, 0, 1000, np.inf, np.nan]),
    Case("relu/int32", fg.nn.relu, (np.array([-3, 0, 4], np.int32),), [0, 0, 4]),
    Case("relu/uint8", fg.nn.relu, (np.array([0, 200], np.uint8),), [0, 200]),
    Case("relu6/int8", fg.nn.relu6, (np.array([-3, 5, 100], np.int8),), [0, 5, 6]),
    Case("relu6/edges", fg.nn.relu6, (EDGE,), [0, 0, 0, 6, 6, np.nan]),
    Case("elu/edges", fg.nn.elu, (EDGE,), [-1, -1, 0, 1000, np.inf, np.nan]),
    Case("softplus/edges", fg.nn.softplus, (EDGE,), [0, 0, np.log(2), 1000, np.inf, np.nan]),
    Case("log_sigmoid/edges", log_sigmoid, (EDGE,),
         [-np.inf, -1000, -np.log(2), 0, 0, np.nan]),
    Case("leaky_relu/alpha_above_1", lambda x: fg.nn.leaky_relu(x, alpha=2.0), (X,), leaky(2.0)),
    Case("leaky_relu/alpha_above_1_gradient", lambda x: fg.nn.leaky_relu(x, alpha=2.0), (SMOOTH,),
         leaky(2.0), grad=True),
    Case("leaky_relu/alpha_is_float32", lambda x: fg.nn.leaky_relu(x, 0.1), (SMOOTH,),
         leaky(0.1), grad=True),
    Case("leaky_relu/int32", fg.nn.leaky_relu, (np.array([-5, 5], np.int32),),
         np.array([-1, 5], np.float32)),
    Case("crelu/last_axis", fg.nn.crelu, (X,),
         lambda x: np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], -1)),
    Case("crelu/axis_0", lambda x: fg.nn.crelu(x, axis=0), (SMOOTH,),
         lambda x: np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], 0), grad=True),
    Case("relu/gradient_at_0", lambda x: fg.gradients(fg.nn.relu(x), x)[0],
         (np.array([-1.0, 0.0, 1.0], np.float32),), [0, 0, 1]),
    Case("relu6/gradient_at_its_kinks", lambda x: fg.gradients(fg.nn.relu6(x), x)[0],
         (np.array([0.0, 3.0, 6.0, 9.0], np.float32),), [0, 1, 0, 0]),
    Case("relu/second_gradient_is_0",
         lambda x: fg.gradients(fg.gradients(fg.nn.relu(x), x)[0], x)[0], (SMOOTH,),
         np.zeros_like(SMOOTH)),
    Case("SoftsignGrad/gradient", lambda dy, x: SoftsignGrad.build(dy, x), (SMOOTH, SMOOTH + 0.05),
         lambda dy, x: dy / (1 + np.abs(x)) ** 2, grad=True),
    *(Case(f"{name}/many", build, (MANY,), lambda x, f=expect: f(x.astype(np.float64)), rtol=1e-6)
      for name, build, expect in FUNCTIONS if name in ("elu", "selu", "softplus", "log_sigmoid")),
    Case("relu_layer/plain", fg.nn.relu_layer,
         (SMOOTH, np.array([[1.0, -1.0], [0.5, 2.0], [0.1, 0.3]]), np.array([0.1, -0.2])),
         lambda x, w, b: np.maximum(x @ w + b, 0), grad=True),
]

BAD = [
    BadCase("relu/string", lambda: fg.nn.relu(["text"]), TypeError, ("Relu", "string")),
    BadCase("relu/complex", lambda: fg.nn.relu(fg.constant([1j])), TypeError, ("Relu", "complex")),
    BadCase("elu/int32", lambda: fg.nn.elu(fg.constant([1])), TypeError, ("Elu", "int32")),
    BadCase("softplus/int32", lambda: fg.nn.softplus(fg.constant([1])), TypeError, ("Softplus",)),
]
