"""Cases of the ops that pass their input on, and of order without data."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.identity import PreventGradient, with_dependencies
from flowgraph.testing import BadCase, Case

X = np.array([[1.5, -2.0], [0.25, 4.0]])
NAN = np.array([1.0, np.nan])


def through_group(x):
    with fg.control_dependencies([fg.group(x, fg.no_op())]):
        return fg.identity(x)


CASES = [
    Case("Identity/matrix", fg.identity, (X,), X, grad=True),
    Case("Identity/text", fg.identity, (np.array(b"a", object),), np.array(b"a", object)),
    Case("Identity/twice", lambda x: [fg.identity(x), fg.identity(fg.identity(x))], (X,), [X, X]),
    Case("IdentityN/two", lambda x, n: fg.identity_n([x, n]), (X, np.int32(3)), [X, np.int32(3)]),
    Case("IdentityN/gradient", lambda x, y: fg.identity_n([x * x, y]), (X, X), [X * X, X],
         grad=True),
    Case("StopGradient/value", fg.stop_gradient, (X,), X),
    Case("StopGradient/half_of_a_product",
         lambda x: fg.gradients(x * fg.stop_gradient(x), x)[0], (X,), X),
    Case("PreventGradient/value", lambda x: PreventGradient.build(x, message="no"), (X,), X),
    Case("EnsureShape/unknown_rows", lambda x: fg.ensure_shape(x, [None, 2]), (X,), X, grad=True),
    Case("CheckNumerics/finite", lambda x: fg.check_numerics(x, "x"), (X,), X, grad=True),
    Case("NoOp/as_control", through_group, (X,), X),
    Case("tuple/two", lambda x, y: fg.tuple([x, y]), (X, X[0]), [X, X[0]], grad=True),
    Case("tuple/with_operation", lambda x: fg.tuple([x, fg.no_op()])[0], (X,), X),
    Case("tuple/with_none", lambda x: fg.tuple([None, x])[1], (X,), X),
    Case("tuple/of_slices",
         lambda x: fg.tuple([fg.gradients(fg.gather(x, [1]), x)[0]])[0], (X,),
         np.array([[0.0, 0.0], [1.0, 1.0]])),
    Case("with_dependencies/tensor", lambda x: with_dependencies([fg.no_op()], x), (X,), X),
]

BAD = [
    BadCase("EnsureShape/static", lambda: fg.ensure_shape(fg.zeros([2, 3]), [None, 2]), ValueError,
            ("(?, 2)", "(2, 3)")),
    BadCase("EnsureShape/at_run", lambda x: fg.ensure_shape(x, [None, 3]),
            fg.errors.InvalidArgumentError, ("(2, 2)", "(?, 3)"), (X,), "run"),
    BadCase("CheckNumerics/nan", lambda x: fg.check_numerics(x, "my weights"),
            fg.errors.InvalidArgumentError, ("my weights : Tensor had NaN values",), (NAN,), "run"),
    BadCase("CheckNumerics/both", lambda x: fg.check_numerics(x, "w"),
            fg.errors.InvalidArgumentError, ("Inf and NaN",), (np.array([np.inf, np.nan]),), "run"),
    BadCase("PreventGradient/gradient",
            lambda x: fg.gradients(PreventGradient.build(x, message="why"), x), LookupError,
            ("why",), (X,)),
    BadCase("group/of_numbers", lambda: fg.group(1), TypeError, ("int",)),
    BadCase("group/unknown_keyword", lambda: fg.group(nmae="a"), ValueError, ("nmae",)),
    BadCase("tuple/empty", lambda: fg.tuple([]), ValueError, ("at least one",)),
    BadCase("tuple/control_input", lambda: fg.tuple([fg.zeros([])], control_inputs=["a"]),
            TypeError, ("Control input",)),
    BadCase("IdentityN/nothing", lambda: fg.identity_n([]), ValueError,
            ("IdentityN '", "at least one tensor")),
]
