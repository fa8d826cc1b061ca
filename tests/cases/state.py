"""Cases of variables' ops: assign, assign_add, assign_sub, initialized values, unique."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.initializers import OrthogonalFactor
from flowgraph.testing import BadCase, Case

V = np.array([1.5, -2.0, 4.0])
W = np.array([0.5, 3.0, -1.0])
I32 = np.array([3, 1, 3, 3, 2], np.int32)


def variable(value=V, **kwargs):
    return fg.Variable(value, **kwargs)


def orthogonal(results):
    (q,) = results
    np.testing.assert_allclose(q.T @ q, np.eye(2), atol=1e-12)


def assign_twice(x):
    return fg.assign_add(fg.assign(variable(), x), x)


def read_after(x):
    v = variable()
    with fg.control_dependencies([v.assign(x)]):
        return v.read_value()


def read_before(x):
    v = variable()
    up = v.assign(x)
    return [v.read_value(), up]



def assigned(part, value):
    def build():
        v = fg.Variable(np.arange(12.0).reshape(3, 4))
        with fg.control_dependencies([v.initializer]):
            return part(v).assign(value)
    return build


def with_part(part, value):
    array = np.arange(12.0).reshape(3, 4)
    array[part] = value
    return array


CASES = [
    Case("StridedSliceAssign/rows", assigned(lambda v: v[1:], -np.ones((2, 4))), (),
         with_part(np.s_[1:], -1.0)),
    Case("StridedSliceAssign/an entry", assigned(lambda v: v[2, -1], 7.0), (),
         with_part(np.s_[2, -1], 7.0)),
    Case("StridedSliceAssign/steps", assigned(lambda v: v[::2, 1:3], [[1.0, 2.0], [3.0, 4.0]]), (),
         with_part(np.s_[::2, 1:3], [[1.0, 2.0], [3.0, 4.0]])),

    Case("VariableV2/value", lambda: variable(), expect=V),
    Case("VariableV2/read", lambda x: variable() * x, (W,), V * W),
    Case("VariableV2/text", lambda: variable([b"a", b"b"]), expect=np.array([b"a", b"b"], object)),
    Case("VariableV2/bool", lambda: variable(True), expect=np.array(True)),
    Case("VariableV2/empty", lambda: variable(np.zeros((0, 3))), expect=np.zeros((0, 3))),
    Case("Assign/value", lambda x: fg.assign(variable(), x), (W,), W),
    Case("Assign/scalar", lambda x: fg.assign(variable(2), x), (np.int32(3),), np.int32(3)),
    Case("Assign/computed", lambda x: fg.assign(variable(), x * 2.0), (W,), W * 2),
    Case("Assign/other_shape",
         lambda x: fg.assign(variable(validate_shape=False), x, validate_shape=False), (W[:2],),
         W[:2]),
    Case("Assign/chained", assign_twice, (W,), 2 * W),
    Case("Assign/read_after", read_after, (W,), W),
    Case("Assign/read_before", read_before, (W,), [V, W]),
    Case("AssignAdd/value", lambda x: fg.assign_add(variable(), x), (W,), V + W),
    Case("AssignAdd/int", lambda: fg.assign_add(variable(np.int64(3)), 4), expect=np.int64(7)),
    Case("AssignAdd/wraps", lambda: fg.assign_add(variable(np.uint8(250)), 10), expect=np.uint8(4)),
    Case("AssignAdd/nan", lambda x: fg.assign_add(variable(), x),
         (np.array([np.nan, np.inf, 1.0]),), V + np.array([np.nan, np.inf, 1.0])),
    Case("AssignSub/value", lambda x: fg.assign_sub(variable(), x), (W,), V - W),
    Case("AssignSub/complex", lambda: fg.assign_sub(variable(1 + 2j), 3j), expect=np.array(1 - 1j)),
    Case("IsVariableInitialized/yes", lambda: fg.is_variable_initialized(variable()),
         expect=np.array(True)),
    Case("IsVariableInitialized/no",
         lambda: fg.is_variable_initialized(variable(collections=[], trainable=False)),
         expect=np.array(False)),
    Case("InitializedValue/before",
         lambda: variable(collections=[], trainable=False).initialized_value(), expect=V),
    Case("InitializedValue/after", lambda x: assign_twice(x) + variable().initialized_value(),
         (W,), 2 * W + V),
    Case("OrthogonalFactor/matrix", OrthogonalFactor.build, (np.arange(6.0).reshape(3, 2) ** 2,),
         check=orthogonal),
    Case("Unique/ints", lambda x: list(fg.unique(x)), (I32,),
         [np.array([3, 1, 2], np.int32), np.array([0, 1, 0, 0, 2], np.int32)]),
    Case("Unique/int64_index", lambda x: fg.unique(x, fg.int64).idx, (I32,),
         np.array([0, 1, 0, 0, 2], np.int64)),
    Case("Unique/floats", lambda x: fg.unique(x).y, (np.array([0.5, 0.25, 0.5]),),
         np.array([0.5, 0.25])),
    Case("Unique/text", lambda x: fg.unique(x).y, (np.array([b"b", b"a", b"b"], object),),
         np.array([b"b", b"a"], object)),
    Case("Unique/empty", lambda x: list(fg.unique(x)), (np.zeros(0),),
         [np.zeros(0), np.zeros(0, np.int32)]),
    Case("UniqueWithCounts/ints", lambda x: list(fg.unique_with_counts(x)), (I32,),
         [np.array([3, 1, 2], np.int32), np.array([0, 1, 0, 0, 2], np.int32),
          np.array([3, 1, 1], np.int32)]),
]

BAD = [
    BadCase("StridedSliceAssign/shape", assigned(lambda v: v[1:], [1.0, 2.0, 3.0]),
            fg.errors.InvalidArgumentError, ("StridedSliceAssign '", "(3,)", "(2, 4)"), (), "run"),
    BadCase("StridedSliceAssign/no variable", lambda: fg.zeros([3])[1:].assign(1.0), AttributeError,
            ("assign", "variables")),

    BadCase("VariableV2/no_value", lambda: fg.Variable(), ValueError, ("initial_value",)),
    BadCase("VariableV2/no_shape", lambda x: fg.Variable(x), ValueError,
            ("static shape", "validate_shape"), (V,)),
    BadCase("VariableV2/collections", lambda: fg.Variable(1.0, collections="mine"), ValueError,
            ("list, tuple, or set",)),
    BadCase("VariableV2/constraint", lambda: fg.Variable(1.0, constraint=3), ValueError,
            ("callable",)),
    BadCase("VariableV2/uninitialized", lambda: fg.Variable(1.0, name="lost"),
            fg.errors.FailedPreconditionError, ("lost", "global_variables_initializer"),
            phase="run"),
    BadCase("Assign/shape", lambda: fg.assign(variable(), [1.0, 2.0]), ValueError,
            ("(2,)", "(3,)", "validate_shape=False")),
    BadCase("Assign/dtype", lambda: fg.assign(variable(), fg.constant([1, 2, 3])), TypeError,
            ("float64", "int32", "tf.cast")),
    BadCase("Assign/not_a_variable", lambda: fg.assign(fg.constant(1.0), 2.0), AttributeError,
            ("needs a variable",)),
    BadCase("Assign/shape_at_run", lambda x: fg.assign(variable(), x),
            fg.errors.InvalidArgumentError, ("Assign",), (W[:2],), phase="run"),
    BadCase("AssignAdd/shape", lambda: fg.assign_add(variable(), 1.0), ValueError, ("()", "(3,)")),
    BadCase("AssignSub/not_a_variable", lambda: fg.assign_sub(V, 1.0), AttributeError),
    BadCase("AssignSub/bool", lambda: fg.assign_sub(fg.Variable(True), True), TypeError, ("bool",)),
    BadCase("IsVariableInitialized/tensor",
            lambda: fg.is_variable_initialized(fg.constant(1.0)), AttributeError),
    BadCase("Unique/matrix", lambda: fg.unique([[1, 2]]), ValueError, ("a vector",)),
    BadCase("UniqueWithCounts/matrix", lambda: fg.unique_with_counts([[1, 2]]), ValueError,
            ("UniqueWithCounts '", "rank 1, got (1, 2)")),
]
