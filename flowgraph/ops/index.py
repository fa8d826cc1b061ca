"""Indexing: slice, strided_slice, and `t[...]`.

TensorFlow's strided slice is NumPy's basic indexing written as three vectors and five bit masks;
the kernel turns them back into one index: `x[1:3, ..., None, 0]`.
"""

from __future__ import annotations

import builtins
import sys
from functools import partial

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.shapes import Dimension
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.tensor import Tensor, is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, is_known, op_def, plain_value
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.constant import Const, ones_like
from flowgraph.ops.join import stack
from flowgraph.ops.shape import shape

_slice = builtins.slice

# ---- the index that vectors and masks stand for --------------------------------------------------


def numpy_index(begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask,
                shrink_axis_mask):
    """The NumPy index of a strided slice."""
    index = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides)):
        bit = 1 << i
        if ellipsis_mask & bit:
            index.append(Ellipsis)
        elif new_axis_mask & bit:
            index.append(None)
        elif shrink_axis_mask & bit:
            index.append(b)
        else:
            index.append(_slice(None if begin_mask & bit else b, None if end_mask & bit else e, s))
    if all(type(part) is int for part in index):
        index.append(Ellipsis)  # a single element comes out as an array too, also of strings
    return tuple(index)


def _sliced(input, begin, end, strides, begin_mask, end_mask, ellipsis_mask, new_axis_mask,
            shrink_axis_mask):
    """The static shape of a strided slice."""
    length = next((len(v.value) if v.value is not None else v.shape[0]
                   for v in (strides, begin, end) if v.value is not None or v.shape), None)
    if input.shape is None or length is None:
        return None
    bits = [1 << i for i in range(length)]
    if sum(bool(ellipsis_mask & bit) for bit in bits) > 1:
        raise ShapeError("has more than one ellipsis (...) in its index")
    used = sum(not (ellipsis_mask | new_axis_mask) & bit for bit in bits)
    rest = len(input.shape) - used
    if rest < 0:
        raise ShapeError(f"has {used} indices for {shape_text(input.shape)}",
                         f"There are only {len(input.shape)} axes.")
    sizes, axis = [], 0
    for i, bit in enumerate(bits):
        if ellipsis_mask & bit:
            sizes += input.shape[axis:axis + rest]
            axis += rest
        elif new_axis_mask & bit:
            sizes.append(1)
        else:
            b, e, s = (None if v.value is None else v.value[i] for v in (begin, end, strides))
            n = input.shape[axis]
            if s == 0:
                raise ShapeError(f"has the step 0 for axis {axis}")
            if s is not None and s < 0 and shrink_axis_mask & bit:
                raise ShapeError(f"has the step {s} for axis {axis}, where one index is taken",
                                 "The step must be 1.")
            if shrink_axis_mask & bit:
                if b is not None and n is not None and not -n <= b < n:
                    raise ShapeError(f"has index {b} for axis {axis} of {shape_text(input.shape)}: "
                                     f"slice index {b} of dimension {axis} out of bounds")
            else:
                known = n is not None and s is not None and (
                    b is not None or begin_mask & bit) and (e is not None or end_mask & bit)
                part = _slice(None if begin_mask & bit else b, None if end_mask & bit else e, s)
                sizes.append(len(range(*part.indices(n))) if known else None)
            axis += 1
    return (*sizes, *input.shape[axis:])


class StridedSlice(OpDef):
    """`input` indexed by slices, single indices, new axes and an ellipsis, as bit masks say."""

    dtypes = {"begin": "Index", "end": "Index", "strides": "Index"}
    Index = dt.INDEX
    host_inputs = ("begin", "end", "strides")
    aliases = ("input",)

    def infer(self, input, begin, end, strides, *, begin_mask=0, end_mask=0, ellipsis_mask=0,
              new_axis_mask=0, shrink_axis_mask=0):
        _check_vectors(begin, end, strides)
        return Spec(input.dtype, _sliced(input, begin, end, strides, begin_mask, end_mask,
                                         ellipsis_mask, new_axis_mask, shrink_axis_mask))

    def kernel(self, xp, input, begin, end, strides, *, begin_mask=0, end_mask=0, ellipsis_mask=0,
               new_axis_mask=0, shrink_axis_mask=0):
        return input[numpy_index(begin, end, strides, begin_mask, end_mask, ellipsis_mask,
                                 new_axis_mask, shrink_axis_mask)]

    def grad(self, op, dy):
        input, begin, end, strides = op.inputs
        dx = StridedSliceGrad.build(shape(input, out_type=begin.dtype), begin, end, strides, dy,
                                    **op.attrs)
        return dx, None, None, None

    def known(self, input, begin, end, strides, **masks):
        vectors = (begin.value, end.value, strides.value)
        if input.value is None or not all(is_known(v) for v in vectors):
            return None
        array = np.array(input.value, object)  # its entries may be unknown
        try:
            return plain_value(array[numpy_index(*vectors, **masks)])
        except (IndexError, ValueError):
            return None


def _check_vectors(begin, end, strides):
    for vector, what in ((begin, "begin"), (end, "end"), (strides, "strides")):
        shape_rules.require_rank(vector, 1, what)
    shape_rules.merge("begin, end and strides", begin, end, strides)


class StridedSliceGrad(OpDef):
    """Zeros of `shape`, with `dy` where the strided slice was taken."""

    dtypes = {"shape": "Index", "begin": "Index", "end": "Index", "strides": "Index"}
    Index = dt.INDEX
    host_inputs = ("shape", "begin", "end", "strides")

    def infer(self, shape, begin, end, strides, dy, *, begin_mask=0, end_mask=0, ellipsis_mask=0,
              new_axis_mask=0, shrink_axis_mask=0):
        _check_vectors(begin, end, strides)
        return Spec(dy.dtype, shape_rules.shape_from_value(shape))

    def kernel(self, xp, shape, begin, end, strides, dy, *, begin_mask=0, end_mask=0,
               ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
        return _placed(xp, shape, dy, numpy_index(begin, end, strides, begin_mask, end_mask,
                                                  ellipsis_mask, new_axis_mask, shrink_axis_mask))

    def grad(self, op, dy):
        _, begin, end, strides, _ = op.inputs
        return None, None, None, None, StridedSlice.build(dy, begin, end, strides, **op.attrs)


def _placed(xp, shape, dy, index):
    dx = xp.zeros(shape, dy.dtype)
    if dx[index].shape != dy.shape:
        raise InvalidArgumentError(None, None, f"shape of dy was {dy.shape} instead of "
                                               f"{dx[index].shape}")
    dx[index] = dy
    return dx


def strided_slice(input_, begin, end, strides=None, begin_mask=0, end_mask=0, ellipsis_mask=0,
                  new_axis_mask=0, shrink_axis_mask=0, var=None, name=None):
    """Slices a tensor: `t[begin[0]:end[0]:strides[0], ...]`; `t[...]` is the easier way.

    Args:
        input_: any tensor.
        begin: 1-D integer tensor, where each slice starts.
        end: 1-D tensor, where each stops.
        strides: 1-D tensor of steps, none of them 0; default ones.
        begin_mask: bit i set: slice i starts at the very start.
        end_mask: bit i set: slice i goes to the very end.
        ellipsis_mask: bit i set: entry i stands for `...`.
        new_axis_mask: bit i set: entry i puts in an axis of size 1.
        shrink_axis_mask: bit i set: entry i is the single index begin[i], the axis goes away.
        var: a variable that the slice was taken of; gives the result an `assign` method.
        name: name of the node.

    Raises:
        ValueError: a step is 0, or an index is out of range and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.strided_slice([1, 2, 3, 4], [0], [4], [2]))
        array([1, 3], dtype=int32)
    """
    if strides is None:
        strides = ones_like(begin)
    part = StridedSlice.build(input_, begin, end, strides, begin_mask=begin_mask,
                              end_mask=end_mask, ellipsis_mask=ellipsis_mask,
                              new_axis_mask=new_axis_mask, shrink_axis_mask=shrink_axis_mask,
                              name=name)
    return _of_variable(part, var)


# ---- t[...] --------------------------------------------------------------------------------------

_WRONG_INDEX = ("Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
                "tf.int32/tf.int64 tensors are valid indices, got {!r:.100}")


def _check_index(index):
    if isinstance(index, (int, np.integer, Dimension)):
        return
    dtype = getattr(index, "dtype", None)
    try:
        good = dtype is not None and dt.as_dtype(dtype).base_dtype in dt.INDEX
    except TypeError:
        good = False
    if not good or len(getattr(index, "shape", None) or ()) == 1:
        raise TypeError(located(_WRONG_INDEX.format(index)))


def _slice_helper(tensor, slice_spec, var=None):
    """Part of a tensor, by Python's and NumPy's indexing.

    Args:
        tensor: the Tensor.
        slice_spec: an int, slice, Ellipsis, None (a new axis), integer scalar tensor, or a tuple
            of these; or a boolean mask (array or tensor).
        var: the variable that `tensor` is the value of; the slice then has `assign`.

    Raises:
        TypeError: something else is in the index.
        ValueError: an int is out of range and the graph tells.

    Example:
        >>> import flowgraph as fg
        >>> t = fg.zeros([4, 3])
        >>> t[1:, None, 0].shape.as_list()
        [3, 1]
    """
    if isinstance(slice_spec, bool) or (
            not isinstance(slice_spec, (list, tuple, _slice)) and _is_mask(slice_spec)):
        from flowgraph.ops.gather import boolean_mask
        return boolean_mask(tensor, slice_spec)
    if not isinstance(slice_spec, (list, tuple)):
        slice_spec = (slice_spec,)
    begin, end, strides = [], [], []
    masks = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0,
             "shrink_axis_mask": 0}
    for i, part in enumerate(slice_spec):
        bit = 1 << i
        if isinstance(part, _slice):
            if _given(part.start):
                begin.append(_plain(part.start))
            else:
                begin.append(0)
                masks["begin_mask"] |= bit
            if _given(part.stop):
                end.append(_plain(part.stop))
            else:
                end.append(0)
                masks["end_mask"] |= bit
            strides.append(_plain(part.step) if _given(part.step) else 1)
        elif part is None or part is Ellipsis:
            begin.append(0)
            end.append(0)
            strides.append(1)
            masks["new_axis_mask" if part is None else "ellipsis_mask"] |= bit
        else:
            _check_index(part)
            part = _plain(part)
            begin.append(part)
            end.append(part + 1)
            strides.append(1)
            masks["shrink_axis_mask"] |= bit
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        part = StridedSlice.build(tensor, *_vectors(begin, end, strides), name=scope, **masks)
    return _of_variable(part, var)


def _of_variable(part, var):
    """A slice that remembers the variable it was taken of, for `assign`."""
    if var is not None:
        part._extra = {**(part._extra or {}), "slice_of": var}
    return part


def _assign(part):
    """`v[1:3].assign(values)`: a function that sets this part of the variable."""
    variable = (part._extra or {}).get("slice_of")
    if variable is None:
        raise AttributeError(located(
            f"{part!r} has no attribute 'assign': only variables and slices of variables can be "
            "assigned to", section="attribute-error"), name="assign", obj=part)
    from flowgraph.ops.slice_assign import assign_to_slice
    return partial(assign_to_slice, part, variable)


def _plain(index):
    """A tensor as it is, anything else as an int."""
    return index if type(index) is int or is_tensor_like(index) else int(index)


def _is_mask(index):
    dtype = getattr(index, "dtype", None)
    return dtype is not None and (dtype == np.bool_ if isinstance(dtype, np.dtype)
                                  else getattr(dtype, "base_dtype", None) is dt.bool_)


def _given(bound):
    """Whether a bound of a slice is there; checks its type. Python 2's `[:]` gave sys.maxsize."""
    if bound is None:
        return False
    _check_index(bound)
    return not (isinstance(bound, int) and bound == sys.maxsize)


def _vectors(*vectors):
    """begin, end and strides as three tensors of one dtype."""
    entries = [entry for vector in vectors for entry in vector]
    wide = any(entry.dtype.base_dtype is dt.int64 if is_tensor_like(entry)
               else not -_WIDE <= entry < _WIDE for entry in entries)
    return [_vector(vector, dt.int64 if wide else dt.int32) for vector in vectors]


_WIDE = 2**31  # from here on int32 does not do


def _vector(entries, dtype):
    if any(is_tensor_like(entry) for entry in entries):
        return stack([_entry(entry, dtype) for entry in entries])
    array = np.array(entries, dtype.numpy)
    array.flags.writeable = False
    return Const.build(value=array, name="stack")


def _entry(entry, dtype):
    if not is_tensor_like(entry):
        return np.array(int(entry), dtype.numpy)
    entry = convert_to_tensor(entry)
    return entry if entry.dtype is dtype else op_def("Cast").build(entry, DstT=dtype)


Tensor.__getitem__ = _slice_helper  # type: ignore[misc]
Tensor.assign = property(_assign)  # type: ignore[attr-defined]


# ---- slice ---------------------------------------------------------------------------------------


class Slice(OpDef):
    """`size[i]` elements from `begin[i]` on along each axis i; a size of -1 takes all the rest."""

    dtypes = {"begin": "Index", "size": "Index"}
    Index = dt.INDEX
    host_inputs = ("begin", "size")
    aliases = ("input",)

    def infer(self, input, begin, size):
        shape_rules.require_rank(begin, 1, "a begin")
        shape_rules.require_rank(size, 1, "a size")
        rank = next((n for n in (input.rank, (begin.shape or (None,))[0],
                                 (size.shape or (None,))[0]) if n is not None), None)
        if rank is None:
            return Spec(input.dtype, None)
        for vector, what in ((begin, "begin"), (size, "size")):
            if vector.shape not in (None, (None,), (rank,)):
                raise ShapeError(f"has {vector.shape[0]} entries in {what} for "
                                 f"{shape_text(input.shape)}", "There must be one for each axis.")
        sizes = input.shape or (None,) * rank
        begins, counts = (v.value or (None,) * rank for v in (begin, size))
        return Spec(input.dtype, tuple(_slice_size(*entry) for entry in zip(sizes, begins, counts)))

    def kernel(self, xp, input, begin, size):
        return input[_slices(input.shape, begin, size)]

    def grad(self, op, dy):
        input, begin, _ = op.inputs
        output = op.outputs[0]
        at = known_value(begin)
        if is_known(at) and input.spec.is_static and output.spec.is_static:
            after = [n - b - m for n, b, m in zip(input.spec.shape, at, output.spec.shape)]
            paddings = np.array([at, after], np.int32).T.reshape(-1, 2)
        else:
            whole, part = (shape(t, out_type=begin.dtype) for t in (input, output))
            paddings = stack([begin, whole - part - begin], axis=1)
        return op_def("Pad").build(dy, paddings), None, None

    def known(self, input, begin, size):
        if input.rank == 1 and input.value is not None and is_known(begin.value) \
                and is_known(size.value):
            return input.value[_slices(input.shape, begin.value, size.value)[0]]
        return super().known(input, begin, size)


def _slice_size(n, begin, count):
    """The size that one axis has after a slice."""
    if begin is not None and begin < 0:
        return None  # an error of the run, as in TensorFlow
    if count == -1:
        count = None if n is None or begin is None else n - begin
    if count is not None and count < 0:
        raise ShapeError(f"takes {count} elements from {begin} on of an axis of size {n}")
    return count  # a box that reaches out is an error of the run, as in TensorFlow


def _slices(shape, begin, size):
    """The NumPy index of a slice, checked against the run's shape."""
    index = []
    for axis, (n, b, count) in enumerate(zip(shape, begin, size)):
        count = n - b if count == -1 else count
        if b < 0 or count < 0 or b + count > n:
            raise InvalidArgumentError(None, None, f"cannot take {count} elements from {b} on of "
                                       f"axis {axis}, whose size is {n}")
        index.append(_slice(b, b + count))
    return tuple(index)


def slice(input_, begin, size, name=None):
    """Takes a box out of a tensor.

    Args:
        input_: any tensor.
        begin: 1-D integer tensor, the first index along each axis.
        size: 1-D tensor, how many elements along each axis; -1 for all that follow.
        name: name of the node.

    Raises:
        InvalidArgumentError: in the run, when the box reaches out of the tensor.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [-1, 2]))
        array([[2, 3],
               [5, 6]], dtype=int32)
    """
    return Slice.build(input_, begin, size, name=name)
