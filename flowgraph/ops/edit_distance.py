"""The edit distance: how many insertions, deletions and replacements make one sequence another.

The table d[i, j], the distance of the first i and the first j elements, is filled by diagonals
i + j = k, for all pairs of sequences at once:

    d[i, j] = min(d[i-1, j] + 1, d[i, j-1] + 1, d[i-1, j-1] + (hypothesis[i] != truth[j]))
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.opdef import shape_rules
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.sparse_tensor import as_sparse

_INT64 = dt.DTypeSet("int64", (dt.int64,))


class EditDistance(OpDef):
    """The edit distances of the sequences along the last axis of two sparse tensors."""

    T = dt.ANY
    dtypes = {"hypothesis_indices": _INT64, "hypothesis_shape": _INT64,
              "truth_indices": _INT64, "truth_shape": _INT64}
    host_inputs = ("hypothesis_shape", "truth_shape")
    grad = NotDifferentiable
    waits_for_gpu = "how many entries there are, and where, depends on the indices"

    def infer(self, hypothesis_indices, hypothesis_values, hypothesis_shape, truth_indices,
              truth_values, truth_shape, *, normalize=True):
        for name, indices, values, shape in (
                ("hypothesis", hypothesis_indices, hypothesis_values, hypothesis_shape),
                ("truth", truth_indices, truth_values, truth_shape)):
            shape_rules.require_rank(indices, 2, f"{name}_indices")
            shape_rules.require_rank(values, 1, f"{name}_values")
            shape_rules.require_rank(shape, 1, f"{name}_shape")
        ranks = {n for spec in (hypothesis_shape, truth_shape) if spec.shape is not None
                 for n in spec.shape if n is not None}
        if len(ranks) > 1:
            raise ShapeError("needs a hypothesis and a truth of one rank, got ranks "
                             f"{hypothesis_shape.shape[0]} and {truth_shape.shape[0]}")
        if any(rank < 2 for rank in ranks):
            raise ShapeError("needs sparse tensors of rank 2 or more, the last axis is that of the "
                             "sequences")
        if not ranks:
            return Spec(dt.float32, None)
        size = max(ranks) - 1
        unknown = (None,) * size
        pairs = zip((hypothesis_shape.value or unknown)[:size],
                    (truth_shape.value or unknown)[:size], strict=True)
        return Spec(dt.float32, tuple(None if None in pair else max(pair) for pair in pairs))

    def kernel(self, xp, hypothesis_indices, hypothesis_values, hypothesis_shape, truth_indices,
               truth_values, truth_shape, *, normalize=True):
        if len(hypothesis_shape) != len(truth_shape) or len(truth_shape) < 2:
            raise InvalidArgumentError(
                None, None, "Expected truth and hypothesis to have matching ranks of at least 2, "
                            f"but their shapes are: {list(truth_shape)} and "
                            f"{list(hypothesis_shape)}")
        shape = tuple(max(pair) for pair in zip(hypothesis_shape[:-1], truth_shape[:-1],
                                                strict=True))
        groups = math.prod(shape)
        if not groups:
            raise InvalidArgumentError(None, None, f"Got output shape {list(shape)} which has 0 "
                                                   "elements")
        hypothesis, lengths = _padded(xp, hypothesis_indices, hypothesis_values, shape)
        truth, truth_lengths = _padded(xp, truth_indices, truth_values, shape)
        distance = _distances(xp, hypothesis, lengths, truth, truth_lengths).astype("float32")
        if normalize:
            against = truth_lengths.astype("float32")
            none = xp.where(distance > 0, xp.float32(math.inf), xp.float32(0))
            distance = xp.where(against > 0, distance / xp.maximum(against, xp.float32(1)), none)
        return distance.reshape(shape)


def _padded(xp, indices, values, shape):
    """The sequences as a matrix with a row for each group, and their lengths."""
    groups = math.prod(shape)
    group = xp.zeros(len(indices), "int64")
    for axis, size in enumerate(shape):
        if len(indices) and bool(((indices[:, axis] < 0) | (indices[:, axis] >= size)).any()):
            raise InvalidArgumentError(None, None, f"an index is out of bounds: axis {axis} has "
                                                   f"size {size}")
        group = group * size + indices[:, axis]
    lengths = xp.bincount(group, minlength=groups)
    starts = xp.cumsum(lengths) - lengths
    order = xp.argsort(group, kind="stable")
    group, values = group[order], values[order]
    rows = xp.zeros((groups, int(lengths.max())), values.dtype)
    rows[group, xp.arange(len(group)) - starts[group]] = values
    return rows, lengths


def _distances(xp, first, first_lengths, second, second_lengths):
    """The distance of each pair of rows."""
    groups, n = first.shape
    m = second.shape[1]
    place = xp.arange(n + 1)
    far = n + m + 1
    before = xp.full((groups, n + 1), far, "int64")  # diagonal k - 2, by i
    last = before.copy()  # diagonal k - 1
    last[:, 0] = 0
    ends = first_lengths + second_lengths
    result = xp.zeros(groups, "int64")
    for k in range(1, n + m + 1):
        now = xp.full((groups, n + 1), far, "int64")
        now[:, 1:] = last[:, :-1] + 1
        now = xp.minimum(now, last + 1)
        low, high = max(1, k - m), min(n, k - 1)  # where both sequences have an element
        if low <= high:
            differ = first[:, low - 1:high] != second[:, k - high - 1:k - low][:, ::-1]
            now[:, low:high + 1] = xp.minimum(now[:, low:high + 1],
                                              before[:, low - 1:high] + differ)
        now = xp.where((place <= k) & (place >= k - m), now, far)
        ending = xp.take_along_axis(now, first_lengths[:, None], axis=1)[:, 0]
        result = xp.where(ends == k, ending, result)
        before, last = last, now
    return result


def edit_distance(hypothesis, truth, normalize=True, name="edit_distance"):
    """Computes the Levenshtein distance between sequences.

    Args:
        hypothesis: SparseTensor of rank 2 or more; its last axis holds the sequences.
        truth: SparseTensor of that rank and dtype.
        normalize: whether the distance is divided by the length of the truth.
        name: name of the node.

    Returns:
        A float32 tensor of the sparse tensors' shape without the last axis. A normalized distance
        to an empty truth is infinite, or 0 when the hypothesis is empty too.

    Raises:
        TypeError: an argument is no SparseTensor.
        ValueError: the ranks differ.

    Example:
        >>> import flowgraph as fg
        >>> word = fg.SparseTensor([[0, 0], [0, 1], [0, 2]], ["c", "a", "t"], [1, 3])
        >>> other = fg.SparseTensor([[0, 0], [0, 1]], ["a", "t"], [1, 2])
        >>> fg.Session().run(fg.edit_distance(word, other, normalize=False))
        array([1.], dtype=float32)
    """
    hypothesis, truth = as_sparse(hypothesis), as_sparse(truth)
    return EditDistance.build(hypothesis.indices, hypothesis.values, hypothesis.dense_shape,
                              truth.indices, truth.values, truth.dense_shape,
                              normalize=bool(normalize), name=name)
