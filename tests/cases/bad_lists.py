"""Wrong uses of the ops on lists of tensors, which TensorArrays and loops are made of."""

import numpy as np

import flowgraph as fg
from flowgraph.errors import InvalidArgumentError
from flowgraph.opdef.opdef import op_def
from flowgraph.testing import BadCase


def rows(count=2):
    """A list of `count` vectors of one element."""
    return op_def("TensorListFromTensor").build(fg.zeros([count, 1]))


def bad(op, what, error, words, *inputs, **attrs):
    """A row; an input that is a function is called to make it. TypeErrors and ValueErrors come
    when the graph is built."""
    return BadCase(f"{op}/{what}", lambda: op_def(op).build(
        *[part() if callable(part) else part for part in inputs], **attrs), error,
        (f"{op} '", *words), phase="build" if error in (TypeError, ValueError) else "run")


NO_LIST = ("does not take float32 for 'list'", "It takes a list of tensors")
X = np.ones(2, np.float32)

BAD = [
    bad("TensorListAddN", "no_list", TypeError, ("It takes a list of tensors",), [X]),
    bad("TensorListAddN", "nothing", ValueError, ("at least one list",), []),
    bad("TensorListConcat", "no_list", TypeError, NO_LIST, X, element_dtype=fg.float32),
    BadCase("TensorListConcat/scalars", lambda: op_def("TensorListConcat").build(
        op_def("TensorListFromTensor").build(X), element_dtype=fg.float32), InvalidArgumentError,
        ("TensorListConcat '", "scalar shape at index 0"), phase="run"),
    bad("TensorListConcatLike", "no_list", TypeError, NO_LIST, X, rows, X),
    bad("TensorListFromItem", "index", ValueError, ("an index of rank 0", "(1,)"), [0], X),
    bad("TensorListFromItems", "count", ValueError, ("2 rows for 3 indices",), [0, 1, 2], X),
    bad("TensorListFromItems", "scalar", ValueError, ("rank 1 or more, got ()",), [0], 1.0),
    bad("TensorListFromTensor", "scalar", ValueError, ("rank 1 or more, got ()",), 1.0),
    bad("TensorListGather", "outside", InvalidArgumentError, ("index 5", "size is: 2"), rows, [5],
        element_dtype=fg.float32),
    bad("TensorListGather", "scalar", ValueError, ("indices of rank 1",), rows, 1,
        element_dtype=fg.float32),
    bad("TensorListGather", "dtype", InvalidArgumentError, ("int32", "float32"), rows, [0],
        element_dtype=fg.int32),
    bad("TensorListGatherOrZeros", "count", ValueError, ("2 rows for 3 indices",), rows, [0, 1, 0],
        np.zeros((2, 1), np.float32)),
    bad("TensorListGetOrZeros", "no_list", TypeError, NO_LIST, X, 0, X),
    bad("TensorListGetOrZeros", "index", ValueError, ("an index of rank 0", "(1,)"), rows, [0], X),
    bad("TensorListReserve", "negative", InvalidArgumentError, ("cannot be -1",), -1),
    bad("TensorListReserve", "vector", ValueError, ("rank 0", "(1,)"), [1]),
    BadCase("TensorListScatterIntoExistingList/outside",
            lambda: op_def("TensorListLength").build(
                op_def("TensorListScatterIntoExistingList").build(
                    op_def("TensorListReserve").build(2), fg.zeros([2, 1]), [0, 5])),
            InvalidArgumentError, ("TensorListScatterIntoExistingList '", "index 5", "size (2)"),
            phase="run"),
    bad("TensorListScatterIntoExistingList", "count", ValueError, ("2 rows for 1 indices",), rows,
        X, [0]),
    bad("TensorListSplitLike", "no_list", TypeError, ("does not take float32 for 'like'",), X, X),
    bad("TensorListStackOrZeros", "no_list", TypeError, NO_LIST, X, X),
    bad("TensorListStackOrZeros", "too_many", InvalidArgumentError, ("(1, 1)",), rows,
        np.zeros((1, 1), np.float32)),
    bad("AccumulatorSetGlobalStep", "no_handle", TypeError, ("does not take float32 for 'handle'",),
        X, 1),
    bad("InitializedValue", "tensor", TypeError, ("needs a variable for 'ref'", "not its value"),
        lambda: fg.constant(X), X),
    bad("InitializedValue", "shape", ValueError, ("(2,)", "(3,)"),
        lambda: fg.Variable([1.0, 2.0, 3.0]), X),
    bad("IsVariableInitialized", "no_variable", TypeError, ("needs a variable for 'ref'",),
        lambda: fg.constant(X)),
    bad("Parameter", "outside", InvalidArgumentError, ("no value of its own",), dtype=fg.float32,
        shape=()),
]
