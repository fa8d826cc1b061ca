"""Counts: of integers, of pairs of classes, of values in bins, of zeros; and what is in no list."""

from __future__ import annotations

from collections import namedtuple

from flowgraph.core import dtypes as dt
from flowgraph.core.checks import raise_if
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef, op_def
from flowgraph.ops.arithmetic import maximum, minimum
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.division import truediv
from flowgraph.ops.gather import scatter_nd
from flowgraph.ops.identity import identity
from flowgraph.ops.join import stack
from flowgraph.ops.reduce import reduce_all, reduce_max, reduce_prod
from flowgraph.ops.reduced_statistics import count_nonzero
from flowgraph.ops.reshape import reshape, squeeze
from flowgraph.ops.rounding import floor
from flowgraph.ops.row_sums import counted, summed_rows
from flowgraph.ops.shape import shape, size

ListDiffResult = namedtuple("ListDiffResult", ("out", "idx"))
_COUNT = dt.DTypeSet("int32, int64, float32 or float64", (dt.int32, dt.int64, dt.float32,
                                                         dt.float64))


class Bincount(OpDef):
    """Entry i of the result is how often i is in `arr`, or the sum of the weights there."""

    T = _COUNT
    dtypes = {"arr": dt.DTypeSet("int32", (dt.int32,)), "size": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("size",)
    checks_data = True
    grad = NotDifferentiable

    def infer(self, arr, size, weights):
        shape_rules.require_rank(size, 0, "size")
        if size.value is not None and size.value < 0:
            raise ShapeError(f"needs size >= 0, got {size.value}")
        return Spec(weights.dtype, (size.value,))

    def kernel(self, xp, arr, size, weights):
        if arr.size:
            raise_if(xp, arr.min() < 0, lambda: InvalidArgumentError(
                None, None, "Input arr must be non-negative!"))
        flat = arr.reshape(-1)
        if not weights.size:
            return counted(xp, xp.where(flat < size, flat, -1), size).astype(weights.dtype)
        if weights.shape != arr.shape:
            raise InvalidArgumentError(None, None, f"Size mismatch between weights {weights.shape} "
                                       f"and arr {arr.shape}")
        return summed_rows(xp, weights.reshape(-1), xp.where(flat < size, flat, -1), size)


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype=dt.int32):
    """Counts how often each integer occurs.

    Args:
        arr: int32 tensor of any shape, of numbers >= 0.
        weights: tensor of the same shape, to be added up instead of ones.
        minlength: the least length of the result.
        maxlength: the greatest length of the result; larger numbers are not counted.
        dtype: dtype of the result when there are no weights.

    Returns:
        A vector, by default of length max(arr) + 1.

    Raises:
        InvalidArgumentError: a number is negative (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.bincount([1, 1, 3]))
        array([0, 2, 0, 1], dtype=int32)
    """
    with name_scope(None, "bincount"):
        arr = convert_to_tensor(arr, name="arr", dtype=dt.int32)
        filled = op_def("Greater").build(reduce_prod(shape(arr)), 0)
        length = cast(filled, dt.int32) * (reduce_max(arr) + 1)
        if minlength is not None:
            length = maximum(convert_to_tensor(minlength, name="minlength", dtype=dt.int32),
                             length)
        if maxlength is not None:
            length = minimum(convert_to_tensor(maxlength, name="maxlength", dtype=dt.int32),
                             length)
        weights = (convert_to_tensor(weights, name="weights") if weights is not None
                   else convert_to_tensor([], dtype=dtype))
        return Bincount.build(arr, length, weights)


def confusion_matrix(labels, predictions, num_classes=None, dtype=dt.int32, name=None,
                     weights=None):
    """Counts the pairs of label and prediction: entry [i, j] is how often label i was taken for j.

    Args:
        labels: integer vector of classes.
        predictions: integer vector of the same length.
        num_classes: number of classes; default the largest class + 1.
        dtype: dtype of the result.
        name: name of the scope of the nodes.
        weights: vector of the same length, to be added up instead of ones.

    Returns:
        A matrix [num_classes, num_classes].

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a class is negative or not below `num_classes` (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.confusion_matrix([0, 1, 1], [0, 0, 1]))
        array([[1, 0],
               [1, 1]], dtype=int32)
    """
    with name_scope(name, "confusion_matrix"):
        labels = convert_to_tensor(labels, name="labels")
        predictions = convert_to_tensor(predictions, name="predictions")
        labels, predictions = _of_one_rank(labels, predictions)
        labels, predictions = cast(labels, dt.int64), cast(predictions, dt.int64)
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        num_classes = cast(num_classes, dt.int64)
        if weights is None:
            weights = op_def("OnesLike").build(cast(predictions, dtype))
        else:
            weights = cast(convert_to_tensor(weights, name="weights"), dtype)
            predictions.get_shape().assert_is_compatible_with(weights.get_shape())
        return scatter_nd(stack([labels, predictions], axis=1), weights,
                          stack([num_classes, num_classes]))


def _of_one_rank(labels, predictions):
    """Both, with a last axis of size 1 that only one of them has taken off."""
    a, b = labels.spec.rank, predictions.spec.rank
    if a is not None and b is not None and a - b == 1:
        labels = squeeze(labels, [-1])
    elif a is not None and b is not None and b - a == 1:
        predictions = squeeze(predictions, [-1])
    return labels, predictions


# ---- histograms ----------------------------------------------------------------------------------


class HistogramFixedWidth(OpDef):
    """How many values fall into each of `nbins` bins of one width; the outer ones take the rest."""

    T = _COUNT
    dtypes = {"nbins": dt.DTypeSet("int32", (dt.int32,))}
    host_inputs = ("nbins",)
    checks_data = True
    grad = NotDifferentiable

    def infer(self, values, value_range, nbins, *, dtype=dt.int32):
        shape_rules.require_rank(value_range, 1, "a value_range")
        if value_range.shape is not None and value_range.shape[0] not in (None, 2):
            raise ShapeError(f"needs a value_range of 2 numbers, got {value_range.shape[0]}")
        shape_rules.require_rank(nbins, 0, "nbins")
        if nbins.value is not None and nbins.value <= 0:
            raise ShapeError(f"needs nbins > 0, got {nbins.value}")
        return Spec(dtype, (nbins.value,))

    def kernel(self, xp, values, value_range, nbins, *, dtype=dt.int32):
        low, high = value_range[0], value_range[1]
        raise_if(xp, ~(low < high) | (nbins <= 0), lambda: InvalidArgumentError(
            None, None, "nbins must be positive, and value_range must satisfy value_range[0] < "
                        "value_range[1]"))
        width = (high - low).astype("float64") / nbins
        above = (xp.maximum(values, low) - low).astype("float64") / width
        bins = xp.clip(xp.clip(above, 0, nbins - 1).astype("int64"), 0, nbins - 1)
        return counted(xp, bins.reshape(-1), nbins).astype(dtype.numpy)


def histogram_fixed_width(values, value_range, nbins=100, dtype=dt.int32, name=None):
    """Counts how many values fall into each of some bins of one width.

    Args:
        values: tensor of a real number dtype.
        value_range: vector [low, high] of the same dtype; values outside count in the outer bins.
        nbins: number of bins.
        dtype: dtype of the result, tf.int32 or tf.int64.
        name: name of the node.

    Returns:
        A vector of `nbins` counts.

    Raises:
        ValueError: `nbins` is not positive.
        InvalidArgumentError: low is not below high (at run).

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 9.0], [0.0, 5.0], 5))
        array([2, 1, 1, 0, 1], dtype=int32)
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return HistogramFixedWidth.build(values, value_range, nbins, dtype=dt.as_dtype(dtype),
                                         name=scope)


def histogram_fixed_width_bins(values, value_range, nbins=100, dtype=dt.int32, name=None):
    """Finds for each value its bin, as `histogram_fixed_width` counts them.

    Args:
        values: tensor of a real number dtype.
        value_range: vector [low, high] of the same dtype; values outside go in the outer bins.
        nbins: number of bins.
        dtype: accepted; the bins are int32, as in TensorFlow.
        name: name of the scope of the nodes.

    Returns:
        An int32 tensor of the shape of `values`.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.histogram_fixed_width_bins([-1.0, 0.0, 1.5, 9.0], [0.0, 5.0], 5))
        array([0, 0, 1, 4], dtype=int32)
    """
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert_to_tensor(values, name="values")
        sizes = shape(values)
        values = reshape(values, [-1])
        value_range = convert_to_tensor(value_range, name="value_range")
        nbins = convert_to_tensor(nbins, dtype=dt.int32, name="nbins")
        scaled = truediv(values - value_range[0], value_range[1] - value_range[0],
                         name="scaled_values")
        count = cast(nbins, scaled.dtype)
        bins = floor(count * scaled, name="indices")
        return reshape(cast(clip_by_value(bins, 0, count - 1), dt.int32), sizes)


# ---- lists ---------------------------------------------------------------------------------------


class ListDiff(OpDef):
    """(out, idx): the elements of x that are not in y, in their order, and where they stand."""

    multiple = True
    grad = NotDifferentiable
    waits_for_gpu = "its result is as long as there are such elements"

    def infer(self, x, y, *, out_idx=dt.int32):
        shape_rules.require_rank(x, 1, "x")
        shape_rules.require_rank(y, 1, "y")
        return Spec(x.dtype, (None,)), Spec(out_idx, (None,))

    def kernel(self, xp, x, y, *, out_idx=dt.int32):
        places = xp.flatnonzero(~xp.isin(x, y))
        return x[places], places.astype(out_idx.numpy)


def setdiff1d(x, y, index_dtype=dt.int32, name=None):
    """Finds the elements of one list that are not in another.

    Args:
        x: vector.
        y: vector of the same dtype.
        index_dtype: tf.int32 or tf.int64.
        name: name of the node.

    Returns:
        A named tuple: `out`, the elements of x that are not in y, in their order and as often as
        they are there; `idx`, their places in x.

    Example:
        >>> import flowgraph as fg
        >>> out, idx = fg.setdiff1d([1, 2, 3, 4], [1, 3])
        >>> fg.Session().run([out, idx])
        [array([2, 4], dtype=int32), array([1, 3], dtype=int32)]
    """
    return ListDiffResult(*ListDiff.build(x, y, out_idx=dt.as_dtype(index_dtype), name=name))


def zero_fraction(value, name=None):
    """Computes which share of a tensor's elements is 0.

    Args:
        value: tensor of a number dtype.
        name: name of the scope of the nodes.

    Returns:
        A float32 scalar; NaN if there are no elements.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.nn.zero_fraction([0.0, 1.0, 0.0, 3.0])))
        0.5
    """
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        total = size(value, out_type=dt.int64)
        nonzero = count_nonzero(value, dtype=dt.int64)
        with name_scope("counts_to_fraction"):
            fraction = truediv(cast(total - nonzero, dt.float32), cast(total, dt.float32))
        return identity(fraction, "fraction")


def is_non_decreasing(x, name=None):
    """Tells whether no element is less than the one before it, in row-major order.

    Args:
        x: tensor of a real number dtype.
        name: name of the scope of the nodes.

    Returns:
        A bool scalar; True if there are fewer than two elements.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.is_non_decreasing([1, 1, 2])))
        True
    """
    with name_scope(name, "is_non_decreasing"):
        before, after = _neighbours(x)
        return reduce_all(op_def("LessEqual").build(before, after))


def is_strictly_increasing(x, name=None):
    """Tells whether each element is greater than the one before it, in row-major order.

    Args:
        x: tensor of a real number dtype.
        name: name of the scope of the nodes.

    Returns:
        A bool scalar; True if there are fewer than two elements.

    Example:
        >>> import flowgraph as fg
        >>> print(fg.Session().run(fg.is_strictly_increasing([1, 1, 2])))
        False
    """
    with name_scope(name, "is_strictly_increasing"):
        before, after = _neighbours(x)
        return reduce_all(op_def("Less").build(before, after))


def _neighbours(x):
    flat = reshape(x, [-1])
    return flat[:-1], flat[1:]
