"""Gradients called by TensorFlow's names, in gradients that programs register."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import numpy as np
import pytest

import flowgraph as fg
from flowgraph import compat
from flowgraph.compat.inner import gradient_functions


@pytest.fixture
def tf() -> Iterator[object]:
    """What `import tensorflow` gives while the hook is in."""
    yield compat.install()
    compat.uninstall()


X = np.array([[-2.0, 0.5], [1.0, 3.0]], np.float32)
FUNCTIONS = [
    ("nn_grad", "_ReluGrad", "Relu", lambda x: fg.nn.relu(x)),
    ("nn_grad", "_EluGrad", "Elu", lambda x: fg.nn.elu(x)),
    ("nn_grad", "_SoftplusGrad", "Softplus", lambda x: fg.nn.softplus(x)),
    ("nn_grad", "_BiasAddGrad", "BiasAdd", lambda x: fg.nn.bias_add(x, [1.0, 2.0])),
    ("nn_grad", "_MaxPoolGrad", "MaxPool",
     lambda x: fg.nn.max_pool(fg.reshape(x, [1, 2, 2, 1]), [1, 2, 2, 1], [1, 2, 2, 1], "VALID")),
    ("nn_grad", "_DepthwiseConv2dNativeGrad", "DepthwiseConv2dNative",
     lambda x: fg.nn.depthwise_conv2d(fg.reshape(x, [1, 2, 2, 1]), fg.ones([2, 2, 1, 2]),
                                      [1, 1, 1, 1], "SAME")),
    ("math_grad", "_TanhGrad", "Tanh", lambda x: fg.tanh(x)),
    ("math_grad", "_MatMulGrad", "MatMul", lambda x: fg.matmul(x, x)),
    ("math_grad", "_SumGrad", "Sum", lambda x: fg.reduce_sum(x, 1)),
    ("math_grad", "_BatchMatMulV2", "BatchMatMulV2", lambda x: fg.matmul(x[None], x[None])),
    ("array_grad", "_IdGrad", "Identity", lambda x: fg.identity(x)),
    ("array_grad", "_ConcatGradV2", "ConcatV2", lambda x: fg.concat([x, x], 1)),
    ("array_grad", "_ReshapeGrad", "Reshape", lambda x: fg.reshape(x, [4])),
]


@pytest.mark.parametrize(("module", "name", "op_type", "number"), [
    (*row[:3], i) for i, row in enumerate(FUNCTIONS)])
def test_a_registered_gradient_calls_the_usual_one(module, name, op_type, number, tf) -> None:
    usual = getattr(import_module(f"tensorflow.python.ops.{module}"), name)
    build = FUNCTIONS[number][3]
    calls = []

    def doubled(op, grad):
        calls.append(op.type)
        given = usual(op, grad)
        assert isinstance(given, list) == (len(op.inputs) > 1)
        return ([each if each is None else 2.0 * each for each in given]
                if isinstance(given, list) else 2.0 * given)
    label = f"Doubled{op_type}Of{module}"
    fg.RegisterGradient(label)(doubled)
    with fg.Graph().as_default() as graph, fg.Session() as session:
        x = fg.constant(X)
        with graph.gradient_override_map({op_type: label}):
            y = build(x)
        expected, = fg.gradients(build(x), x)
        assert not calls
        twice, = fg.gradients(y, x)
        assert calls == [op_type]
        expected_value, value = session.run([expected, twice])
        np.testing.assert_allclose(value, 2.0 * expected_value)
        assert np.any(value != 0.0)


@pytest.mark.parametrize("name", ["_NoSuchGrad", "_ShapeGrad", "relu", "_", "_Grad"])
def test_other_names_are_not_there(name) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(gradient_functions, name)
