"""Connectionist temporal classification: the loss of label sequences without an alignment.

A network says at each of T time steps which of K classes it sees; the last class means "blank". The
labels [a, b] stand for every path of T classes that becomes [a, b] when runs of one class are
merged and blanks dropped: `aab`, `a_b`, `_ab`, ... The loss is -log of the summed probability of
all these paths. It is computed by a walk over the states `_ a _ b _`:

    state   _ -> a -> _ -> b -> _        stay, go on by one, or skip a blank between two labels
    alpha[t, s]   log probability of the beginnings of paths that are in state s at time t
    beta[t, s]    ... of their ends, given that state
    alpha + beta  of all paths through (t, s); summed by class, this gives the gradient at once

One Python loop over time; batch and states are array axes. A log of 0 is a large negative number
here, so that no infinities meet.
"""

from __future__ import annotations

import operator

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.arithmetic import maximum
from flowgraph.ops.cast import cast
from flowgraph.ops.constant import Fill, constant
from flowgraph.ops.gather import gather_nd
from flowgraph.ops.identity import PreventGradient
from flowgraph.ops.join import concat, stack
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.reshape import expand_dims, transpose
from flowgraph.ops.select import sequence_mask, where, where_v2
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.sparse_tensor import SparseTensor

_LOG_ZERO = -1e30
_FLOAT = dt.DTypeSet("float32 or float64", (dt.float32, dt.float64))
_INT32 = dt.DTypeSet("int32", (dt.int32,))
_INT64 = dt.DTypeSet("int64", (dt.int64,))
_TINY = 1e-30  # step along the imaginary axis; nothing is subtracted, so it can be this small


class CTCLoss(OpDef):
    """The CTC loss of each row of the batch, and its derivative by the logits."""

    dtypes = {"labels_indices": _INT64, "labels_values": _INT32, "sequence_length": _INT32}
    T = _FLOAT
    multiple = True
    waits_for_gpu = "the lengths of the labels shape what is computed"

    def infer(self, inputs, labels_indices, labels_values, sequence_length, *,
              preprocess_collapse_repeated=False, ctc_merge_repeated=True,
              ignore_longer_outputs_than_inputs=False):
        shape_rules.require_rank(labels_indices, 2, "labels_indices")
        shape_rules.require_rank(labels_values, 1, "labels_values")
        if not shapes.compatible((labels_indices.shape or (None,))[:1], labels_values.shape):
            raise ShapeError(f"got {labels_indices.shape[0]} rows of labels_indices and "
                             f"{labels_values.shape[0]} labels_values")
        steps, batch, classes = checked_shape(inputs, sequence_length)
        return Spec(inputs.dtype, (batch,)), Spec(inputs.dtype, (steps, batch, classes))

    def kernel(self, xp, inputs, labels_indices, labels_values, sequence_length, *,
               preprocess_collapse_repeated=False, ctc_merge_repeated=True,
               ignore_longer_outputs_than_inputs=False):
        loss, gradient = _loss_and_gradient(
            xp, inputs.astype("float64"), labels_indices, labels_values, sequence_length,
            preprocess_collapse_repeated, ctc_merge_repeated, ignore_longer_outputs_than_inputs)
        return loss.astype(inputs.dtype), gradient.astype(inputs.dtype)

    def grad(self, op, dy, dy_gradient):
        dx = expand_dims(expand_dims(dy, 0), -1) * op.outputs[1]
        if dy_gradient.op.type != "ZerosLike":  # a second derivative is asked for
            dx = dx + PreventGradient.build(
                CTCLossGradGrad.build(*op.inputs, dy_gradient, **op.attrs),
                message="The third derivative of ctc_loss is not offered.")
        return dx, None, None, None


class CTCLossGradGrad(OpDef):
    """The second derivative of the CTC loss, times a direction of the logits."""

    dtypes = CTCLoss.dtypes
    T = _FLOAT
    grad = NotDifferentiable
    waits_for_gpu = "the lengths of the labels shape what is computed"

    def infer(self, inputs, labels_indices, labels_values, sequence_length, direction, *,
              preprocess_collapse_repeated=False, ctc_merge_repeated=True,
              ignore_longer_outputs_than_inputs=False):
        return Spec(inputs.dtype, shape_rules.merge("logits and direction", inputs, direction))

    def kernel(self, xp, inputs, labels_indices, labels_values, sequence_length, direction, *,
               preprocess_collapse_repeated=False, ctc_merge_repeated=True,
               ignore_longer_outputs_than_inputs=False):
        # f(x + i h v) = f(x) + i h f'(x) v: the imaginary part is the derivative, without a loss
        # of digits, because every step of the computation is analytic.
        _, gradient = _loss_and_gradient(
            xp, inputs + (1j * _TINY) * direction.astype("float64"), labels_indices, labels_values,
            sequence_length, preprocess_collapse_repeated, ctc_merge_repeated,
            ignore_longer_outputs_than_inputs)
        return (gradient.imag / _TINY).astype(inputs.dtype)


def checked_shape(inputs, sequence_length):
    """The static (steps, batch, classes) of time-major logits; raises where they do not fit."""
    shape_rules.require_rank(inputs, 3, "inputs")
    shape_rules.require_rank(sequence_length, 1, "sequence_length")
    steps, batch, classes = inputs.shape or (None, None, None)
    (rows,) = sequence_length.shape or (None,)
    if None not in (batch, rows) and batch != rows:
        raise ShapeError(f"got inputs for a batch of {batch} and {rows} sequence lengths",
                         "inputs are [max_time, batch_size, num_classes] here; for batch-major "
                         "logits pass time_major=False.")
    return steps, rows if batch is None else batch, classes


# ---- the kernel ----------------------------------------------------------------------------------


def _loss_and_gradient(xp, logits, indices, values, frames, collapse, merge, ignore_longer):
    """(loss [B], gradient [T, B, K]) of float64 logits, or of complex ones for derivatives."""
    _check(logits, indices, values, frames)
    steps, batch, classes = logits.shape
    labels, lengths, raw_lengths = _label_matrix(xp, indices, values, batch, classes, collapse)
    used = frames > 0
    if ignore_longer:
        used = used & (raw_lengths <= frames)
    elif bool((raw_lengths > frames).any()):
        row = int(xp.argmax(raw_lengths > frames))
        raise InvalidArgumentError(
            None, None, f"Not enough time for target transition sequence (required: "
            f"{int(raw_lengths[row])}, available: {int(frames[row])}) in row {row} of the batch. "
            "ignore_longer_outputs_than_inputs=True leaves such rows out.")

    states = xp.full((batch, 2 * labels.shape[1] + 1), classes - 1, "int64")  # _ a _ b _
    states[:, 1::2] = labels
    is_blank = states == classes - 1
    skip = ~is_blank  # may be reached from two states before
    if merge:
        skip[:, 2:] &= states[:, 2:] != states[:, :-2]
    skip[:, :2] = False
    stay = None if merge else is_blank

    log_probability = _log_softmax(xp, logits)
    seen = xp.take_along_axis(log_probability, states[None], axis=2)
    alpha = _forward(xp, seen, skip, stay)
    beta = _backward(xp, seen, skip, stay, lengths, frames)
    total = _log_sum(xp, alpha[0] + beta[0])  # at any time, all paths pass through some state
    possible = total.real > _LOG_ZERO / 2

    share = xp.exp(alpha + beta - xp.where(possible, total, 0)[:, None])
    rows = xp.arange(steps * batch).reshape(steps, batch, 1) * classes + states
    by_class = _sums(xp, share, rows, steps * batch * classes).reshape(logits.shape)
    gradient = xp.exp(log_probability) - by_class
    gradient[~(used & (xp.arange(steps)[:, None] < frames))] = 0
    loss = xp.where(possible, -total.real, xp.inf)
    return xp.where(used, loss, 0), gradient


def _check(logits, indices, values, frames):
    steps, batch, _ = logits.shape
    problem = ""
    if not steps or not batch:
        problem = "Max time and batch_size must not be 0"
    elif bool((frames > steps).any()) or bool((frames < 0).any()):
        problem = f"sequence_length must be in [0, {steps}], the number of time steps"
    elif indices.shape != (len(values), 2):
        problem = f"labels_indices must be [{len(values)}, 2], got {list(indices.shape)}"
    elif len(indices) and bool(((indices[:, 0] < 0) | (indices[:, 0] >= batch)).any()):
        problem = f"labels batch index must be between 0 and {batch}, the batch's size"
    elif bool((indices[1:, 0] < indices[:-1, 0]).any()) or bool(
            ((indices[1:, 0] == indices[:-1, 0]) & (indices[1:, 1] <= indices[:-1, 1])).any()):
        problem = "label SparseTensor is not valid: its indices are not sorted, or repeated"
    if problem:
        raise InvalidArgumentError(None, None, problem)


def _label_matrix(xp, indices, values, batch, classes, collapse):
    """(labels [B, L] padded with 0, their lengths [B], how many were given [B])."""
    rows = indices[:, 0]
    given = xp.bincount(rows, minlength=batch)
    if not bool((given > 0).all()):
        raise InvalidArgumentError(
            None, None, f"Labels length is zero in batch {int(xp.argmin(given))}")
    if collapse:
        new = xp.ones(len(values), bool)
        new[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
        rows, values = rows[new], values[new]
    null = values >= classes - 1
    if bool((null[:-1] & ~null[1:] & (rows[1:] == rows[:-1])).any()):
        raise InvalidArgumentError(
            None, None, f"Saw a non-null label after a null label (one >= {classes - 1}, the "
                        "number of classes less 1)")
    if bool((values < 0).any()):
        raise InvalidArgumentError(None, None, "All labels must be nonnegative integers")
    rows, values = rows[~null], values[~null]
    lengths = xp.bincount(rows, minlength=batch)
    labels = xp.zeros((batch, int(lengths.max())), "int64")
    labels[rows, xp.arange(len(rows)) - (xp.cumsum(lengths) - lengths)[rows]] = values
    return labels, lengths, given


def _forward(xp, seen, skip, stay):
    """alpha [T, B, S]."""
    alpha = xp.full(seen.shape, _LOG_ZERO, seen.dtype)
    alpha[0, :, :2] = seen[0, :, :2]
    for t in range(1, len(seen)):
        before = alpha[t - 1]
        reached = before.copy() if stay is None else xp.where(stay, before, _LOG_ZERO)
        reached[:, 1:] = _log_add(xp, reached[:, 1:], before[:, :-1])
        reached[:, 2:] = xp.where(skip[:, 2:], _log_add(xp, reached[:, 2:], before[:, :-2]),
                                  reached[:, 2:])
        alpha[t] = reached + seen[t]
    return alpha


def _backward(xp, seen, skip, stay, lengths, frames):
    """beta [T, B, S]; a row's paths end in its last label or the blank after it."""
    beta = xp.empty_like(seen)
    place = xp.arange(seen.shape[2])
    last = 2 * lengths[:, None]
    end = xp.where((place == last) | (place == last - 1), 0, _LOG_ZERO).astype(seen.dtype)
    after = end
    for t in range(len(seen) - 1, -1, -1):
        if t + 1 < len(seen):
            onward = after + seen[t + 1]
            after = onward.copy() if stay is None else xp.where(stay, onward, _LOG_ZERO)
            after[:, :-1] = _log_add(xp, after[:, :-1], onward[:, 1:])
            after[:, :-2] = xp.where(skip[:, 2:], _log_add(xp, after[:, :-2], onward[:, 2:]),
                                     after[:, :-2])
        after = xp.where((t < frames - 1)[:, None], after, end)
        beta[t] = after
    return beta


def _log_softmax(xp, logits):
    shifted = logits - xp.max(logits.real, axis=2, keepdims=True)
    result = shifted - xp.log(xp.sum(xp.exp(shifted), axis=2, keepdims=True))
    return xp.where(result.real > _LOG_ZERO, result, xp.where(xp.isnan(result), result, _LOG_ZERO))


def _log_add(xp, a, b):
    """log(e^a + e^b), analytic for complex numbers near the real axis."""
    if a.dtype.kind == "f":
        return xp.logaddexp(a, b)
    top = xp.maximum(a.real, b.real)
    return top + xp.log(xp.exp(a - top) + xp.exp(b - top))


def _log_sum(xp, x):
    top = xp.max(x.real, axis=1, keepdims=True)
    return top[:, 0] + xp.log(xp.sum(xp.exp(x - top), axis=1))


def _sums(xp, terms, places, length):
    """The terms added up by place; bincount knows real numbers only."""
    total = xp.bincount(places.reshape(-1), terms.real.reshape(-1), minlength=length)
    if terms.dtype.kind == "f":
        return total
    return total + 1j * xp.bincount(places.reshape(-1), terms.imag.reshape(-1), minlength=length)


# ---- public --------------------------------------------------------------------------------------


def ctc_loss(labels, inputs=None, sequence_length=None, preprocess_collapse_repeated=False,
             ctc_merge_repeated=True, ignore_longer_outputs_than_inputs=False, time_major=True,
             logits=None):
    """Computes the connectionist temporal classification loss of label sequences.

    The last class stands for "blank". Where TensorFlow's loss is infinite because a probability is
    below the smallest float32, this one is finite.

    Args:
        labels: int32 SparseTensor; the entries of row b are the labels of example b, in order. They
            are below `num_classes - 1`.
        inputs: logits, float tensor `[max_time, batch_size, num_classes]`.
        sequence_length: int32 vector, the number of time steps of each example.
        preprocess_collapse_repeated: whether equal labels in a row are merged first.
        ctc_merge_repeated: whether runs of one class in the network's output count as one label,
            which is the usual loss.
        ignore_longer_outputs_than_inputs: whether examples with more labels than time steps count
            0 rather than raise.
        time_major: whether the logits are `[max_time, batch_size, num_classes]`; False for
            `[batch_size, max_time, num_classes]`.
        logits: another name for `inputs`.

    Returns:
        A vector with the loss of each example, -log(probability of the labels).

    Raises:
        TypeError: `labels` is no SparseTensor.
        InvalidArgumentError: an example has no labels, or more than time steps; a label or a length
            is out of range (at run).

    Example:
        >>> import flowgraph as fg
        >>> labels = fg.SparseTensor([[0, 0], [0, 1]], [0, 1], [1, 2])
        >>> fg.Session().run(fg.nn.ctc_loss(labels, fg.zeros([3, 1, 3]), [3]))
        array([1.686399], dtype=float32)
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError(located(f"labels must be a SparseTensor, got {type(labels).__name__}; "
                                "write tf.SparseTensor(indices, values, dense_shape)"))
    if inputs is not None and logits is not None:
        raise ValueError(located("pass the logits as `inputs` or as `logits`, not both"))
    logits = convert_to_tensor(inputs if logits is None else logits)
    kind = logits.dtype.base_dtype
    if kind is dt.float16:
        logits = cast(logits, dt.float32)
    if not time_major:
        logits = transpose(logits, [1, 0, 2])
    loss = CTCLoss.build(
        logits, labels.indices, labels.values, sequence_length,
        preprocess_collapse_repeated=bool(preprocess_collapse_repeated),
        ctc_merge_repeated=bool(ctc_merge_repeated),
        ignore_longer_outputs_than_inputs=bool(ignore_longer_outputs_than_inputs))[0]
    return cast(loss, kind) if kind is dt.float16 else loss


def ctc_loss_v2(labels, logits, label_length, logit_length, logits_time_major=True, unique=None,
                blank_index=None, name=None):
    """Computes the CTC loss of dense or sparse labels, with any class as blank.

    Args:
        labels: int tensor `[batch_size, max_label_length]`, padded; or an int32 SparseTensor.
        logits: float tensor `[max_time, batch_size, num_classes]`.
        label_length: int vector, the number of labels of each example; None when the labels are
            sparse.
        logit_length: int vector, the number of time steps of each example.
        logits_time_major: whether the logits are time-major; False for
            `[batch_size, max_time, num_classes]`.
        unique: what `ctc_unique_labels` gives; accepted, not needed.
        blank_index: the class that stands for blank, negative ones from the end; default 0. Must be
            given when the labels are sparse.
        name: name scope of the new nodes.

    Returns:
        A vector with the loss of each example. Dense labels that need more time steps than there
        are give infinity.

    Raises:
        ValueError: the labels are sparse and there is no `blank_index`.

    Example:
        >>> import flowgraph as fg
        >>> loss = fg.nn.ctc_loss_v2([[1, 2]], fg.zeros([3, 1, 3]), [2], [3])
        >>> fg.Session().run(loss)
        array([1.686399], dtype=float32)
    """
    sparse = isinstance(labels, SparseTensor)
    if sparse and blank_index is None:
        raise ValueError(located("ctc_loss_v2 needs blank_index when the labels are a "
                                 "SparseTensor; -1 is what ctc_loss takes"))
    with name_scope(name, "ctc_loss_v2" if sparse else "ctc_loss_dense"):
        logits = convert_to_tensor(logits, name="logits")
        logit_length = cast(convert_to_tensor(logit_length, name="logit_length"), dt.int32)
        if not logits_time_major:
            logits = transpose(logits, [1, 0, 2])
        classes = _size(logits, 2)
        blank = operator.index(blank_index or 0)
        blank = blank + classes if blank < 0 else blank
        logits = concat([logits[:, :, :blank], logits[:, :, blank + 1:],
                         logits[:, :, blank:blank + 1]], 2)
        if sparse:
            return ctc_loss(SparseTensor(labels.indices, _without(labels.values, blank),
                                         labels.dense_shape), logits, logit_length)
        labels = cast(convert_to_tensor(labels, name="labels"), dt.int32)
        label_length = cast(convert_to_tensor(label_length, name="label_length"), dt.int32)
        loss = ctc_loss(_as_sparse(_without(labels, blank), label_length, classes - 1), logits,
                        logit_length, ignore_longer_outputs_than_inputs=True)
        infinite = cast(constant(float("inf")), loss.dtype)
        return where_v2(label_length > logit_length, infinite, loss)


def _without(labels, blank):
    """The labels as they count when the blank is moved behind all other classes."""
    return where(labels < blank, labels, labels - 1)


def _as_sparse(labels, lengths, null):
    """Dense labels as sparse ones; an example without labels gets a single null label."""
    rows = shape_of(labels)[0]
    nulls = Fill.build(stack([rows, 1]), cast(null, dt.int32))
    labels = where_v2(expand_dims(lengths > 0, -1), concat([labels, nulls], 1), nulls)
    mask = sequence_mask(maximum(lengths, 1), shape_of(labels)[1])
    indices = where(mask)
    width = maximum(reduce_max(lengths), 1)
    return SparseTensor(indices, gather_nd(labels, indices),
                        cast(stack([rows, width]), dt.int64))


def _size(tensor, axis):
    """The size of an axis, as a number where the graph tells it."""
    known = None if tensor.spec.shape is None else tensor.spec.shape[axis]
    return shape_of(tensor)[axis] if known is None else known
