"""Cases of ops/assertions.py, ops/type_checks.py and ops/shape_checks.py.

A row passes a value on behind the assertion; the bad rows say when it raises, and with what text.
"""

import numpy as np

import flowgraph as fg
from flowgraph.testing import BadCase, Case

ONE_TWO = np.array([1, 2], np.int32)
GRID = np.zeros((2, 3), np.float32)
InvalidArgument = fg.errors.InvalidArgumentError


def behind(check, value):
    with fg.control_dependencies([check]):
        return fg.identity(value)


def passes(assertion, *others):
    """Builds the assertion on a fed x and constants, and passes x on behind it."""
    return lambda x: behind(assertion(x, *others), x)


def holds(name, assertion, *others, x=ONE_TWO):
    return Case(f"{name}/holds", passes(assertion, *others), (x,), x)


def fails(name, assertion, *others, x=ONE_TWO, words=("Placeholder:0", "[1 2]")):
    return BadCase(f"{name}/fails", passes(assertion, *others), InvalidArgument,
                   ("assertion failed", *words), (x,), "run")


CASES = [
    holds("assert_equal", fg.assert_equal, [1, 2]),
    Case("assert_equal/same_tensor", lambda x: behind(fg.assert_equal(x, x), x),
         (np.array([np.nan]),), np.array([np.nan])),
    Case("assert_equal/empty", passes(fg.assert_equal, [1.0]), (np.zeros(0, np.float32),),
         np.zeros(0)),
    holds("assert_none_equal", fg.assert_none_equal, [2, 1]),
    holds("assert_less", fg.assert_less, [2, 3]),
    holds("assert_less_equal", fg.assert_less_equal, [1, 3]),
    holds("assert_greater", fg.assert_greater, 0),
    holds("assert_greater_equal", fg.assert_greater_equal, 1),
    holds("assert_near", fg.assert_near, [1.1], 0.0, 0.2, x=np.array([1.0])),
    holds("assert_near_default", fg.assert_near, [1.0 + 1e-15], x=np.array([1.0])),
    holds("assert_negative", fg.assert_negative, x=-ONE_TWO),
    holds("assert_positive", fg.assert_positive),
    holds("assert_non_negative", fg.assert_non_negative, x=ONE_TWO - 1),
    holds("assert_non_positive", fg.assert_non_positive, x=1 - ONE_TWO),
    holds("assert_rank", fg.assert_rank, 2, x=GRID),
    holds("assert_rank_at_least", fg.assert_rank_at_least, 1, x=GRID),
    holds("assert_rank_in", fg.assert_rank_in, [0, 2], x=GRID),
    Case("assert_rank/fed_rank", lambda x, n: behind(fg.assert_rank(x, n), x),
         (GRID, np.array(2, np.int32)), GRID),
    Case("assert_shapes/letters", lambda x, y: behind(fg.debugging.assert_shapes(
        [(x, ("a", "b")), (y, ("*", "b", "a"))]), x), (GRID, np.zeros((4, 3, 2))), GRID),
    Case("assert_shapes/scalar", lambda x: behind(fg.debugging.assert_shapes({x: ()}), x),
         (np.array(1.0),), np.array(1.0)),
    holds("verify_tensor_all_finite", lambda x: fg.verify_tensor_all_finite(x, "bad").op,
          x=np.array([1.0])),
    Case("add_check_numerics_ops/holds",
         lambda x: (lambda y: behind(fg.add_check_numerics_ops(), y))(fg.log(x)),
         (np.array([1.0, 2.0]),), np.log),
]

BAD = [
    fails("assert_equal", fg.assert_equal, [1, 3], words=("x == y", "[1 2]", "[1 3]")),
    BadCase("assert_equal/constants", lambda: fg.assert_equal([1, 2], [1, 3]), InvalidArgument,
            ("x == y", "[1 2]", "[1 3]")),
    BadCase("assert_equal/dtypes", lambda: fg.assert_equal(fg.constant(1), fg.constant(1.0)),
            TypeError, ("int32", "float32")),
    BadCase("assert_equal/message", lambda x: behind(fg.assert_equal(x, 0, message="too much"), x),
            InvalidArgument, ("[too much]",), (ONE_TWO,), "run"),
    fails("assert_none_equal", fg.assert_none_equal, [0, 2]),
    fails("assert_less", fg.assert_less, 2),
    fails("assert_less_equal", fg.assert_less_equal, 1),
    fails("assert_greater", fg.assert_greater, 1),
    fails("assert_greater_equal", fg.assert_greater_equal, 2),
    fails("assert_near", fg.assert_near, [1.1], x=np.array([1.0]), words=("tolerance",)),
    BadCase("assert_near/int", lambda: fg.assert_near(1, 1), ValueError, ("int32",)),
    fails("assert_negative", fg.assert_negative, words=("x < 0",)),
    BadCase("assert_negative/constant", lambda: fg.assert_negative(0.0), InvalidArgument,
            ("x < 0",)),
    fails("assert_positive", fg.assert_positive, x=-ONE_TWO, words=("x > 0",)),
    fails("assert_non_negative", fg.assert_non_negative, x=-ONE_TWO, words=("x >= 0",)),
    fails("assert_non_positive", fg.assert_non_positive, words=("x <= 0",)),
    fails("assert_rank", fg.assert_rank, 1, x=GRID, words=("must have rank", "[2 3]")),
    fails("assert_rank_at_least", fg.assert_rank_at_least, 3, x=GRID, words=("rank at least",)),
    fails("assert_rank_in", fg.assert_rank_in, [0, 1], x=GRID, words=("rank in",)),
    BadCase("assert_rank/static", lambda: fg.assert_rank(fg.zeros([2, 3]), 1), ValueError,
            ("zeros:0", "rank 1", "(2, 3)")),
    BadCase("assert_rank/vector", lambda: fg.assert_rank([1.0], [1]), ValueError, ("scalar",)),
    BadCase("assert_rank/float", lambda: fg.assert_rank([1.0], 1.0), TypeError, ("int32",)),
    BadCase("assert_rank_at_least/static", lambda: fg.assert_rank_at_least(1.0, 1), ValueError,
            ("rank at least 1",)),
    BadCase("assert_rank_in/static", lambda: fg.assert_rank_in(1.0, [1, 2]), ValueError,
            ("rank in (1, 2)",)),
    BadCase("assert_shapes/static", lambda: fg.debugging.assert_shapes(
        [(fg.zeros([2, 3]), ("n", "n"))]), ValueError, ("size 2", "size 3")),
    BadCase("assert_shapes/run", lambda x: behind(fg.debugging.assert_shapes([(x, ("n", "n"))]), x),
            InvalidArgument, ("dimension", "must have size"), (GRID,), "run"),
    BadCase("assert_shapes/star_inside", lambda: fg.debugging.assert_shapes(
        [(fg.zeros([2]), ("n", "*"))]), ValueError, ("first entry",)),
    BadCase("assert_integer/float", lambda: fg.assert_integer(1.0), TypeError, ("float32",)),
    BadCase("assert_type/other", lambda: fg.assert_type(1, fg.float32), TypeError,
            ("float32", "int32")),
    BadCase("assert_scalar/vector", lambda: fg.assert_scalar([1.0]), ValueError, ("(1,)",)),
    BadCase("assert_same_float_dtype/two", lambda: fg.assert_same_float_dtype(
        [fg.constant(1.0), fg.constant(1)]), ValueError, ("int32", "float32")),
    BadCase("assert_same_float_dtype/int", lambda: fg.assert_same_float_dtype(dtype=fg.int32),
            ValueError, ("int32",)),
    BadCase("assert_proper_iterable/text", lambda: fg.assert_proper_iterable("ab"), TypeError,
            ("str",)),
    BadCase("assert_proper_iterable/number", lambda: fg.assert_proper_iterable(1), TypeError,
            ("iterable",)),
    BadCase("verify_tensor_all_finite/nan", lambda x: fg.verify_tensor_all_finite(x, "oh dear"),
            InvalidArgument, ("oh dear",), (np.array([np.nan]),), "run"),
    BadCase("verify_tensor_all_finite/none", lambda: fg.verify_tensor_all_finite(msg="a"),
            ValueError, ("x",)),
    BadCase("add_check_numerics_ops/infinite", lambda x: (lambda y: fg.add_check_numerics_ops())(
        fg.log(x)), InvalidArgument, ("Log:0",), (np.array([0.0]),), "run"),
]
