"""Cases of ops/script.py and ops/print_and_assert.py; what is printed: tests/ops."""

from __future__ import annotations

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

X = np.array([[1.0, -2.0], [3.0, 4.5]])


def checked(x):
    with fg.control_dependencies([fg.Assert(x[0, 0] > 0.0, [x])]):
        return fg.identity(x)


def printed(x):
    with fg.control_dependencies([fg.print("x is", x)]):
        return x * 2


def long_after_2020(results):
    assert results[0].dtype == np.float64 and results[0] > 1.6e9


def grown_if(wanted, x):
    variable = fg.Variable(np.array([3.0, 3.0]))
    return fg.cond(wanted, lambda: fg.assign_add(variable, x), lambda: fg.identity(variable))


CASES = [
    Case("py_func/one_result", lambda x: fg.py_func(np.sort, [x], fg.float64), (X,), np.sort),
    Case("py_func/stateless", lambda x: fg.py_func(np.sort, [x], fg.float64, stateful=False), (X,),
         np.sort),
    Case("py_func/two_results",
         lambda x: fg.py_func(lambda a: (a + 1, np.int64(a.size)), [x], [fg.float64, fg.int64]),
         (X,), lambda x: [x + 1, np.int64(4)]),
    Case("py_func/two_arguments", lambda x, y: fg.py_func(np.subtract, [x, y], [fg.float64]),
         (X, X[:1]), np.subtract),
    Case("py_func/returns_its_argument", lambda x: fg.py_func(lambda a: a, [x], fg.float64), (X,),
         X),
    Case("py_func/python_float", lambda: fg.py_func(lambda: 1.5, [], fg.float64),
         expect=np.float64(1.5)),
    Case("py_func/text", lambda: fg.py_func(lambda: "text", [], fg.string),
         expect=np.array(b"text", object)),
    Case("py_func/list_of_texts",
         lambda x: fg.py_func(lambda a: np.array([t.decode() + "!" for t in a]), [x], fg.string),
         (np.array([b"a", b"bc"], object),), np.array([b"a!", b"bc!"], object)),
    Case("numpy_function/plain", lambda x: fg.numpy_function(np.cos, [x], fg.float64), (X,),
         np.cos),
    Case("Print/passes_its_input_on", lambda x: fg.Print(x, [fg.shape(x), "text"], "m"), (X,),
         X, grad=True),
    Case("Assert/holds", checked, (X,), X),
    Case("PrintV2/before_the_result", printed, (np.array([1.5, -2.0]),), np.array([3.0, -4.0])),
    Case("Timestamp/seconds", fg.timestamp, check=long_after_2020),
    Case("VariableParameter/written_in_a_branch", grown_if,
         (np.array(True), np.array([1.0, 2.0])), np.array([4.0, 5.0])),
    Case("VariableParameter/read_in_a_branch", grown_if,
         (np.array(False), np.array([1.0, 2.0])), np.array([3.0, 3.0])),
]

BAD = [
    BadCase("py_func/dtype", lambda: fg.py_func(lambda: 1.5, [], fg.float32),
            fg.errors.InvalidArgumentError, ("0-th value", "float64", "float32"), phase="run"),
    BadCase("py_func/too_few", lambda: fg.py_func(lambda: (1.5,), [], [fg.float64] * 2),
            fg.errors.InvalidArgumentError, ("returns 1 values", "2 values"), phase="run"),
    BadCase("py_func/nothing", lambda: fg.py_func(lambda: None, [], fg.float64),
            fg.errors.InvalidArgumentError, ("returns 0 values",), phase="run"),
    BadCase("py_func/its_own_exception",
            lambda: fg.py_func(lambda: {}["missing"], [], fg.float64), KeyError, ("missing",),
            phase="run"),
    BadCase("py_func/not_callable", lambda: fg.py_func(3, [], fg.float32), ValueError,
            ("callable",)),
    BadCase("Assert/fails", checked, fg.errors.InvalidArgumentError,
            ("assertion failed: [[-1 2][-3...]...]",), (-X,), "run"),
    BadCase("Assert/condition_dtype", lambda: fg.Assert(fg.constant(1), ["x"]), TypeError,
            ("bool",)),
    BadCase("Print/none", lambda: fg.Print(None, []), ValueError, ("Print '", "None values")),
    BadCase("PyFuncStateless/dtype",
            lambda: fg.py_func(np.negative, [fg.constant(1.0)], fg.int64, stateful=False),
            fg.errors.InvalidArgumentError, ("PyFuncStateless '", "float32", "expects int64"),
            phase="run"),
    BadCase("PyFuncStateless/count",
            lambda: fg.py_func(np.negative, [fg.constant(1.0)], [fg.float32] * 2, stateful=False),
            fg.errors.InvalidArgumentError, ("PyFuncStateless '", "returns 1 values", "2 values"),
            phase="run"),
]
