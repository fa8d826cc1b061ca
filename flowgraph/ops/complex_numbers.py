"""Complex numbers: their parts, their conjugate, and making them from real tensors.

The functions also take real tensors, as TensorFlow's do: the conjugate of a real tensor is the
tensor itself, and no node is added. Gradients all over `ops/` rely on that.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import DTypeError
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import get_default_graph, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor, to_tensor
from flowgraph.opdef.families import Unary
from flowgraph.opdef.opdef import OpDef, op_def

_COMPLEX_OF = {dt.float32: dt.complex64, dt.float64: dt.complex128}


class _Part(OpDef, abstract=True):
    """A real number per complex number."""

    T = dt.COMPLEX
    elementwise = True

    def infer(self, input: Spec, *, Tout=dt.float32):
        if Tout is not input.dtype.real_dtype:
            raise DTypeError(f"cannot make {Tout.name} of {input.dtype.name}",
                             f"The parts of {input.dtype.name} are {input.dtype.real_dtype.name}.")
        return Spec(Tout, input.shape)


class Real(_Part):
    """The real part."""

    aliases = ("input",)

    def kernel(self, xp, input, *, Tout=dt.float32):
        return input.real

    def grad(self, op, dy):
        return Complex.build(dy, _zero(dy), Tout=op.inputs[0].spec.dtype)


def real(input, name=None):
    """Returns the real part of each element.

    Args:
        input: a complex tensor, or a real one, which is returned as it is.
        name: name of the node.

    Returns:
        A float32 or float64 tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.real(fg.constant([1 + 2j])))
        array([1.])
    """
    input = _tensor(input, "Real/input")
    if not input.spec.dtype.is_complex:
        return input
    return Real.build(input, name=name, Tout=input.spec.dtype.real_dtype)


class Imag(_Part):
    """The imaginary part."""

    aliases = ("input",)

    def kernel(self, xp, input, *, Tout=dt.float32):
        return input.imag

    def grad(self, op, dy):
        return Complex.build(_zero(dy), dy, Tout=op.inputs[0].spec.dtype)


def imag(input, name=None):
    """Returns the imaginary part of each element; zeros for a real tensor.

    Args:
        input: a complex or real tensor.
        name: name of the node.

    Returns:
        A float32 or float64 tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.imag(fg.constant([1 + 2j])))
        array([2.])
    """
    input = _tensor(input, "Imag/input")
    if not input.spec.dtype.is_complex:
        return op_def("ZerosLike").build(input, name=name)
    return Imag.build(input, name=name, Tout=input.spec.dtype.real_dtype)


class ComplexAbs(OpDef):
    """The length of each complex number, without overflow on the way."""

    T = dt.COMPLEX
    elementwise = True

    def infer(self, x: Spec, *, Tout=dt.float32):
        return Spec(x.dtype.real_dtype, x.shape)

    def kernel(self, xp, x, *, Tout=dt.float32, out=None):
        return xp.absolute(x, out=out)

    def grad(self, op, dy):
        x, y = op.inputs[0], op.outputs[0]
        # at 0 there is no direction: DivNoNan makes it 0
        direction = op_def("DivNoNan").build(x, Complex.build(y, _zero(y), Tout=x.spec.dtype))
        return Complex.build(dy, _zero(dy), Tout=x.spec.dtype) * direction


class Angle(_Part):
    """The angle of each complex number, in (-pi, pi]."""

    def kernel(self, xp, input, *, Tout=dt.float32, out=None):
        return xp.arctan2(input.imag, input.real, out=out)

    def grad(self, op, dy):
        z = op.inputs[0]
        dtype = z.spec.dtype
        # d angle = Im(dz / z); as a gradient in TF's convention that is -dy / (Im z + i Re z)
        turned = Complex.build(imag(z), real(z), Tout=dtype)
        return -Complex.build(dy, _zero(dy), Tout=dtype) / turned


def angle(input, name=None):
    """Returns the angle of each element, in radians.

    Args:
        input: a complex tensor; or a real one, whose angle is 0, or pi where it is negative.
        name: name of the node.

    Returns:
        A float32 or float64 tensor of the same shape.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.angle(fg.constant([1j, -1 + 0j]))).round(4)
        array([1.5708, 3.1416])
    """
    input = _tensor(input, "Angle/input")
    if input.spec.dtype.is_complex:
        return Angle.build(input, name=name, Tout=input.spec.dtype.real_dtype)
    with name_scope(name, "Angle", [input]) as scope:
        zeros = op_def("ZerosLike").build(input)
        half_turn = op_def("ZerosLike").build(input) + math.pi
        return op_def("Select").build(op_def("Less").build(input, 0), half_turn, zeros, name=scope)


class Conj(Unary):
    """The conjugate: the imaginary part changes its sign."""

    T = dt.COMPLEX
    ufunc = "conj"

    def grad(self, op, dy):
        return conj(dy)


def conj(x, name=None):
    """Returns the complex conjugate of each element.

    Args:
        x: a complex tensor, or a real one, which is returned as it is.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Raises:
        TypeError: x is not numeric.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.conj(fg.constant([1 + 2j])))
        array([1.-2.j])
    """
    if type(x) is Tensor and (x.spec.dtype.is_floating or x.spec.dtype.is_integer):
        return x
    x = _tensor(x, "Conj/x")
    dtype = x.spec.dtype
    return x if dtype.is_floating or dtype.is_integer else Conj.build(x, name=name)


class Complex(OpDef):
    """real + i imag, with broadcasting."""

    T = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
    elementwise = True

    def infer(self, real: Spec, imag: Spec, *, Tout=dt.complex64):
        if Tout is not _COMPLEX_OF[real.dtype]:
            raise DTypeError(f"cannot make {Tout.name} of {real.dtype.name}",
                             f"{real.dtype.name} makes {_COMPLEX_OF[real.dtype].name}.")
        return Spec(Tout, shape_rules.broadcast(real, imag))

    def kernel(self, xp, real, imag, *, Tout=dt.complex64):
        # written part by part: real + 1j * imag would spoil infinities and signed zeros
        shape = xp.broadcast(real, imag).shape
        result = xp.empty(shape, Tout.numpy)
        result.real = real
        result.imag = imag
        return result

    def grad(self, op, dy):
        a, b = op.inputs
        return unbroadcast(real(dy), a, b), unbroadcast(imag(dy), b, a)


def complex(real, imag, name=None):
    """Makes complex numbers of their real and imaginary parts.

    Args:
        real: a float32 or float64 tensor.
        imag: a tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A complex64 tensor of float32 parts, a complex128 one of float64 parts.

    Raises:
        TypeError: the parts are neither float32 nor float64, or not both the same.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.complex([1.0], [2.0]))
        array([1.+2.j], dtype=complex64)
    """
    with name_scope(name, "Complex", [real, imag]) as scope:
        real = convert_to_tensor(real, name="real")
        imag = convert_to_tensor(imag, name="imag")
        if real.spec.dtype is not imag.spec.dtype or real.spec.dtype not in _COMPLEX_OF:
            raise DTypeError(located("tf.complex needs two parts of float32 or of float64, got "
                                     f"{real.spec.dtype.name} and {imag.spec.dtype.name}",
                                     section="dtype-error"))
        return Complex.build(real, imag, name=scope, Tout=_COMPLEX_OF[real.spec.dtype])


def _tensor(x, name: str) -> Tensor:
    return x if type(x) is Tensor else to_tensor(get_default_graph(), x, None, name)


def _zero(dy: Tensor) -> Tensor:
    return to_tensor(dy.graph, 0, dy.spec.dtype, "zero")
