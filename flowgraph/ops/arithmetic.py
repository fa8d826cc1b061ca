"""Sums, products, powers, and the larger and smaller of two tensors, all element by element.

Division has its own file. Inputs broadcast as in NumPy; dtypes are never promoted. The gradient of
an input that was stretched is summed over the stretch (`unbroadcast`).
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.indexed_slices import IndexedSlices
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import to_tensor
from flowgraph.opdef.families import Binary, Unary
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.complex_numbers import conj

# ---- sums ----------------------------------------------------------------------------------------


class Add(Binary):
    """z = x + y; texts are joined."""

    T = dt.NUMBER + dt.STRING
    ufunc = "add"
    commutative = True

    def grad(self, op, dy):
        x, y = op.inputs
        return unbroadcast(dy, x, y), unbroadcast(dy, y, x)


class AddV2(Add):
    """z = x + y; what the operator `+` makes."""

    T = dt.NUMBER


def add(x, y, name=None):
    """Adds two tensors, element by element.

    Args:
        x: tensor of a number dtype, or of strings, which are joined.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the shapes do not broadcast.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.add([1.0, 2.0], 3.0))
        array([4., 5.], dtype=float32)
    """
    return Add.build(x, y, name=name)


class AddN(OpDef):
    """The sum of a list of tensors of one shape."""

    T = dt.NUMBER
    lists = ("inputs",)
    elementwise = True

    def infer(self, inputs: tuple[Spec, ...]):
        if not inputs:
            raise ShapeError("needs at least one tensor to add")
        return Spec(inputs[0].dtype, shape_rules.merge("tensors", *inputs))

    def kernel(self, xp, inputs, *, out=None):
        if len(inputs) == 1:
            return inputs[0].copy()
        total = inputs[0]
        for x in inputs[1:]:
            total = xp.add(total, x, out=out)
        return total

    def grad(self, op, dy):
        return [dy] * len(op.inputs)


def add_n(inputs, name=None):
    """Adds a list of tensors of one shape and dtype.

    Args:
        inputs: list of tensors or IndexedSlices; no broadcasting.
        name: name of the node.

    Returns:
        A tensor of their shape and dtype.

    Raises:
        ValueError: `inputs` is not a list, is empty, or the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.add_n([[1, 2], [3, 4], [5, 6]]))
        array([ 9, 12], dtype=int32)
    """
    inputs = _as_inputs(inputs, "add_n")
    if len(inputs) == 1:
        return op_def("Identity").build(inputs[0], name=name) if name else inputs[0]
    return AddN.build(inputs, name=name)


def accumulate_n(inputs, shape=None, tensor_dtype=None, name=None):
    """Adds a list of tensors of one shape and dtype, as `add_n`.

    Args:
        inputs: list of tensors; no broadcasting.
        shape: the shape they all have; only checked.
        tensor_dtype: the dtype they all have; only checked.
        name: name of the node.

    Returns:
        A tensor of their shape and dtype.

    Raises:
        ValueError: `inputs` is not a list, is empty, the shapes differ or contradict `shape`.
        TypeError: `tensor_dtype` is not the dtype of `inputs`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.accumulate_n([[1, 2], [3, 4]]))
        array([4, 6], dtype=int32)
    """
    inputs = _as_inputs(inputs, "accumulate_n")
    if tensor_dtype is not None and dt.as_dtype(tensor_dtype) is not inputs[0].dtype.base_dtype:
        raise TypeError(located(f"tensor_dtype is {dt.as_dtype(tensor_dtype).name}, but the inputs "
                                f"are {inputs[0].dtype.base_dtype.name}"))
    for x in inputs:
        x.shape.assert_is_compatible_with(shape)
    if len(inputs) == 1:
        return op_def("Identity").build(inputs[0], name=name) if name else inputs[0]
    return AddN.build(inputs, name=name or "AccumulateNV2")


def _as_inputs(inputs, function: str) -> list[Tensor]:
    """The list as tensors; the first tensor among them settles the dtype of the others."""
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(located(f"tf.{function} needs a list of at least one tensor, got "
                                 f"{inputs!r:.100}", section="value-error"))
    first = next((x for x in inputs if is_tensor_like(x) or isinstance(x, IndexedSlices)), None)
    graph = get_default_graph() if first is None else first.graph
    dtype = None if first is None else first.dtype.base_dtype
    return [x if type(x) is Tensor else to_tensor(graph, x, dtype, f"inputs_{i}")
            for i, x in enumerate(inputs)]


class Sub(Binary):
    """z = x - y."""

    ufunc = "subtract"

    def grad(self, op, dy):
        x, y = op.inputs
        return unbroadcast(dy, x, y), unbroadcast(-dy, y, x)


def subtract(x, y, name=None):
    """Subtracts y from x, element by element.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the shapes do not broadcast.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.subtract([1.0, 2.0], 3.0))
        array([-2., -1.], dtype=float32)
    """
    return Sub.build(x, y, name=name)


class Neg(Unary):
    """y = -x."""

    ufunc = "negative"
    maps_values = True

    def grad(self, op, dy):
        return -dy


def negative(x, name=None):
    """Changes the sign of each element.

    Args:
        x: tensor of a number dtype; or a SparseTensor, by its values.
        name: name of the node.

    Returns:
        A tensor of x's shape and dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.negative([1, -2]))
        array([-1,  2], dtype=int32)
    """
    return Neg.build(x, name=name)


# ---- products ------------------------------------------------------------------------------------


class Mul(Binary):
    """z = x y."""

    ufunc = "multiply"
    commutative = True

    def grad(self, op, dy):
        x, y = op.inputs
        return unbroadcast(dy * conj(y), x, y), unbroadcast(conj(x) * dy, y, x)


def multiply(x, y, name=None):
    """Multiplies two tensors, element by element.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        TypeError: the dtypes differ.
        ValueError: the shapes do not broadcast.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.multiply([1.0, 2.0], 3.0))
        array([3., 6.], dtype=float32)
    """
    return Mul.build(x, y, name=name)


def scalar_mul(scalar, x, name=None):
    """Multiplies a tensor, or the rows of an IndexedSlices, by one number.

    Args:
        scalar: number, or tensor of rank 0.
        x: tensor of a number dtype, or IndexedSlices.
        name: name of the node.

    Returns:
        What x is: a tensor, or IndexedSlices.

    Raises:
        ValueError: `scalar` is not of rank 0.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.scalar_mul(2, [1.0, 2.0]))
        array([2., 4.], dtype=float32)
    """
    if not is_tensor_like(x) and not isinstance(x, IndexedSlices):
        x = to_tensor(get_default_graph(), x, None, "x")
    scalar = to_tensor(x.graph, scalar, x.dtype.base_dtype, "scalar")
    if scalar.spec.shape != ():
        raise ShapeError(located(
            f"tf.scalar_mul needs a scalar, got {scalar.name!r} ({scalar.op.frame}) of shape "
            f"{scalar.shape}", advice="Only scalar multiply works; write tf.multiply for tensors.",
            section="shape-error"))
    if isinstance(x, IndexedSlices):
        return IndexedSlices(Mul.build(scalar, x.values, name=name), x.indices, x.dense_shape)
    return Mul.build(scalar, x, name=name)


class MulNoNan(Binary):
    """z = x y, and 0 wherever y is 0, even where x is infinite or NaN."""

    T = dt.FLOAT_OR_COMPLEX

    def kernel(self, xp, x, y):
        return xp.where(y == 0, x.dtype.type(0), x * y)

    def grad(self, op, dy):
        x, y = op.inputs
        return (unbroadcast(MulNoNan.build(dy, conj(y)), x, y),
                unbroadcast(MulNoNan.build(conj(x), dy), y, x))


def multiply_no_nan(x, y, name=None):
    """Multiplies two tensors; the product is 0 where y is, even if x is infinite or NaN there.

    Args:
        x: floating or complex tensor.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.math.multiply_no_nan([2.0, float("nan")], [3.0, 0.0]))
        array([6., 0.], dtype=float32)
    """
    return MulNoNan.build(x, y, name=name or "multiply_no_nan")


class SquaredDifference(Binary):
    """z = (x - y)^2, for complex numbers the squared length of x - y."""

    commutative = True

    def kernel(self, xp, x, y, *, out=None):
        difference = xp.subtract(x, y, out=out)
        return xp.multiply(difference, difference.conj(), out=out)

    def grad(self, op, dy):
        x, y = op.inputs
        dx = 2 * dy * (x - y)
        return unbroadcast(dx, x, y), unbroadcast(-dx, y, x)


def squared_difference(x, y, name=None):
    """Computes (x - y)^2, element by element.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.squared_difference([1.0, 2.0], 4.0))
        array([9., 4.], dtype=float32)
    """
    return SquaredDifference.build(x, y, name=name)


# ---- powers --------------------------------------------------------------------------------------


class Pow(Binary):
    """z = x^y."""

    checks_data = True

    def kernel(self, xp, x, y, *, out=None):
        if y.dtype.kind == "i":
            raise_if(xp, y < 0, lambda: InvalidArgumentError(
                None, None, "Integers to negative integer powers are not allowed; cast to a "
                            "floating dtype"))
        return xp.power(x, y, out=out)

    def grad(self, op, dy):
        x, y = op.inputs
        x_conj, y_conj = conj(x), conj(y)
        dx = dy * y_conj * Pow.build(x_conj, y_conj - 1)
        # y -> x^y is constant at x = 0; log sees 1 there, so that its own gradient stays finite
        usable = (op_def("NotEqual").build(x_conj, 0) if x.spec.dtype.is_complex
                  else op_def("Greater").build(x_conj, 0))
        ones, zeros = op_def("OnesLike").build(x), op_def("ZerosLike").build(x)
        safe = op_def("Select").build(usable, x_conj, ones)
        log_x = op_def("Select").build(usable, op_def("Log").build(safe), zeros)
        dy_dy = dy * conj(op.outputs[0]) * log_x
        return unbroadcast(dx, x, y), unbroadcast(dy_dy, y, x)


def pow(x, y, name=None):
    """Computes x to the power y, element by element.

    Args:
        x: tensor of a number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Raises:
        InvalidArgumentError: in the run, when integers are raised to a negative power.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.pow([2, 3], [3, 2]))
        array([8, 9], dtype=int32)
    """
    return Pow.build(x, y, name=name)


# ---- the larger and the smaller ------------------------------------------------------------------


class Maximum(Binary):
    """z = the larger of x and y; NaN if either is."""

    T = dt.REAL
    ufunc = "maximum"
    commutative = True

    def grad(self, op, dy):
        return _to_the_chosen(op, dy, op_def("GreaterEqual"))


def maximum(x, y, name=None):
    """Returns the larger of x and y, element by element.

    Where they are equal, the gradient goes to x.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.maximum([1, 5], 3))
        array([3, 5], dtype=int32)
    """
    return Maximum.build(x, y, name=name)


class Minimum(Binary):
    """z = the smaller of x and y; NaN if either is."""

    T = dt.REAL
    ufunc = "minimum"
    commutative = True

    def grad(self, op, dy):
        return _to_the_chosen(op, dy, op_def("LessEqual"))


def minimum(x, y, name=None):
    """Returns the smaller of x and y, element by element.

    Where they are equal, the gradient goes to x.

    Args:
        x: tensor of a real number dtype.
        y: tensor of the same dtype; the shapes broadcast.
        name: name of the node.

    Returns:
        A tensor of the broadcast shape and the same dtype.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.minimum([1, 5], 3))
        array([1, 3], dtype=int32)
    """
    return Minimum.build(x, y, name=name)


def _to_the_chosen(op, dy, relation: OpDef):
    """dy for x where x stands in `relation` to y, dy for y elsewhere."""
    x, y = op.inputs
    chosen = relation.build(x, y)
    zeros, select = op_def("ZerosLike").build(dy), op_def("Select")
    return (unbroadcast(select.build(chosen, dy, zeros), x, y),
            unbroadcast(select.build(chosen, zeros, dy), y, x))
