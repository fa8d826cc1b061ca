"""`tf.cond`, `tf.case`, `tf.switch_case`: only the function chosen in the run runs."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from functools import partial
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import frames, nest
from flowgraph.core.deprecation import renamed_argument
from flowgraph.core.frames import located
from flowgraph.errors import message
from flowgraph.graph.graph import control_dependencies, get_default_graph, name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.subgraph import SubGraph
from flowgraph.ops.branch import build_case, build_if
from flowgraph.ops.identity import identity
from flowgraph.ops.print_and_assert import assert_true


def cond(pred, true_fn=None, false_fn=None, strict=False, name=None, fn1=None, fn2=None):
    """Runs `true_fn()` or `false_fn()`, as `pred` says in each run.

    What a function builds runs only when it is chosen. What it uses from outside runs always.

    Args:
        pred: bool scalar tensor.
        true_fn, false_fn: functions without arguments; they return tensors, or nests of tensors, of
            the same structure and dtypes.
        strict: whether a list or tuple of one stays one.
        name: name scope; default "cond".
        fn1, fn2: old names of true_fn and false_fn.

    Returns:
        What the functions return, as tensors.

    Raises:
        TypeError: `pred` is a Python bool, or a function is not callable.
        ValueError: the functions return different structures or dtypes.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> y = fg.cond(x < 0.0, lambda: -x, lambda: fg.sqrt(x))
        >>> [float(fg.Session().run(y, {x: value})) for value in (-2.0, 9.0)]
        [2.0, 3.0]
    """
    true_fn = _one_of("true_fn", true_fn, "fn1", fn1)
    false_fn = _one_of("false_fn", false_fn, "fn2", fn2)
    if isinstance(pred, bool):
        raise TypeError(located("tf.cond: pred must not be a Python bool",
                                "Use Python's if for what is known when the graph is built, or "
                                "pass tf.constant(...).", "control-flow"))
    for what, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(located(f"{what} must be callable.",
                                    "Pass a function without parameters, as lambda: x + 1.0."))
    with name_scope(name, "cond", [pred]):
        pred = convert_to_tensor(pred, name="pred")
        branches = [Branch(what, function, strict) for what, function in
                    (("true_fn", true_fn), ("false_fn", false_fn))]
        _check_alike(branches)
        return branches[0].packed(build_if(pred, *(b.graph for b in branches), name="If"))


def _one_of(name: str, value: Any, old_name: str, old: Any) -> Any:
    if old is not None:
        if value is not None:
            raise TypeError(located(f"cond(): {name} and {old_name} may not be set "
                                    "simultaneously."))
        return renamed_argument(name, None, old_name, old)
    if value is None:
        raise TypeError(located(f"cond(): {name} argument required"))
    return value


class Branch:
    """One function of a cond, built: its graph, and the structure of what it returned.

    Args:
        what: how messages call the function.
        function: the user's function.
        strict: whether a list or tuple of one stays one.
    """

    def __init__(self, what: str, function: Any, strict: bool) -> None:
        self.what = what
        self.graph = SubGraph(get_default_graph())
        with self.graph.as_default():
            result = function()
            if result is None:
                raise ValueError(located(f"{what} must have a return value.",
                                         "Return a tensor, or a list of tensors."))
            if not strict and isinstance(result, (list, tuple)) and len(result) == 1:
                result = result[0]
            done = what != "false_fn"  # what tf.cond gives for an operation is the predicate
            self.structure = nest.map_structure(partial(_as_result, done), result)
            self.graph.outputs = [self.graph.adopt(tensor) for tensor in
                                  nest.flatten(self.structure, expand_composites=True)]

    def packed(self, tensors: Any) -> Any:
        """Other tensors in the structure of what the function returned."""
        merged = [identity(tensor, name="Merge") for tensor in
                  (tensors if isinstance(tensors, list) else [])]
        return nest.pack_sequence_as(self.structure, merged, expand_composites=True)


def _as_result(done: bool, value: Any) -> Any:
    """What a branch returns as a tensor: an operation stands for `done`, once it has run."""
    if isinstance(value, Operation):
        with control_dependencies([value]):
            return convert_to_tensor(done)
    if nest.is_composite(value):
        return value
    tensor = convert_to_tensor(value)
    return identity(tensor) if tensor.dtype._is_ref_dtype else tensor


def _check_alike(branches: list[Branch]) -> None:
    first = branches[0]
    for other in branches[1:]:
        try:
            nest.check_same(first.structure, other.structure, expand=True)
        except (TypeError, ValueError) as error:
            raise ValueError(located(f"{first.what} and {other.what} must return the same "
                                     f"structure: {error}",
                                     "Let both functions return the same number of tensors, in the "
                                     "same nesting.", "control-flow")) from None
        for a, b in zip(first.graph.outputs, other.graph.outputs, strict=True):
            if a.dtype.base_dtype is not b.dtype.base_dtype:
                raise ValueError(message(
                    f"{first.what} and {other.what} ({frames.user_frame()}) must return the same "
                    f"dtypes", [(first.what, repr(a.name), a.dtype.base_dtype.name,
                                 str(a.op.frame)),
                                (other.what, repr(b.name), b.dtype.base_dtype.name,
                                 str(b.op.frame))],
                    f"Write tf.cast(..., tf.{a.dtype.base_dtype.name}) in {other.what}.",
                    "control-flow"))


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """Runs the function with the number `branch_index`.

    Args:
        branch_index: int32 scalar tensor.
        branch_fns: functions without arguments, as a list, a list of (int, function) pairs, or a
            dict from ints to functions; the ints are 0, 1, ... without gaps.
        default: function for any other number; default the last of `branch_fns`.
        name: name scope.

    Returns:
        What the functions return, as tensors.

    Raises:
        TypeError: `branch_fns` is something else.
        ValueError: the numbers have gaps, or the functions return different structures or dtypes.

    Example:
        >>> import flowgraph as fg
        >>> i = fg.placeholder(fg.int32, [])
        >>> y = fg.switch_case(i, [lambda: 10, lambda: 20], default=lambda: -1)
        >>> [int(fg.Session().run(y, {i: number})) for number in (0, 1, 7)]
        [10, 20, -1]
    """
    functions = _numbered(branch_fns)
    if default is not None:
        if not callable(default):
            raise TypeError(located("default must be callable.",
                                    "Pass a function without parameters, as lambda: x + 1.0."))
        functions = [*functions, default]
    with name_scope(name, "switch_case", [branch_index]):
        index = convert_to_tensor(branch_index, dt.int32, name="branch_index")
        branches = [Branch(f"function {i}", function, strict=False)
                    for i, function in enumerate(functions)]
        _check_alike(branches)
        return branches[0].packed(build_case(index, [b.graph for b in branches], name="Case"))


def _numbered(branch_fns: Any) -> list[Any]:
    if not branch_fns:
        raise ValueError(located("Must provide at least one item in branch_fns"))
    if not isinstance(branch_fns, (list, tuple, dict)):
        raise TypeError(located("branch_fns must be a list, tuple, or dict, got "
                                f"{branch_fns!r:.100}"))
    items = list(branch_fns.items()) if isinstance(branch_fns, dict) else list(branch_fns)
    if all(callable(item) for item in items):
        items = list(enumerate(items))
    for item in items:
        if not (isinstance(item, tuple) and len(item) == 2 and callable(item[1])
                and isinstance(item[0], int)):
            raise TypeError(located("each entry of branch_fns must be a callable, or a pair of an "
                                    f"int and a callable, got {item!r:.100}"))
    if sorted(number for number, _ in items) != list(range(len(items))):
        raise ValueError(located("branch indices must form contiguous range of [0 to "
                                 f"{len(items)}) but found "
                                 f"{{{', '.join(str(n) for n, _ in items)}}}"))
    return [function for _, function in sorted(items, key=lambda item: item[0])]


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """Runs the function of the first predicate that is true.

    Args:
        pred_fn_pairs: list of (bool scalar tensor, function) pairs, or a dict of them.
        default: function to run when no predicate is true; without one that is an error in the run.
        exclusive: whether the run checks that at most one predicate is true.
        strict: whether a list or tuple of one stays one.
        name: name scope.

    Returns:
        What the functions return, as tensors.

    Raises:
        TypeError: the pairs are something else, or a function is not callable.
        ValueError: the functions return different structures or dtypes.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> y = fg.case([(x < 0.0, lambda: -1), (x > 0.0, lambda: 1)], default=lambda: 0)
        >>> [int(fg.Session().run(y, {x: value})) for value in (-5.0, 0.0, 5.0)]
        [-1, 0, 1]
    """
    pairs = _checked_pairs(pred_fn_pairs, exclusive)
    if default is not None and not callable(default):
        raise TypeError(located("default must be callable.",
                                "Pass a function without parameters, as lambda: x + 1.0."))
    with name_scope(name, "case", [pred for pred, _ in pairs]):
        preds = [convert_to_tensor(pred, dt.bool_) for pred, _ in pairs]
        checks = [_at_most_one(preds)] if exclusive and len(preds) > 1 else []
        if default is None:
            *pairs, (last, default) = list(zip(preds, (f for _, f in pairs), strict=True))
            default = _if_any(last, preds, default)
        else:
            pairs = list(zip(preds, (f for _, f in pairs), strict=True))
        with control_dependencies(checks):
            return _nested(pairs, default, strict)


def _checked_pairs(pred_fn_pairs: Any, exclusive: bool) -> list[Any]:
    if isinstance(pred_fn_pairs, Mapping):
        if not isinstance(pred_fn_pairs, collections.OrderedDict) and not exclusive:
            pairs = sorted(pred_fn_pairs.items(), key=lambda pair: pair[0].name)
        else:
            pairs = list(pred_fn_pairs.items())
    elif isinstance(pred_fn_pairs, (list, tuple)):
        pairs = list(pred_fn_pairs)
    else:
        raise TypeError(located("pred_fn_pairs must be a list, tuple, or dict"))
    if not pairs:
        raise ValueError(located("pred_fn_pairs must not be empty"))
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(located("Each entry in pred_fn_pairs must be a 2-tuple"))
        pred, function = pair
        if not isinstance(pred, Tensor) or pred.dtype.base_dtype is not dt.bool_:
            raise TypeError(located(f"pred must be of type bool: {pred!r:.100}",
                                    "Compare, as x > 0.0."))
        if not callable(function):
            raise TypeError(located(f"fn for pred {pred.name} must be callable.",
                                    "Pass a function without parameters, as lambda: x + 1.0."))
    return pairs


def _nested(pairs: list[Any], default: Any, strict: bool) -> Any:
    for pred, function in reversed(pairs):
        default = partial(cond, pred, function, default, strict=strict)
    return default()


def _at_most_one(preds: list[Tensor]) -> Operation:
    from flowgraph.ops.cast import cast
    from flowgraph.ops.compare import less
    from flowgraph.ops.join import stack
    from flowgraph.ops.reduce import reduce_sum
    together = stack(preds, name="preds_c")
    return assert_true(less(reduce_sum(cast(together, dt.int32)), 2),
                       ["Input error: exclusive=True: more than 1 conditions ("
                        f"{', '.join(p.name for p in preds)}) evaluated as True:", together],
                       summarize=len(preds), name="AreAtMostOnePredTrue")


def _if_any(last: Tensor, preds: list[Tensor], function: Any) -> Any:
    """`function`, after a check that its predicate is true: the ones before it were not."""
    def checked() -> Any:
        check = assert_true(last, ["None of the conditions evaluated as True. Conditions: "
                                   f"({', '.join(p.name for p in preds)}), Values:", *preds],
                            summarize=len(preds), name="AssertNoneTrue")
        with control_dependencies([check]):
            return nest.map_structure(
                lambda value: identity(convert_to_tensor(value)), function())
    return checked


