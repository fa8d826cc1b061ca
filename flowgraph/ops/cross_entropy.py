"""Cross entropies: the losses of classification, computed from logits so that nothing overflows.

The two fused ops give the loss and, as second output, its derivative by the logits, softmax minus
labels, which costs little more and makes the gradient one multiplication. A gradient that flows
into the *second* output is that of a second derivative; it goes through the softmax of the logits.
"""

from __future__ import annotations

import math

from flowgraph.core import dtypes as dt
from flowgraph.core import shapes
from flowgraph.core.checks import raise_if
from flowgraph.core.deprecation import OLD_ORDER, deprecated, renamed_argument
from flowgraph.core.frames import located
from flowgraph.core.spec import Spec, shape_text
from flowgraph.errors import InvalidArgumentError, ShapeError
from flowgraph.gradients.broadcast import unbroadcast
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import OpDef, op_def
from flowgraph.ops.arithmetic import add
from flowgraph.ops.cast import cast
from flowgraph.ops.compare import equal
from flowgraph.ops.constant import range as range_
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.exponential import exp, log, log1p
from flowgraph.ops.identity import stop_gradient
from flowgraph.ops.join import concat
from flowgraph.ops.logic import logical_and
from flowgraph.ops.reduce import reduce_all, reduce_sum
from flowgraph.ops.reshape import expand_dims, reshape, transpose
from flowgraph.ops.shape import rank as rank_of
from flowgraph.ops.shape import shape as shape_of
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.unary import abs as abs_

# ---- the fused ops -------------------------------------------------------------------------------


class SoftmaxCrossEntropyWithLogits(OpDef):
    """loss = -sum(labels log(softmax(features))) by row; backprop = softmax(features) - labels."""

    T = dt.FLOAT
    multiple = True

    def infer(self, features: Spec, labels: Spec):
        shape_rules.require_rank(features, 2, "logits")
        shape_rules.require_rank(labels, 2, "labels")
        shape = shape_rules.broadcast(features, labels) or (None, None)
        return Spec(features.dtype, shape[:1]), Spec(features.dtype, shape)

    def kernel(self, xp, features, labels):
        features, labels = xp.broadcast_arrays(features, labels)
        shifted, sums, backprop = _normalised(xp, features)
        # NaN for a class of label 0 and logit -inf, as in TensorFlow
        terms = labels * (xp.log(sums) - shifted)
        return xp.sum(terms, axis=1, dtype=features.dtype), backprop - labels

    def grad(self, op, dy, dy_backprop):
        features, labels = op.inputs
        dy = expand_dims(dy, -1)
        dx = dy * op.outputs[1]
        dlabels = -dy * log_softmax(features)
        if not _is_zero(dy_backprop):
            dx = dx + _through_softmax(features, dy_backprop)
            dlabels = dlabels - dy_backprop
        return unbroadcast(dx, features, labels), unbroadcast(dlabels, labels, features)


class SparseSoftmaxCrossEntropyWithLogits(OpDef):
    """As SoftmaxCrossEntropyWithLogits, with the class's number in place of a row of labels."""

    dtypes = {"features": "T", "labels": "Tlabels"}
    T = dt.FLOAT
    Tlabels = dt.INDEX
    multiple = True
    checks_data = True

    def infer(self, features: Spec, labels: Spec):
        shape_rules.require_rank(features, 2, "logits")
        shape_rules.require_rank(labels, 1, "labels")
        rows = None if labels.shape is None else labels.shape[0]
        shape = features.shape or (None, None)
        if not shapes.compatible(shape[:1], (rows,)):
            raise ShapeError(f"cannot compare {rows} labels with logits {shape_text(shape)}",
                             "There must be one label for each row of the logits.")
        rows = rows if shape[0] is None else shape[0]
        return Spec(features.dtype, (rows,)), Spec(features.dtype, (rows, shape[1]))

    def check(self, xp, features, labels):
        check_labels(xp, features.shape, labels)

    def kernel(self, xp, features, labels):
        self.check(xp, features, labels)
        shifted, sums, backprop = _normalised(xp, xp.ascontiguousarray(features))
        # The label's place in each row, on flat views: quicker than a pair of indices.
        at = xp.arange(0, features.size, features.shape[1] or 1) + labels
        loss = xp.log(sums[:, 0])
        loss -= shifted.reshape(-1).take(at)
        flat = backprop.reshape(-1)
        flat[at] -= 1
        return loss, backprop

    def grad(self, op, dy, dy_backprop):
        features = op.inputs[0]
        dx = expand_dims(dy, -1) * op.outputs[1]
        if not _is_zero(dy_backprop):
            dx = dx + _through_softmax(features, dy_backprop)
        return dx, None


def _normalised(xp, features):
    """Logits shifted to a largest of 0, the sums of their exponentials by row, and the softmax."""
    if features.size == 0:
        shifted = xp.zeros_like(features)
    else:
        shifted = features - features.max(axis=1, keepdims=True)
    exponentials = xp.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    return shifted, sums, xp.divide(exponentials, sums, out=exponentials)


def check_labels(xp, shape, labels):
    """Raises InvalidArgumentError unless there is one class for each row.

    Args:
        shape: of the logits.
        labels: the numbers of the classes.
    """
    rows, classes = shape
    if labels.shape != (rows,):
        raise InvalidArgumentError(
            None, None, "logits and labels must have the same first dimension, got logits shape "
                        f"{list(shape)} and labels shape {list(labels.shape)}")
    if rows:
        raise_if(xp, labels.view(f"u{labels.itemsize}").max() >= classes,  # -1 is very large
                 lambda: _wrong_label(labels, classes))


def _wrong_label(labels, classes):
    wrong = int(labels[(labels < 0) | (labels >= classes)][0])
    return InvalidArgumentError(None, None, f"Received a label value of {wrong} which is outside "
                                f"the valid range of [0, {classes}).")


def _is_zero(dy):
    """Whether this gradient stands for "none": the walk fills it in with zeros."""
    return dy.op.type in ("ZerosLike", "Zeros")


def _through_softmax(features, dy):
    """The gradient of softmax(features), which the second output holds."""
    y = softmax(features)
    return (dy - reduce_sum(dy * y, -1, keepdims=True)) * y


# ---- softmax cross entropies ---------------------------------------------------------------------


def softmax_cross_entropy_with_logits(_sentinel=None, labels=None, logits=None, dim=-1, name=None,
                                      axis=None):
    """Softmax cross entropy between logits and label distributions; labels are constants to it.

    Args:
        _sentinel: not to be given: call it with `labels=` and `logits=`.
        labels: tensor of the logits' shape, each row a distribution.
        logits: tensor of a floating dtype, unnormalised log-probabilities.
        dim: older name of `axis`.
        name: name of the scope.
        axis: the axis of the classes; default the last one.

    Returns:
        The loss of each example: a tensor of the logits' shape without the axis of the classes.

    Raises:
        ValueError: called without names, or the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.softmax_cross_entropy_with_logits(
        ...     labels=[[1.0, 0.0]], logits=[[0.0, 0.0]]))
        array([0.6931472], dtype=float32)
    """
    deprecated("Use `tf.nn.softmax_cross_entropy_with_logits_v2`. Gradients flow into its labels "
               "too: give it `tf.stop_gradient(labels)` where they must not.")
    _only_by_name("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    axis = dim if axis is None else axis
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = stop_gradient(convert_to_tensor(labels, name="labels"),
                               name="labels_stop_gradient")
        return softmax_cross_entropy_with_logits_v2(labels, logits, axis, scope)


def softmax_cross_entropy_with_logits_v2(labels, logits, axis=None, name=None, dim=None):
    """Softmax cross entropy between logits and label distributions; gradients go into both.

    Args:
        labels: tensor of the logits' shape, each row a distribution; the outer axes may also be
            cut in another way, as in `[rows]`: row goes to row.
        logits: tensor of a floating dtype, unnormalised log-probabilities.
        axis: the axis of the classes; default the last one.
        name: name of the scope.
        dim: older name of `axis`.

    Returns:
        The loss of each example: a tensor of the logits' shape without the axis of the classes.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.softmax_cross_entropy_with_logits_v2(
        ...     labels=[[0.5, 0.5]], logits=[[0.0, 0.0]]))
        array([0.6931472], dtype=float32)
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    axis = -1 if axis is None else axis
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        given = logits.dtype.base_dtype
        exact = cast(logits, dt.float32) if given is dt.float16 else logits
        labels = cast(convert_to_tensor(labels, name="labels"), exact.dtype.base_dtype)
        shape = logits.spec.shape
        for which, tensor in (("logits", logits), ("labels", labels)):
            if tensor.spec.rank == 0:
                raise _shape_error(f"{which} cannot be a scalar.")
        if shape is None or axis not in (-1, len(shape) - 1):
            exact, labels = _axis_last(exact, axis), _axis_last(labels, axis)
        if exact.spec.rank == labels.spec.rank == 2:  # TensorFlow reshapes here too, in vain
            cost = SoftmaxCrossEntropyWithLogits.build(exact, labels, name=scope)[0]
        else:
            sizes = shape_of(exact)
            cost = SoftmaxCrossEntropyWithLogits.build(_as_matrix(exact), _as_matrix(labels),
                                                       name=scope)[0]
            cost = reshape(cost, sizes[:-1])
        if shape is not None:
            sizes = list(shape)
            del sizes[axis]
            cost.set_shape(sizes)
        return cast(cost, given) if given is dt.float16 else cost


def sparse_softmax_cross_entropy_with_logits(_sentinel=None, labels=None, logits=None, name=None):
    """Softmax cross entropy between logits and class numbers.

    Args:
        _sentinel: not to be given: call it with `labels=` and `logits=`.
        labels: int32 or int64 tensor of class numbers, of the logits' shape without the last axis.
        logits: tensor of a floating dtype, unnormalised log-probabilities, classes last.
        name: name of the scope.

    Returns:
        The loss of each example: a tensor of the labels' shape and the logits' dtype.

    Raises:
        ValueError: called without names, or the shapes do not go together.
        InvalidArgumentError: when run, with a label that is no class.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.sparse_softmax_cross_entropy_with_logits(
        ...     labels=[1], logits=[[0.0, 0.0]]))
        array([0.6931472], dtype=float32)
    """
    _only_by_name("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    op_class = SparseSoftmaxCrossEntropyWithLogits
    with name_scope(name, op_class.type, [labels, logits]):
        labels, logits = convert_to_tensor(labels), convert_to_tensor(logits)
        given = logits.dtype.base_dtype
        exact = cast(logits, dt.float32) if given is dt.float16 else logits
        static = _check_sparse(labels.spec.shape, logits.spec.shape)
        name = name or op_class.type
        if logits.spec.rank == 2:
            cost = op_class.build(exact, labels, name=name)[0]
        else:
            checks = [] if static else [_same_outer_shape(labels, logits)]
            with control_dependencies(checks):
                classes = shape_of(logits)[rank_of(logits) - 1]
                rows = reshape(exact, [-1, classes])
                cost = op_class.build(rows, reshape(labels, [-1]), name=name)[0]
                cost = reshape(cost, shape_of(labels))
            cost.set_shape(labels.shape)
        return cast(cost, given) if given is dt.float16 else cost


def _check_sparse(labels, logits):
    """Checks the static shapes; returns whether they tell everything."""
    if logits is not None and not logits:
        raise _shape_error("Logits cannot be scalars - received shape ().")
    if labels is not None and logits is not None and len(labels) != len(logits) - 1:
        advice = ""
        if len(labels) == len(logits):
            advice = ("Labels are the numbers of classes. For rows of probabilities, as "
                      "tf.one_hot makes them, use softmax_cross_entropy_with_logits.")
        elif len(labels) == len(logits) + 1:
            advice = "Are the two swapped? tf.losses takes the labels first, then the logits."
        raise _shape_error(f"Rank mismatch: Rank of labels (received {len(labels)}) should equal "
                           f"rank of logits minus 1 (received {len(logits)}).", advice)
    static = (labels is not None and logits is not None and None not in labels
              and None not in logits[:-1])
    if static and labels != logits[:-1]:
        raise _shape_error(f"Shape mismatch: The shape of labels (received {shape_text(labels)}) "
                           "should equal the shape of logits except for the last dimension "
                           f"(received {shape_text(logits)}).")
    return static


def _same_outer_shape(labels, logits):
    found, wanted = shape_of(labels), shape_of(logits)[:-1]
    return op_def("Assert").build(
        reduce_all(equal(found, wanted)),
        ["the shape of labels must be that of logits without its last size:", found, wanted],
        name="assert_equal")


def _only_by_name(function, sentinel, labels, logits):
    if sentinel is not None:
        raise ValueError(located(f"Only call `{function}` with named arguments (labels=..., "
                                 "logits=..., ...)", "Before TensorFlow 1.0 the logits "
                                 f"came first. {OLD_ORDER}"))
    if labels is None or logits is None:
        raise ValueError(located("Both labels and logits must be provided."))


def _axis_last(tensor, axis):
    """`tensor` with `axis` moved to the end."""
    rank = tensor.spec.rank
    if rank is not None:
        return transpose(tensor, [i for i in range(rank) if i != axis % rank] + [axis % rank])
    if axis == -1:
        return tensor
    rank = rank_of(tensor)
    axis = axis if axis >= 0 else axis + rank
    return transpose(tensor, concat([range_(axis), range_(axis + 1, rank), [axis]], 0))


def _as_matrix(tensor):
    """All axes but the last made one."""
    shape = tensor.spec.shape
    if shape is not None and None not in shape:
        return reshape(tensor, [math.prod(shape[:-1]), shape[-1]])
    last = shape[-1] if shape is not None and shape[-1] is not None else shape_of(tensor)[-1]
    return reshape(tensor, [-1, last])


# ---- losses of independent classes and of counts -------------------------------------------------


def sigmoid_cross_entropy_with_logits(_sentinel=None, labels=None, logits=None, name=None):
    """Cross entropy of independent yes-or-no classes: `max(x, 0) - x z + log(1 + exp(-|x|))`.

    Args:
        _sentinel: not to be given: call it with `labels=` and `logits=`.
        labels: tensor z of the logits' shape and dtype, probabilities.
        logits: tensor x of a floating dtype.
        name: name of the scope and of the last node.

    Returns:
        A tensor of the logits' shape and dtype.

    Raises:
        ValueError: called without names, or the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.sigmoid_cross_entropy_with_logits(labels=[1.0], logits=[0.0]))
        array([0.6931472], dtype=float32)
    """
    _only_by_name("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shape("logits", logits, "labels", labels)
        zeros = zeros_like(logits)
        positive = logits >= zeros
        larger = _where(positive, logits, zeros)
        minus_size = _where(positive, -logits, logits)
        return add(larger - logits * labels, log1p(exp(minus_size)), name=scope)


def weighted_cross_entropy_with_logits(labels=None, logits=None, pos_weight=None, name=None,
                                       targets=None):
    """Sigmoid cross entropy in which the positive labels weigh `pos_weight`.

    Args:
        labels: tensor of the logits' shape and dtype, probabilities.
        logits: tensor of a floating dtype.
        pos_weight: number or tensor that broadcasts: weight of the positive labels.
        name: name of the scope and of the last node.
        targets: older name of `labels`.

    Returns:
        A tensor of the logits' shape and dtype.

    Raises:
        ValueError: the shapes differ, or both `labels` and `targets` are given.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.weighted_cross_entropy_with_logits([1.0], [0.0], 2.0))
        array([1.3862944], dtype=float32)
    """
    labels = renamed_argument("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shape("logits", logits, "labels", labels)
        weight = 1 + (pos_weight - 1) * labels
        soft = log1p(exp(-abs_(logits))) + op_def("Relu").build(-logits)
        return add((1 - labels) * logits, weight * soft, name=scope)


def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None):
    """Poisson loss of counts: `exp(c) - z c`, with Stirling's term when asked for.

    Args:
        targets: tensor z of a floating dtype, the counts.
        log_input: tensor c of the same shape and dtype, the logarithm of the prediction.
        compute_full_loss: whether to add `z log z - z + log(2 pi z) / 2` where z > 1.
        name: name of the scope.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import flowgraph as fg
        >>> fg.Session().run(fg.nn.log_poisson_loss([2.0], [0.0]))
        array([1.], dtype=float32)
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        _same_shape("log_input", log_input, "targets", targets)
        loss = exp(log_input) - log_input * targets
        if not compute_full_loss:
            return loss
        stirling = targets * log(targets) - targets + 0.5 * log(2.0 * math.pi * targets)
        small = logical_and(targets >= 0.0, targets <= 1.0)
        return loss + _where(small, zeros_like(targets), stirling)


def _where(condition, x, y):
    return op_def("Select").build(condition, x, y)


def _same_shape(first_name, first, second_name, second):
    if not shapes.compatible(first.spec.shape, second.spec.shape):
        raise _shape_error(f"{first_name} and {second_name} must have the same shape "
                           f"({shape_text(first.spec.shape)} vs {shape_text(second.spec.shape)})")


def _shape_error(text, advice=""):
    """A ShapeError of a public function, before any node is built."""
    return ShapeError(located(text, advice, section="shape-error"))
