"""Activation functions: relu and its kin, softplus, softsign.

Each op with a kink or a costly derivative has its gradient as an op of its own (`ReluGrad`,
`EluGrad`, …), so that a layer's backward pass stays one step. Where it can, a gradient is computed
from the *result* (relu, elu, selu), so that the input need not be kept.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import multiply, negative
from flowgraph.ops.cast import cast
from flowgraph.ops.choosing import choose
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.exponential import exp, expm1_of, log1p_of, sigmoid
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.unary import abs as abs_
from flowgraph.ops.unary import sign

# Klambauer et al., "Self-normalizing neural networks" (2017): their scale, and alpha times it
SELU_ABOVE, SELU_BELOW = 1.0507009873554805, 1.7580993408473766


class ActivationGrad(OpDef, abstract=True):
    """dx[i] from gradients[i] and the activation's input (or result) at i."""

    T: ClassVar[dt.DTypeSet] = dt.FLOAT
    elementwise = True

    def infer(self, gradients: Spec, features: Spec):
        return Spec(gradients.dtype, shape_rules.merge("gradients and features", gradients,
                                                       features))


# ---- relu ----------------------------------------------------------------------------------------


class Relu(Unary):
    """y = max(x, 0)."""

    T = dt.REAL

    def kernel(self, xp, x, *, out=None):
        return xp.maximum(x, 0, out=out)

    def grad(self, op, dy):
        return ReluGrad.build(dy, op.outputs[0])


class ReluGrad(ActivationGrad):
    """dx = dy where x > 0, else 0; `features` may be relu's input or its result."""

    T = dt.REAL

    def kernel(self, xp, gradients, features, *, out=None):
        return xp.multiply(gradients, xp.greater(features, 0, out=out), out=out)

    def grad(self, op, dy):
        return ReluGrad.build(dy, op.inputs[1]), zeros_like(op.inputs[1])


def relu(features, name=None):
    """Replaces negative numbers by 0.

    Args:
        features: tensor of a real number dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.relu([-1.0, 2.0]))
        array([0., 2.], dtype=float32)
    """
    return Relu.build(features, name=name)


class Relu6(Unary):
    """y = min(max(x, 0), 6)."""

    T = dt.REAL

    def kernel(self, xp, x, *, out=None):
        return xp.minimum(xp.maximum(x, 0, out=out), 6, out=out)

    def grad(self, op, dy):
        return Relu6Grad.build(dy, op.outputs[0])


class Relu6Grad(ActivationGrad):
    """dx = dy where 0 < x < 6, else 0."""

    T = dt.REAL

    def kernel(self, xp, gradients, features, *, out=None):
        return xp.multiply(gradients, (features > 0) & (features < 6), out=out)

    def grad(self, op, dy):
        return Relu6Grad.build(dy, op.inputs[1]), zeros_like(op.inputs[1])


def relu6(features, name=None):
    """Clips to [0, 6].

    Args:
        features: tensor of a real number dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.relu6([-1.0, 2.0, 9.0]))
        array([0., 2., 6.], dtype=float32)
    """
    with name_scope(name, "Relu6", [features]) as scope:
        return Relu6.build(convert_to_tensor(features, name="features"), name=scope)


def relu_layer(x, weights, biases, name=None):
    """Computes `relu(matmul(x, weights) + biases)`.

    Args:
        x: 2-D tensor [batch, in].
        weights: 2-D tensor [in, out].
        biases: 1-D tensor [out].
        name: name of the scope and of the last node.

    Returns:
        A tensor [batch, out].

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.relu_layer([[1.0, 2.0]], [[3.0], [-4.0]], [1.0]))
        array([[0.]], dtype=float32)
    """
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return Relu.build(op_def("BiasAdd").build(matmul(x, weights), biases), name=scope)


def crelu(features, name=None, axis=-1):
    """Concatenates `relu(x)` and `relu(-x)` along an axis, which doubles its size.

    Args:
        features: tensor of a real number dtype.
        name: name of the scope.
        axis: the axis that doubles.

    Returns:
        A tensor of the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.crelu([-1.0, 2.0]))
        array([0., 2., 1., 0.], dtype=float32)
    """
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        return relu(concat([features, negative(features)], axis, name=scope))


class LeakyRelu(Unary):
    """y = x where x > 0, else alpha x."""

    T = dt.FLOAT

    def infer(self, x: Spec, *, alpha=0.2):
        return Spec(x.dtype, x.shape)

    def kernel(self, xp, x, *, alpha=0.2, out=None):
        if alpha <= 1:  # then the larger of the two is the right one
            return xp.maximum(x, x * alpha, out=out)
        return xp.where(x > 0, x, x * alpha)

    def grad(self, op, dy):
        return LeakyReluGrad.build(dy, op.inputs[0], alpha=op.attrs["alpha"])


class LeakyReluGrad(ActivationGrad):
    """dx = dy where x > 0, else alpha dy."""

    def infer(self, gradients: Spec, features: Spec, *, alpha=0.2):
        return ActivationGrad.infer(self, gradients, features)

    def kernel(self, xp, gradients, features, *, alpha=0.2):
        return xp.where(features > 0, gradients, gradients * alpha)

    def grad(self, op, dy):
        again = LeakyReluGrad.build(dy, op.inputs[1], alpha=op.attrs["alpha"])
        return again, zeros_like(op.inputs[1])


def leaky_relu(features, alpha=0.2, name=None):
    """Multiplies negative numbers by `alpha`.

    Args:
        features: tensor of a floating dtype; integers are cast to float32.
        alpha: slope for negative numbers, a Python number.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.leaky_relu([-1.0, 2.0]))
        array([-0.2,  2. ], dtype=float32)
    """
    with name_scope(name, "LeakyRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, dt.float32)
        # attributes of TensorFlow are float32: its 0.1 is 0.10000000149 for float64 tensors too
        return LeakyRelu.build(features, alpha=np.asarray(alpha, np.float32).item(), name=scope)


# ---- elu and selu --------------------------------------------------------------------------------


class Elu(Unary):
    """y = x where x > 0, else e^x - 1."""

    T = dt.FLOAT

    def kernel(self, xp, x, *, out=None):
        # e^x - 1 is x or more: a third of the time that `where` takes
        return xp.maximum(expm1_of(xp, xp.minimum(x, 0, out=out), out), x, out=out)

    def grad(self, op, dy):
        return EluGrad.build(dy, op.outputs[0])


class EluGrad(ActivationGrad):
    """dx = dy where y > 0, else dy (y + 1): e^x is y + 1. `outputs` is elu's result."""

    def infer(self, gradients: Spec, outputs: Spec):
        return ActivationGrad.infer(self, gradients, outputs)

    def kernel(self, xp, gradients, outputs, *, out=None):
        return xp.multiply(gradients, xp.fmin(outputs, 0) + 1, out=out)

    def grad(self, op, dy):
        gradients, outputs = op.inputs
        return EluGrad.build(dy, outputs), _where_negative(outputs, multiply(dy, gradients))


def elu(features, name=None):
    """Replaces negative numbers x by e^x - 1.

    Args:
        features: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.elu([-1.0, 2.0]))
        array([-0.63212055,  2.        ], dtype=float32)
    """
    return Elu.build(features, name=name)


class Selu(Unary):
    """y = scale x where x > 0, else scale alpha (e^x - 1)."""

    T = dt.FLOAT

    def kernel(self, xp, x):  # half the time of choosing between the two
        below = expm1_of(xp, xp.minimum(x, 0)) * SELU_BELOW
        return below + xp.maximum(x, 0) * SELU_ABOVE

    def grad(self, op, dy):
        return SeluGrad.build(dy, op.outputs[0])


class SeluGrad(ActivationGrad):
    """dx = scale dy where y > 0, else dy (y + scale alpha). `outputs` is selu's result."""

    def infer(self, gradients: Spec, outputs: Spec):
        return ActivationGrad.infer(self, gradients, outputs)

    def kernel(self, xp, gradients, outputs):
        slope = xp.asarray(SELU_ABOVE, outputs.dtype)
        return gradients * choose(xp, outputs < 0, outputs + SELU_BELOW, slope)

    def grad(self, op, dy):
        gradients, outputs = op.inputs
        return SeluGrad.build(dy, outputs), _where_negative(outputs, multiply(dy, gradients))


def selu(features, name=None):
    """Scaled elu, which keeps mean 0 and variance 1 from layer to layer.

    Args:
        features: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.selu([-1.0, 2.0]))
        array([-1.1113307,  2.101402 ], dtype=float32)
    """
    return Selu.build(features, name=name)


def _where_negative(x, value):
    """`value` where x < 0, else 0."""
    return multiply(value, cast(op_def("Less").build(x, zeros_like(x)), value.dtype))


# ---- softplus, softsign, and what is made of sigmoid ---------------------------------------------


class Softplus(Unary):
    """y = log(1 + e^x), computed without overflow."""

    T = dt.FLOAT

    def kernel(self, xp, x, *, out=None):  # a tenth of the time of `logaddexp`
        return xp.add(log1p_of(xp, xp.exp(-xp.absolute(x))), xp.maximum(x, 0), out=out)

    def grad(self, op, dy):
        return SoftplusGrad.build(dy, op.inputs[0])


class SoftplusGrad(ActivationGrad):
    """dx = dy / (1 + e^-x)."""

    def kernel(self, xp, gradients, features, *, out=None):
        return xp.divide(gradients, xp.exp(-features) + 1, out=out)

    def grad(self, op, dy):
        gradients, x = op.inputs
        # the second derivative; where an exponential overflows it is 0, as it should be
        curve = dy * gradients / (exp(-x) + 2.0 + exp(x))
        return SoftplusGrad.build(dy, x), curve


def softplus(features, name=None):
    """Computes `log(exp(features) + 1)`.

    Args:
        features: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.softplus([0.0]))
        array([0.6931472], dtype=float32)
    """
    return Softplus.build(features, name=name)


class Softsign(Unary):
    """y = x / (1 + |x|)."""

    T = dt.FLOAT

    def kernel(self, xp, x, *, out=None):
        return xp.divide(x, xp.absolute(x) + 1, out=out)

    def grad(self, op, dy):
        return SoftsignGrad.build(dy, op.inputs[0])


class SoftsignGrad(ActivationGrad):
    """dx = dy / (1 + |x|)^2."""

    def kernel(self, xp, gradients, features, *, out=None):
        return xp.divide(gradients, xp.square(xp.absolute(features) + 1), out=out)

    def grad(self, op, dy):
        gradients, x = op.inputs
        again = SoftsignGrad.build(dy, x)
        return again, again * gradients * sign(x) * -2.0 / (abs_(x) + 1.0)


def softsign(features, name=None):
    """Computes `features / (abs(features) + 1)`.

    Args:
        features: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.softsign([-1.0, 3.0]))
        array([-0.5 ,  0.75], dtype=float32)
    """
    return Softsign.build(features, name=name)


def log_sigmoid(x, name=None):
    """Computes `log(sigmoid(x))` as `-softplus(-x)`, which does not overflow.

    Args:
        x: tensor of a floating dtype.
        name: name of the node.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.log_sigmoid([0.0, -100.0]))
        array([  -0.6931472, -100.       ], dtype=float32)
    """
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return negative(softplus(negative(x)), name=scope)


def swish(features):
    """Computes `features * sigmoid(features)`.

    Args:
        features: tensor of a floating dtype.

    Returns:
        A tensor of the same shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.swish([0.0, 1.0]))
        array([0.       , 0.7310586], dtype=float32)
    """
    with name_scope(None, "swish", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        return multiply(features, sigmoid(features), name=scope)
