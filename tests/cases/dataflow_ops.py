"""Cases of the ops that only graphs of TensorFlow 1 hold: stacks and TensorArrayV3."""

import numpy as np

import flowgraph as fg
from flowgraph.ops import stack_v2 as stacks
from flowgraph.ops import tensor_array_v3 as arrays
from flowgraph.testing import BadCase, Case

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
F64 = fg.float64


def stack(*values, most=-1):
    """A stack with values on it, and the last push."""
    handle = stacks.StackV2.build(most, elem_type=F64, stack_name="s")
    pushed = None
    for value in values:
        with fg.control_dependencies([] if pushed is None else [pushed]):
            pushed = stacks.StackPushV2.build(handle, value)
    return handle, pushed


def pop_twice(x):
    handle, pushed = stack(x, x * 2.0)
    with fg.control_dependencies([pushed]):
        first = stacks.StackPopV2.build(handle, elem_type=F64)
    with fg.control_dependencies([first]):
        return [pushed, first, stacks.StackPopV2.build(handle, elem_type=F64)]


def close(x):
    handle, pushed = stack(x)
    with fg.control_dependencies([pushed]):
        closed = stacks.StackCloseV2.build(handle)
    with fg.control_dependencies([closed]):
        again = stacks.StackPushV2.build(handle, x + 1.0)
    with fg.control_dependencies([again]):
        return stacks.StackPopV2.build(handle, elem_type=F64)


def pop_of(dtype):
    handle, pushed = stack(fg.constant(1.0, F64))
    with fg.control_dependencies([pushed]):
        return stacks.StackPopV2.build(handle, elem_type=dtype)


def array(size, **options):
    return arrays.TensorArrayV3.build(size, dtype=F64, **options)


def filled(x, **options):
    handle, flow = array(3, **options)
    return handle, arrays.TensorArrayScatterV3.build(handle, [0, 1, 2], x, flow)


def read(x, *indices, **options):
    handle, flow = filled(x, **options)
    values = []
    for i in indices:
        with fg.control_dependencies(values[-1:]):
            values.append(arrays.TensorArrayReadV3.build(handle, i, flow, dtype=F64))
    return values


def written(x, index, **options):
    handle, flow = array(1, **options)
    flow = arrays.TensorArrayWriteV3.build(handle, index, x, flow)
    return [arrays.TensorArraySizeV3.build(handle, flow),
            arrays.TensorArrayReadV3.build(handle, index, flow, dtype=F64)]


def gathered(x, indices):
    handle, flow = filled(x)
    return arrays.TensorArrayGatherV3.build(handle, indices, flow, dtype=F64, element_shape=(2,))


def concatenated(x, lengths):
    handle, flow = array(len(lengths))
    flow = arrays.TensorArraySplitV3.build(handle, x, np.array(lengths, np.int64), flow)
    return list(arrays.TensorArrayConcatV3.build(handle, flow, dtype=F64))


def gradient(x):
    """Two writes to one element of a gradient add up; what is not written is zero."""
    handle, flow = filled(x)
    sums, flow = arrays.TensorArrayGradV3.build(handle, flow, source="gradients")
    for _ in range(2):
        flow = arrays.TensorArrayWriteV3.build(sums, 1, x[0], flow)
    return arrays.TensorArrayGatherV3.build(sums, [0, 1], flow, dtype=F64)


def read_closed(x):
    handle, flow = filled(x)
    with fg.control_dependencies([flow]):
        closed = arrays.TensorArrayCloseV3.build(handle)
    with fg.control_dependencies([closed]):
        return arrays.TensorArrayReadV3.build(handle, 0, flow, dtype=F64)


CASES = [
    Case("StackV2/last_in_first_out", pop_twice, (X,), [X * 2, X * 2, X]),
    Case("StackCloseV2/forgets", close, (X,), X + 1),
    Case("TensorArrayV3/read", lambda x: read(x, 2, 0), (X,), [X[2], X[0]]),
    Case("TensorArrayReadV3/twice", lambda x: read(x, 1, 1, clear_after_read=False), (X,),
         [X[1], X[1]]),
    Case("TensorArrayReadV3/never_written", lambda x: arrays.TensorArrayReadV3.build(
        *filled(x, element_shape=(2,))[:1], 2, array(1)[1], dtype=F64) * 0.0 + x[2], (X,), X[2]),
    Case("TensorArrayWriteV3/grows", lambda x: written(x, 4, dynamic_size=True), (X,),
         [np.int32(5), X]),
    Case("TensorArraySizeV3/fixed", lambda x: written(x, 0)[0], (X,), np.int32(1)),
    Case("TensorArrayGatherV3/some", lambda x: gathered(x, [2, 0]), (X,), X[[2, 0]]),
    Case("TensorArrayGatherV3/none", lambda x: gathered(x, np.zeros(0, np.int32)), (X,), X[:0]),
    Case("TensorArrayScatterV3/rows", lambda x: read(x, 0), (X,), X[0]),
    Case("TensorArraySplitV3/lengths", lambda x: concatenated(x, [1, 0, 2]), (X,),
         [X, np.array([1, 0, 2])]),
    Case("TensorArrayConcatV3/empty", lambda x: concatenated(x[:0], []), (X,),
         [np.zeros(0), np.zeros(0, np.int64)]),
    Case("TensorArrayReadV3/grad", lambda x: read(x, 2, 0), (X,), [X[2], X[0]], grad=True),
    Case("TensorArrayReadV3/grad_twice", lambda x: sum(
        v * v for v in read(x, 1, 1, clear_after_read=False)), (X,), 2 * X[1] ** 2, grad=True),
    Case("TensorArrayWriteV3/grad", lambda x: written(x * x, 0)[1], (X,), X * X, grad=True),
    Case("TensorArrayGatherV3/grad", lambda x: gathered(x * x, [2, 0]) ** 2.0, (X,),
         X[[2, 0]] ** 4, grad=True),
    Case("TensorArrayScatterV3/grad", lambda x: read(x, 0)[0] ** 3.0, (X,), X[0] ** 3, grad=True),
    Case("TensorArrayConcatV3/grad", lambda x: concatenated(x, [1, 2])[0] ** 2.0, (X,), X ** 2,
         grad=True),
    Case("TensorArrayGradV3/adds", gradient, (X,), np.array([[0.0, 0.0], [2.0, 4.0]])),
]


def bad(name, build, *words, feeds=()):
    """A wrong use that the run finds."""
    op = name.partition("/")[0]
    return BadCase(name, build, fg.errors.InvalidArgumentError, (op, *words), feeds, "run")


BAD = [
    BadCase("StackV2/vector", lambda: stacks.StackV2.build([1, 2], elem_type=F64), ValueError,
            ("StackV2", "rank 0")),
    bad("StackPushV2/full", lambda x: stack(x, x, most=1)[1], "overflowed its max_size (1)",
        feeds=(X,)),
    bad("StackPushV2/dtype", lambda: stack(np.float32(1.0))[1], "is of float64, not of float32"),
    bad("StackPopV2/empty", lambda: stacks.StackPopV2.build(stack()[0], elem_type=F64),
        "is empty"),
    bad("StackPopV2/dtype", lambda: pop_of(fg.int32), "is of float64, not of int32"),
    bad("StackCloseV2/no_stack", lambda: stacks.StackCloseV2.build(array(1)[0]), "not of a Stack"),
    bad("TensorArrayV3/negative", lambda: array(-1)[1], "Size should be >= 0, got -1"),
    bad("TensorArrayReadV3/gone", lambda x: read(x, 1, 1), "Could not read index 1 twice",
        feeds=(X,)),
    bad("TensorArrayReadV3/behind", lambda x: read(x, 3), "index 3 but array size is: 3",
        feeds=(X,)),
    bad("TensorArrayWriteV3/behind", lambda x: written(x, 1), "it is not resizeable", feeds=(X,)),
    bad("TensorArrayWriteV3/shape", lambda x: written(x, 0, element_shape=(5,)), "(3, 2)", "(5,)",
        feeds=(X,)),
    bad("TensorArrayGatherV3/behind", lambda x: gathered(x, [0, 7]), "index 7", feeds=(X,)),
    bad("TensorArrayScatterV3/count", lambda x: filled(x[:2])[1], "got 3 indices", "(2, 2)",
        feeds=(X,)),
    bad("TensorArrayConcatV3/scalars", lambda x: list(arrays.TensorArrayConcatV3.build(
        *filled(x[:, 0]), dtype=F64)), "scalar", feeds=(X,)),
    bad("TensorArraySplitV3/sum", lambda x: concatenated(x, [1, 1]), "sum of lengths is 2",
        feeds=(X,)),
    bad("TensorArrayGradV3/no_array", lambda: arrays.TensorArrayGradV3.build(
        stack()[0], 0.0, source="g")[1], "not of a TensorArrayState"),
    bad("TensorArraySizeV3/no_array", lambda: arrays.TensorArraySizeV3.build(stack()[0], 0.0),
        "not of a TensorArrayState"),
    bad("TensorArrayCloseV3/no_array", lambda: arrays.TensorArrayCloseV3.build(stack()[0]),
        "not of a TensorArrayState"),
    bad("TensorArrayReadV3/closed", read_closed, "never written", feeds=(X,)),
]
