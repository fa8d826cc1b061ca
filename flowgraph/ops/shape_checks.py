"""Assertions about ranks and shapes: checked while the graph is built where it tells, else run."""

from __future__ import annotations

import operator

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.core.spec import shape_text
from flowgraph.errors import DTypeError, ShapeError
from flowgraph.graph.graph import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.compare import equal, greater_equal
from flowgraph.ops.identity import group, identity, no_op
from flowgraph.ops.join import concat
from flowgraph.ops.logic import LogicalOr
from flowgraph.ops.print_and_assert import assert_true
from flowgraph.ops.shape import rank as rank_of
from flowgraph.ops.shape import shape


def assert_rank(x, rank, data=None, summarize=None, message=None, name=None):
    """Asserts that a tensor has a rank.

    Args:
        x: tensor.
        rank: int, or scalar int32 tensor.
        data: list of tensors to show in the error.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs, or does nothing where the graph told already.

    Raises:
        ValueError: at once, if the rank is known and another.
        InvalidArgumentError: when run, if the rank is another.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_rank(fg.zeros([2, 3]), 2).type
        'NoOp'
    """
    return _check_rank("assert_rank", "rank", operator.eq, equal, x, rank, data, summarize,
                       message, name)


def assert_rank_at_least(x, rank, data=None, summarize=None, message=None, name=None):
    """Asserts that a tensor has a rank or a larger one.

    Args:
        x: tensor.
        rank: int, or scalar int32 tensor.
        data: list of tensors to show in the error.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs, or does nothing where the graph told already.

    Raises:
        ValueError: at once, if the rank is known and smaller.
        InvalidArgumentError: when run, if the rank is smaller.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_rank_at_least(fg.zeros([2, 3]), 1).type
        'NoOp'
    """
    return _check_rank("assert_rank_at_least", "rank at least", operator.ge, greater_equal, x, rank,
                       data, summarize, message, name)


def _check_rank(default_name, claim, holds, compare, x, rank, data, summarize, message, name):
    with name_scope(name, default_name, [x, rank, *(data or [])]):
        x = convert_to_tensor(x, name="x")
        rank, known = _rank(rank)
        message = message or ""
        if data is None:
            data = [message, f"Tensor {x.name} must have {claim}", rank, "Received shape: ",
                    shape(x)]
        if known is not None and x.spec.rank is not None:
            if not holds(x.spec.rank, known):
                raise ShapeError(located(f"{message}.  Tensor {x.name} must have {claim} {known}.  "
                                         f"Received rank {x.spec.rank}, shape "
                                         f"{shape_text(x.spec.shape)}", section="shape-error"))
            return no_op("static_checks_determined_all_ok")
        condition = _after_scalar_check(compare(rank_of(x), rank), [(rank, known)])
        return assert_true(condition, data, summarize=summarize)


def assert_rank_in(x, ranks, data=None, summarize=None, message=None, name=None):
    """Asserts that a tensor has one of several ranks.

    Args:
        x: tensor.
        ranks: list of ints or scalar int32 tensors.
        data: list of tensors to show in the error.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs, or does nothing where the graph told already.

    Raises:
        ValueError: at once, if the rank is known and none of them.
        InvalidArgumentError: when run, if the rank is none of them.

    Example:
        >>> import flowgraph as fg
        >>> fg.assert_rank_in(fg.zeros([2, 3]), [1, 2]).type
        'NoOp'
    """
    with name_scope(name, "assert_rank_in", [x, *ranks, *(data or [])]):
        x = convert_to_tensor(x, name="x")
        pairs = [_rank(rank) for rank in ranks]
        message = message or ""
        if data is None:
            data = [message, f"Tensor {x.name} must have rank in", *(rank for rank, _ in pairs),
                    "Received shape: ", shape(x)]
        known = tuple(value for _, value in pairs)
        if None not in known and x.spec.rank is not None:
            if x.spec.rank not in known:
                raise ShapeError(located(f"{message}.  Tensor {x.name} must have rank in {known}.  "
                                         f"Received rank {x.spec.rank}, shape "
                                         f"{shape_text(x.spec.shape)}", section="shape-error"))
            return no_op("static_checks_determined_all_ok")
        actual, condition = rank_of(x), convert_to_tensor(False)
        for rank, _ in pairs:
            condition = LogicalOr.build(condition, equal(actual, rank))
        condition = _after_scalar_check(condition, pairs)
        return assert_true(condition, data, summarize=summarize)


def _rank(rank):
    """A rank as a tensor, and as an int when the graph tells."""
    rank = convert_to_tensor(rank, name="rank")
    if rank.dtype.base_dtype is not dt.int32:
        raise DTypeError(located(f"  {rank.name} must be of type tf.int32, is "
                                 f"{rank.dtype.base_dtype!r}", section="dtype-error"))
    known = known_value(rank)
    if isinstance(known, tuple):
        raise ValueError(located("Rank must be a scalar."))
    return rank, known


def _after_scalar_check(condition, pairs):
    """`condition`, after a check that ranks which only the run knows are scalars."""
    checks = [assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
              for rank, known in pairs if known is None]
    with control_dependencies(checks):
        return identity(condition) if checks else condition


# ---- whole shapes --------------------------------------------------------------------------------


def assert_shapes(shapes, data=None, summarize=None, message=None, name=None):
    """Asserts that tensors have shapes whose sizes are given as numbers or by letters.

    Args:
        shapes: dict from tensor to shape, or list of pairs of them. A shape is a list of ints;
            names, that stand for one size wherever they are; and None or ".", any size. It may
            start with "*" or `...` for any number of axes.
        data: list of tensors to show in the error.
        summarize: how many elements of each tensor to show; default 3.
        message: text to show first.
        name: name of the scope.

    Returns:
        The Operation that checks when it runs what the graph does not tell.

    Raises:
        ValueError: at once, if the static shapes break the claim.
        InvalidArgumentError: when run, if the shapes break it.

    Example:
        >>> import flowgraph as fg
        >>> x, y = fg.placeholder(fg.float32, [None, 3]), fg.placeholder(fg.float32, [None])
        >>> check = fg.debugging.assert_shapes([(x, ("rows", 3)), (y, ("rows",))])
        >>> fg.Session().run(check, {x: [[1, 2, 3]], y: [1]})
    """
    pairs = list(shapes.items()) if isinstance(shapes, dict) else list(shapes)
    message = message or ""
    with name_scope(name, "assert_shapes", [data]):
        claims = [_claim(convert_to_tensor(x), sizes, message)
                  for x, sizes in pairs if sizes is not None]
        options = {"data": data, "summarize": summarize, "message": message, "name": name}
        ranks = [check for claim in claims for check in _rank_checks(*claim, options)]
        found: dict = {}  # name of a size -> (size, the tensor and the axis that told it)
        checks = []
        for x, sizes, open_front in claims:
            for i, size in enumerate(sizes):
                if size is None or size == ".":
                    continue
                axis = i - len(sizes) if open_front else i
                actual = _size(x, axis)
                if isinstance(size, (int, np.integer)):
                    wanted, source = int(size), "Specified explicitly"
                elif size in found:
                    wanted, other, at = found[size]
                    source = f"Specified by tensor {other.name} dimension {at}"
                else:
                    found[size] = actual, x, axis
                    continue
                check = _size_check(x, axis, actual, wanted, source, message, data, summarize)
                checks += [] if check is None else [check]
        with control_dependencies(ranks):
            return group(*checks)


def _claim(x, sizes, message):
    """(tensor, its claimed sizes, whether any number of axes may stand before them)."""
    if not hasattr(sizes, "__iter__"):
        raise ValueError(located(f"{message}.  Tensor {x.name}.  Specified shape must be an "
                                 f"iterable, got {sizes!r}"))
    sizes = tuple(sizes)
    for i, size in enumerate(sizes):
        if (size is Ellipsis or size == "*") and i:
            raise ValueError(located(f"{message}.  Tensor {x.name} specified shape index {i}.  "
                                     "Symbol `...` or `*` is only allowed as the first entry"))
    open_front = bool(sizes) and (sizes[0] is Ellipsis or sizes[0] == "*")
    # a scalar counts as a vector of one element
    return x, (sizes[1:] if open_front else sizes) or (1,), open_front


def _rank_checks(x, sizes, open_front, options):
    if open_front:
        return [] if len(sizes) < 2 else [assert_rank_at_least(x, len(sizes), **options)]
    if len(sizes) < 2:
        return [assert_rank_in(x, [0, 1], **options)]
    return [assert_rank(x, len(sizes), **options)]


def _size(x, axis):
    """The size of an axis, an int when the graph tells; that of a scalar is 1."""
    sizes = x.spec.shape
    if sizes is not None:
        size = sizes[axis] if sizes else 1
        return shape(x)[axis] if size is None else size
    one = np.array([1], np.int32)
    return concat([shape(x), one] if axis >= 0 else [one, shape(x)], 0)[axis]


def _size_check(x, axis, actual, wanted, source, message, data, summarize):
    """The op that checks one size; None when the graph tells that it is right."""
    if not isinstance(actual, Tensor) and not isinstance(wanted, Tensor):
        if actual != wanted:
            raise ShapeError(located(f"{message}.  {source}.  Tensor {x.name} dimension {axis} "
                                     f"must have size {wanted}.  Received size {actual}, shape "
                                     f"{shape_text(x.spec.shape)}", section="shape-error"))
        return None
    if data is None:
        data = [message, source, f"Tensor {x.name} dimension", axis, "must have size", wanted,
                "Received shape: ", shape(x)]
    return assert_true(equal(actual, wanted), data, summarize=summarize)
