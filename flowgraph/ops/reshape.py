"""The same elements in another arrangement: reshape, expand_dims, squeeze, transpose."""

from __future__ import annotations

import math

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, is_known, op_def
from flowgraph.ops.shape import shape


class Reshape(OpDef):
    """The elements of `tensor`, in order, in another shape; one size may be -1."""

    dtypes = {"shape": "Tshape"}
    Tshape = dt.INDEX
    host_inputs = ("shape",)
    aliases = ("tensor",)

    def infer(self, tensor, shape):
        shape_rules.require_rank(shape, 1, "a shape")
        return Spec(tensor.dtype, _reshaped(tensor, shape))

    def kernel(self, xp, tensor, shape):
        return xp.reshape(tensor, _without_guess(shape))

    def grad(self, op, dy):
        return reshape(dy, shape(op.inputs[0])), None

    def known(self, tensor, shape):
        value = tensor.value
        if isinstance(value, tuple) and tensor.rank == 1 and shape.shape == (1,):
            return value  # 1-D to 1-D; entries may be unknown
        if value is not None and not isinstance(value, tuple) and shape.shape == (1,):
            return (value,)
        if isinstance(value, tuple) and len(value) == 1 and shape.shape == (0,):
            return value[0]
        return super().known(tensor, shape)


def _without_guess(shape):
    """The asked sizes; raises when the one to be found out could be any."""
    if -1 in shape and 0 in shape:
        raise InvalidArgumentError(None, None, "reshape cannot infer the missing input size for an "
                                               "empty tensor: -1 stands beside a size of 0")
    return shape


def _reshaped(tensor, shape):
    """The static shape of a reshape, as far as input and asked sizes tell."""
    if shape.value is None:
        length = None if shape.shape is None else shape.shape[0]
        return None if length is None else (None,) * length
    asked = shape.value
    if asked.count(-1) > 1:
        return (None,) * len(asked)  # TensorFlow looks at it in the run only
    if any(n is not None and n < -1 for n in asked):
        raise ShapeError(f"cannot reshape {shape_text(tensor.shape)} to {asked}",
                         "Sizes must not be negative; one of them may be -1.")
    sizes = [None if n == -1 else n for n in asked]
    have = tensor.size
    if have is None:
        known = 1 if tensor.shape is None else math.prod(n for n in tensor.shape if n is not None)
        if None not in sizes and (math.prod(sizes) % known if known else math.prod(sizes)):
            raise ShapeError(f"cannot reshape {shape_text(tensor.shape)} to {asked}",
                             f"The new shape has {math.prod(sizes)} elements, which is no multiple "
                             f"of {known}.")
    elif None not in sizes:
        if math.prod(sizes) != have:
            raise ShapeError(f"cannot reshape {shape_text(tensor.shape)}, which has {have} "
                             f"elements, to {asked}, which has {math.prod(sizes)}",
                             "The number of elements must stay the same.")
    elif sizes.count(None) == 1:
        rest = math.prod(n for n in sizes if n is not None)
        if (rest == 0 and have) or (rest and have % rest):
            raise ShapeError(f"cannot reshape {shape_text(tensor.shape)}, which has {have} "
                             f"elements, to {asked}: {have} is no multiple of {rest}",
                             "The number of elements must stay the same.")
        if rest:
            sizes[sizes.index(None)] = have // rest
    return tuple(sizes)


def reshape(tensor, shape, name=None):
    """Gives a tensor another shape; the elements keep their order.

    Args:
        tensor: any tensor.
        shape: 1-D int32 or int64 tensor; one size may be -1, which takes what is left.
        name: name of the node.

    Raises:
        ValueError: the number of elements is not the same, and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.reshape(fg.zeros([2, 6]), [3, -1]).shape.as_list()
        [3, 4]
    """
    return Reshape.build(tensor, shape, name=name)


# ---- axes of size 1 ------------------------------------------------------------------------------


class ExpandDims(OpDef):
    """`input` with an axis of size 1 put in."""

    dtypes = {"dim": "Tdim"}
    Tdim = dt.INDEX
    host_inputs = ("dim",)
    aliases = ("input",)

    def infer(self, input, dim):
        if input.shape is None:
            return Spec(input.dtype, None)
        axis = dim.value
        if isinstance(axis, tuple):
            if len(axis) != 1:
                raise ShapeError(f"needs one axis, got {len(axis)}")
            axis = axis[0]
        rank = len(input.shape) + 1
        if axis is None:
            return Spec(input.dtype, (None,) * rank)
        axis = shape_rules.axis_index(axis, rank)
        return Spec(input.dtype, input.shape[:axis] + (1,) + input.shape[axis:])

    def kernel(self, xp, input, dim):
        return xp.expand_dims(input, dim)

    def grad(self, op, dy):
        return reshape(dy, shape(op.inputs[0])), None

    def known(self, input, dim):
        if input.value is not None and input.rank == 0:
            return (input.value,)
        return super().known(input, dim)


def expand_dims(input, axis=None, name=None, dim=None):
    """Puts an axis of size 1 into a tensor's shape.

    Args:
        input: any tensor.
        axis: where the new axis stands in the result; negative counts from the end.
        name: name of the node.
        dim: old name of `axis`.

    Raises:
        ValueError: `axis` is outside of the result's axes, or missing, or given twice.

    Example:
        >>> import flowgraph as fg
        >>> fg.expand_dims(fg.zeros([2, 3]), -1).shape.as_list()
        [2, 3, 1]
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError(located("Must specify an axis argument to tf.expand_dims()",
                                 "Write axis=0 for a new first axis, axis=-1 for a new last one."))
    return ExpandDims.build(input, axis, name=name)


class Squeeze(OpDef):
    """`input` without axes of size 1: all of them, or those in `squeeze_dims`."""

    aliases = ("input",)

    def infer(self, input, *, squeeze_dims=()):
        if input.shape is None:
            return Spec(input.dtype, None)
        if not squeeze_dims:
            if None in input.shape:
                return Spec(input.dtype, None)
            return Spec(input.dtype, tuple(n for n in input.shape if n != 1))
        gone = shape_rules.axes(squeeze_dims, len(input.shape))
        for axis in gone:
            if input.shape[axis] not in (None, 1):
                raise ShapeError(f"cannot squeeze axis {axis} of {shape_text(input.shape)}",
                                 f"Its size must be 1, not {input.shape[axis]}.")
        return Spec(input.dtype, tuple(n for i, n in enumerate(input.shape) if i not in gone))

    def kernel(self, xp, input, *, squeeze_dims=()):
        return xp.squeeze(input, axis=squeeze_dims or None)

    def grad(self, op, dy):
        return reshape(dy, shape(op.inputs[0]))

    def known(self, input, *, squeeze_dims=()):
        if input.shape == (1,) and isinstance(input.value, tuple):
            return input.value[0]
        return super().known(input, squeeze_dims=squeeze_dims)


def squeeze(input, axis=None, name=None, squeeze_dims=None):
    """Removes axes of size 1.

    Args:
        input: any tensor.
        axis: the axes to remove, an int or list of ints; default all of size 1.
        name: name of the node.
        squeeze_dims: old name of `axis`.

    Raises:
        ValueError: an axis does not have size 1.

    Example:
        >>> import flowgraph as fg
        >>> fg.squeeze(fg.zeros([1, 2, 1])).shape.as_list()
        [2]
    """
    axis = renamed_argument("axis", axis, "squeeze_dims", squeeze_dims)
    axis = () if axis is None else axis if np.ndim(axis) else (axis,)
    return Squeeze.build(input, squeeze_dims=tuple(int(a) for a in axis), name=name)


# ---- order of axes -------------------------------------------------------------------------------


class Transpose(OpDef):
    """`x` with its axes in the order `perm`."""

    dtypes = {"perm": "Tperm"}
    Tperm = dt.INDEX
    host_inputs = ("perm",)
    aliases = ("x",)

    def infer(self, x, perm):
        return Spec(x.dtype, _transposed(x, perm))

    def kernel(self, xp, x, perm):
        return xp.transpose(x, perm)

    def grad(self, op, dy):
        return transpose(dy, invert_permutation(op.inputs[1])), None


class ConjugateTranspose(OpDef):
    """The complex conjugate of `x` with its axes in the order `perm`."""

    T = dt.NUMBER
    dtypes = {"perm": "Tperm"}
    Tperm = dt.INDEX
    host_inputs = ("perm",)
    aliases = ("x",)

    def infer(self, x, perm):
        return Spec(x.dtype, _transposed(x, perm))

    def kernel(self, xp, x, perm):
        return xp.conj(xp.transpose(x, perm))

    def grad(self, op, dy):
        return transpose(dy, invert_permutation(op.inputs[1]), conjugate=True), None


def _transposed(x, perm):
    """The static shape of a transpose."""
    shape_rules.require_rank(perm, 1, "a perm")
    length = None if perm.shape is None else perm.shape[0]
    rank = length if x.shape is None else len(x.shape)
    if rank is None:
        return None
    if length not in (None, rank):
        raise ShapeError(f"cannot transpose {shape_text(x.shape)} by a perm of {length} axes",
                         "perm must name every axis once.")
    if not is_known(perm.value):
        return (None,) * rank
    order = shape_rules.axes(perm.value, rank, "perm axis")
    if x.shape is None or len(set(order)) != rank:  # an axis twice is an error of the run
        return (None,) * rank
    return tuple(x.shape[i] for i in order)


def transpose(a, perm=None, name="transpose", conjugate=False):
    """Reorders the axes of a tensor.

    Args:
        a: any tensor.
        perm: the axes of `a` in their new order; default reversed.
        name: name of the node.
        conjugate: whether complex elements are conjugated too.

    Raises:
        ValueError: `perm` is not a permutation of the axes.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.transpose([[1, 2, 3], [4, 5, 6]]))
        array([[1, 4],
               [2, 5],
               [3, 6]], dtype=int32)
    """
    with name_scope(name, "transpose", [a]) as scope:
        a = convert_to_tensor(a, name="a")
        if perm is None:
            if a.spec.shape is None:
                count = op_def("Rank").build(a)
                perm = op_def("Range").build(count - 1, -1, -1)
            else:
                perm = np.arange(len(a.spec.shape), dtype=np.int32)[::-1]
        op = ConjugateTranspose if conjugate and a.dtype.base_dtype.is_complex else Transpose
        return op.build(a, perm, name=scope)


def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    """Swaps the last two axes of a tensor.

    Args:
        a: tensor of rank 2 or more.
        name: name scope of the new nodes.
        conjugate: whether complex elements are conjugated too.

    Raises:
        ValueError: the rank of `a` is below 2.

    Example:
        >>> import flowgraph as fg
        >>> fg.matrix_transpose(fg.zeros([5, 2, 3])).shape.as_list()
        [5, 3, 2]
    """
    with name_scope(name, "matrix_transpose", [a]):
        a = convert_to_tensor(a, name="a")
        sizes = a.spec.shape
        if sizes is None:
            count = op_def("Rank").build(a)
            perm = op_def("ConcatV2").build(
                [op_def("Range").build(0, count - 2, 1), [count - 1, count - 2]], 0, name="concat")
        elif len(sizes) < 2:
            raise ValueError(located("matrix_transpose needs a tensor of rank 2 or more, got shape "
                                     f"{shape_text(sizes)}"))
        else:
            rank = len(sizes)
            perm = [*range(rank - 2), rank - 1, rank - 2]
        return transpose(a, perm, conjugate=conjugate)


class InvertPermutation(OpDef):
    """y[x[i]] = i."""

    T = dt.INDEX
    grad = NotDifferentiable
    checks_data = True

    def infer(self, x):
        shape_rules.require_rank(x, 1, "a permutation")
        return Spec(x.dtype, (None,) if x.shape is None else x.shape)

    def kernel(self, xp, x):
        return xp.argsort(_permutation(xp, x)).astype(x.dtype)


def _permutation(xp, x):
    """`x`, checked to hold each of 0 … n-1 once."""
    raise_if(xp, xp.sort(x) != xp.arange(x.size), lambda: InvalidArgumentError(
        None, None, f"a permutation must hold each of 0 to {x.size - 1} once"))
    return x


def invert_permutation(x, name=None):
    """The permutation that undoes another: `y[x[i]] = i`.

    Args:
        x: 1-D int32 or int64 tensor that holds each of 0 to n-1 once.
        name: name of the node.

    Raises:
        InvalidArgumentError: `x` is not a permutation (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.invert_permutation([2, 0, 1]))
        array([1, 2, 0], dtype=int32)
    """
    return InvertPermutation.build(x, name=name)
