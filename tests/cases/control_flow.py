"""Rows for branches, loops, lists of tensors and what stands on them."""

import numpy as np

import flowgraph as fg
from flowgraph.ops.tensor_list import EmptyTensorList
from flowgraph.testing import BadCase, Case

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
V = np.array([0.5, -1.5, 2.0])
YES, NO = np.array(True), np.array(False)


def chosen(pred, x, y):
    return fg.cond(pred, lambda: x * y, lambda: fg.sin(x) - y)


def rows_chosen(pred, table):
    return fg.cond(pred, lambda: fg.gather(table, [1, 1]), lambda: table * 2.0)


def nested_choice(pred, x):
    return fg.cond(pred, lambda: fg.cond(x[0] > 0.0, lambda: x * x, lambda: -x), lambda: x)


def by_number(number, x):
    return fg.switch_case(number, [lambda: x * 2.0, lambda: x * x, lambda: fg.exp(x)])


def power(x):
    return fg.while_loop(lambda i, p: i < 3, lambda i, p: (i + 1, p * x), [0, x])[1]


def loop_of_choices(x):
    def body(i, s):
        return i + 1, fg.cond(fg.equal(i % 2, 0), lambda: s * x, lambda: fg.sin(s) + x)
    return fg.while_loop(lambda i, s: i < 4, body, [0, x])[1]


def loop_in_loop(x):
    def outer(i, s):
        inner = fg.while_loop(lambda j, t: j <= i, lambda j, t: (j + 1, t * fg.cos(x)), [0, s])
        return i + 1, inner[1] + s
    return fg.while_loop(lambda i, s: i < 3, outer, [0, x])[1]


def sum_of_gathered(table):
    def body(i, total):
        return i + 1, total + fg.reduce_sum(fg.gather(table, [i, 1]) ** 2)
    return fg.while_loop(lambda i, total: i < 2, body, [0, fg.zeros([], table.dtype)])[1]


def growing(x):
    def body(i, v):
        return i + 1, fg.concat([v, v[-1:] * x[:1]], 0)
    return fg.while_loop(lambda i, v: i < 3, body, [0, x],
                         shape_invariants=[fg.TensorShape([]), fg.TensorShape([None])])[1]


def grown(x):
    v = x
    for _ in range(3):
        v = np.concatenate([v, v[-1:] * x[:1]])
    return v


def array_of(x, **options):
    array = fg.TensorArray(x.dtype, 2, clear_after_read=False, **options)
    return array.write(0, x[0] * 2.0).write(1, x[1] * x[0])


def written(x):
    return np.stack([x[0] * 2.0, x[1] * x[0]])


def of_all_readers(x):
    array = array_of(x)
    return [array.stack(), array.read(1), array.gather([1, 0, 1]), array.concat(),
            array.identity().read(0)]


def all_read(x):
    rows = written(x)
    return [rows, rows[1], rows[[1, 0, 1]], rows.reshape(-1), rows[0]]


def of_all_writers(x):
    def empty():
        return fg.TensorArray(x.dtype, 2, clear_after_read=False, infer_shape=False)
    return [empty().unstack(x).stack(), empty().scatter([1, 0], x).stack(),
            empty().split(x[0], [1, 2]).concat(), empty().split(x, [0, 2]).read(1)]


def missing_item(x):
    array = fg.TensorArray(x.dtype, 3, element_shape=[3]).write(1, x[0])
    return array.stack()


def counted(x):
    v = fg.Variable(0.0, dtype=fg.float64)

    def body(i, s):
        with fg.control_dependencies([v.assign_add(1.0)]):
            return i + 1, s * x + v.read_value()
    return fg.while_loop(lambda i, s: i < 2, body, [0, x])[1]


CASES = [
    Case("If/true", chosen, (YES, V, V + 1), lambda p, x, y: x * y, grad=True),
    Case("If/false", chosen, (NO, V, V + 1), lambda p, x, y: np.sin(x) - y, grad=True),
    Case("If/one branch gathers", rows_chosen, (YES, X), lambda p, t: t[[1, 1]], grad=True),
    Case("If/the other is dense", rows_chosen, (NO, X), lambda p, t: t * 2, grad=True),
    Case("If/operations stand for the predicate", lambda p: fg.cond(p, fg.no_op, fg.no_op), (NO,),
         lambda p: p),
    Case("If/nested", nested_choice, (YES, V), lambda p, x: x * x, grad=True),
    Case("If/structure", lambda p, x: fg.cond(p, lambda: (x, [x * 3.0]), lambda: (-x, [x])),
         (NO, V), lambda p, x: [-x, x], grad=True),
    Case("If/an outside value as it is", lambda p, x: fg.cond(p, lambda: x, lambda: x + 1.0),
         (YES, V), lambda p, x: x, grad=True),
    Case("If/empty", chosen, (YES, np.zeros((0, 3)), np.zeros((0, 3))),
         lambda p, x, y: x * y),
    Case("If/strings", lambda p, x: fg.cond(p, lambda: x, lambda: fg.constant([b"n"])),
         (YES, np.array([b"y"], object)), lambda p, x: x),
    Case("Case/second", by_number, (np.array(1, np.int32), V), lambda i, x: x * x, grad=True),
    Case("Case/no such number", by_number, (np.array(9, np.int32), V), lambda i, x: np.exp(x),
         grad=True),
    Case("Case/first true predicate", lambda x: fg.case(
        [(x[0] > 1.0, lambda: x), (x[0] > 0.0, lambda: x * x)], default=lambda: -x), (V,),
        lambda x: x * x, grad=True),
    Case("While/power", power, (V,), lambda x: x ** 4, grad=True),
    Case("While/no round", lambda x: fg.while_loop(lambda i, s: i < 0, lambda i, s: (i + 1, s * x),
                                                   [0, x])[1], (V,), lambda x: x, grad=True),
    Case("While/variables change places", lambda x: fg.while_loop(
        lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b, a * x), [0, x, fg.ones_like(x)])[1:],
        (V,), lambda x: [x, x ** 3], grad=True),
    Case("While/choices", loop_of_choices, (V,),
         lambda x: np.sin((np.sin(x * x) + x) * x) + x, grad=True, rtol=1e-9),
    Case("While/nested", loop_in_loop, (V,),
         lambda x: x * (1 + np.cos(x)) * (1 + np.cos(x) ** 2) * (1 + np.cos(x) ** 3), grad=True,
         rtol=1e-9),
    Case("While/gathered rows stay sparse", sum_of_gathered, (X,),
         lambda t: (t[0] ** 2).sum() + 3 * (t[1] ** 2).sum(), grad=True, rtol=1e-9),
    Case("While/growing", growing, (V,), grown, grad=True, rtol=1e-9, unknown_shapes=False),
    Case("While/most rounds", lambda x: fg.while_loop(
        lambda i, s: i < 9, lambda i, s: [i + 1, s * x], [0, x], maximum_iterations=2)[1], (V,),
        lambda x: x ** 3, grad=True),
    Case("While/writes and reads a variable", counted, (V,), lambda x: (x * x + 1) * x + 2,
         grad=False),
    Case("map_fn/rows", lambda x: fg.map_fn(lambda row: fg.reduce_sum(row) * row, x), (X,),
         lambda x: x.sum(1, keepdims=True) * x, grad=True, rtol=1e-9),
    Case("map_fn/several", lambda x: fg.map_fn(lambda rows: (rows[0] + rows[1], rows[0] * 2.0),
                                               (x, x * x)), (X,), lambda x: [x + x * x, x * 2],
         grad=True),
    Case("scan/product", lambda x: fg.scan(lambda a, row: a * row, x), (X,),
         lambda x: np.cumprod(x, 0), grad=True),
    Case("scan/from the end", lambda x: fg.scan(lambda a, row: a * row, x, reverse=True), (X,),
         lambda x: np.cumprod(x[::-1], 0)[::-1], grad=True),
    Case("foldl/polynomial", lambda x: fg.foldl(lambda a, row: a * row + row, x), (X,),
         lambda x: x[0] * x[1] + x[1], grad=True),
    Case("foldr/polynomial", lambda x: fg.foldr(lambda a, row: a * row + row, x), (X,),
         lambda x: x[1] * x[0] + x[0], grad=True),
    Case("TensorArray/readers", of_all_readers, (X,), all_read, grad=True),
    Case("TensorArray/writers", of_all_writers, (X,), lambda x: [x, x[::-1], x[0], x], grad=True),
    Case("TensorArray/missing item is zero", missing_item, (X,),
         lambda x: np.stack([0 * x[0], x[0], 0 * x[0]]), grad=True),
    Case("TensorArray/size", lambda x: [array_of(x).size(),
                                        fg.TensorArray(fg.int32, 0, dynamic_size=True)
                                        .write(3, 1).size()], (X,),
         [np.int32(2), np.int32(4)]),
    Case("EmptyTensorList/nothing in it", lambda: fg.TensorArray(
        fg.float32, flow=EmptyTensorList.build()).size(), (), np.int32(0)),
    Case("custom_gradient/three times", lambda x: fg.custom_gradient(
        lambda v: (v * v, lambda dy: dy * 2.0 * v))(x), (V,), np.square, grad=True),
    Case("hessians/product", lambda x: fg.hessians(fg.reduce_prod(x) ** 2, x), (V,),
         lambda x: np.array([[2 * (x[1] * x[2]) ** 2, 4 * x[0] * x[1] * x[2] ** 2,
                              4 * x[0] * x[1] ** 2 * x[2]],
                             [4 * x[0] * x[1] * x[2] ** 2, 2 * (x[0] * x[2]) ** 2,
                              4 * x[0] ** 2 * x[1] * x[2]],
                             [4 * x[0] * x[1] ** 2 * x[2], 4 * x[0] ** 2 * x[1] * x[2],
                              2 * (x[0] * x[1]) ** 2]]), unknown_shapes=False),
]


def count_to(limit, body):
    return fg.while_loop(lambda i: i < limit, body, [fg.constant(0)])


def used_outside():
    inside = []
    fg.cond(fg.constant(True), lambda: inside.append(fg.constant(1.0) * 2.0) or inside[0],
            lambda: fg.constant(2.0))
    return inside[0] + 1.0


INVALID = fg.errors.InvalidArgumentError
BAD = [
    BadCase("If/python bool", lambda: fg.cond(True, lambda: 1, lambda: 2), TypeError,
            ("Python bool",)),
    BadCase("If/not a function", lambda: fg.cond(fg.constant(True), 1, 2), TypeError,
            ("true_fn must be callable",)),
    BadCase("If/dtypes", lambda: fg.cond(fg.constant(True), lambda: 1.0, lambda: 1), ValueError,
            ("float32", "int32", "tf.cast")),
    BadCase("If/structures", lambda: fg.cond(fg.constant(True), lambda: (1, 2), lambda: 1),
            ValueError, ("same structure",)),
    BadCase("If/used outside", used_outside, ValueError, ("inside a branch", "Return it")),
    BadCase("Case/gap", lambda: fg.switch_case(fg.constant(0), {0: lambda: 1, 2: lambda: 2}),
            ValueError, ("contiguous",)),
    BadCase("Case/none is true", lambda p: fg.case([(p, lambda: 1.0)]), INVALID,
            ("None of the conditions",), (NO,), "run"),
    BadCase("Case/two are true", lambda p: fg.case([(p, lambda: 1), (p, lambda: 2)], exclusive=True,
                                                   default=lambda: 3), INVALID,
            ("more than 1 conditions",), (YES,), "run"),
    BadCase("While/shape", lambda: fg.while_loop(
        lambda i, s: i < 3, lambda i, s: (i + 1, fg.concat([s, s], 0)), [0, fg.zeros([1])]),
        ValueError, ("(1,)", "(2,)", "shape_invariants")),
    BadCase("While/dtype", lambda: count_to(3, lambda i: fg.cast(i, fg.float32)), TypeError,
            ("int32", "float32")),
    BadCase("While/structure", lambda: count_to(3, lambda i: (i, i)), ValueError,
            ("1 loop variables",)),
    BadCase("While/no bool", lambda: fg.while_loop(lambda i: i, lambda i: i + 1, [0]), TypeError,
            ("must return a bool", "int32")),
    BadCase("While/no variables", lambda: fg.while_loop(lambda: True, list, []), ValueError,
            ("No loop variables",)),
    BadCase("While/invariant", lambda: fg.while_loop(
        lambda s: True, lambda s: s, [fg.zeros([2])], shape_invariants=[fg.TensorShape([3])]),
        ValueError, ("(2,)", "(3,)")),
    BadCase("While/fails inside", lambda n: count_to(n, lambda i: i + fg.gather([1, 1], i)),
            INVALID, ("GatherV2", "while/"), (np.array(5, np.int32),), "run"),
    BadCase("TensorArray/written twice", lambda x: fg.TensorArray(fg.float64, 2).write(0, x)
            .write(0, x).read(0), INVALID, ("already been written",), (V,), "run"),
    BadCase("TensorArray/too far", lambda x: fg.TensorArray(fg.float64, 2).write(5, x).stack(),
            INVALID, ("index 5", "size is: 2"), (V,), "run"),
    BadCase("TensorArray/read twice", lambda x: [a := fg.TensorArray(fg.float64, 1).write(0, x),
                                                 a.read(0), a.read(0)][1:], INVALID,
            ("clear_after_read",), (V,), "run"),
    BadCase("TensorArray/shapes", lambda: fg.TensorArray(fg.float32, 2).write(0, fg.zeros([2]))
            .write(1, fg.zeros([3])), ValueError, ("(3,)", "(2,)")),
    BadCase("TensorArray/dtype", lambda: fg.TensorArray(fg.float32, 2).write(0, fg.constant(1)),
            TypeError, ("float32", "int32")),
    BadCase("TensorArray/no size", lambda: fg.TensorArray(fg.float32), ValueError, ("size",)),
    BadCase("TensorArray/lengths", lambda x: fg.TensorArray(fg.float64, 2).split(x, [1, 1]).stack(),
            INVALID, ("sum of lengths",), (V,), "run"),
    BadCase("TensorArray/rows of several shapes", lambda x: fg.TensorArray(
        fg.float64, 2, infer_shape=False).write(0, x).write(1, x[:1]).stack(), INVALID,
        ("inconsistent shapes",), (V,), "run"),
    BadCase("map_fn/a scalar", lambda: fg.map_fn(lambda x: x, 1.0), ValueError, ("scalars",)),
    BadCase("custom_gradient/too few gradients", lambda: fg.gradients(fg.custom_gradient(
        lambda a, b: (a * b, lambda dy: dy))(x := fg.constant(1.0), x), x), ValueError,
        ("2 gradients", "1 instead")),
]
