"""Tiles: the source of a group, and that tiles give what whole arrays give."""

from __future__ import annotations

import io
import random
import re

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan import tiles
from flowgraph.program.passes import elementwise_groups as module
from tests.plan.plans import plan_of, source_of


@pytest.fixture(autouse=True)
def tiles_are_small(monkeypatch) -> None:
    monkeypatch.setattr(module, "SMALLEST", 4)
    monkeypatch.setattr(module, "LEAST_WORK", 8)
    monkeypatch.setattr(tiles, "TILE", 64)


def test_a_group_is_a_function_that_a_person_could_have_written() -> None:
    x = fg.placeholder(fg.float32, [None, 6], name="x")
    bias = fg.placeholder(fg.float32, [6], name="bias")
    add = fg.add(x, bias, name="add")
    y = fg.multiply(add, fg.tanh(add, name="tanh"), name="y")
    loss = fg.reduce_sum(y, name="loss")
    source = source_of([fg.reverse(y, [1], name="reverse"), loss],
                       {x: np.zeros((8, 6)), bias: np.zeros(6)})
    assert source == """\
def y_tile(first, last, x, bias, y, t0, t1):  # 4 tiles of 2 rows
    x, y, t0, t1 = x[first:last], y[first:last], t0[:last - first], t1[:last - first]
    add = np.add(x, bias, out=t0)  # add
    tanh = np.tanh(add, out=t1)  # tanh
    np.multiply(add, tanh, out=y)  # y
    loss = y.sum(axis=(0, 1), dtype=y.dtype)  # loss
    return loss,


def run(feeds, state, buffers, nodes):
    x, bias = feeds  # float32[8, 6], float32[6]
    y, loss = in_tiles(y_tile, y_tiles, (x, bias), (None, None))  # loss
    reverse = np.flip(y, axis=(1,))  # reverse
    return (reverse, loss), ()
"""


def test_a_group_of_one_shape_is_cut_flat() -> None:
    x = fg.placeholder(fg.float32, [3, 7], name="x")
    source = source_of(fg.exp(fg.tanh(x, name="tanh") * 2.0, name="exp"), {x: np.zeros((3, 7))})
    assert "# 2 tiles of 11 numbers" in source


def _layer_norm(x):
    mean, variance = fg.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * fg.rsqrt(variance + 0.01)


def _values(r: random.Random, shape) -> tuple[list, dict, list]:
    """Tensors that a random program computes from random feeds, and a variable."""
    numbers = np.random.default_rng(r.randrange(1 << 30))
    smaller = [shape, shape, shape[1:], (1,) * len(shape), (), shape[:1] + (1,) * (len(shape) - 1)]
    feed = {}
    for given in [shape, *r.sample(smaller, 2)]:
        static = r.choice([given, None, [None] * len(given)])
        feed[fg.placeholder(fg.float32, static)] = numbers.normal(size=given).astype(np.float32)
    variable = fg.Variable(numbers.normal(size=shape).astype(np.float32))
    one = [fg.tanh, fg.sigmoid, fg.square, fg.nn.relu, lambda x: fg.exp(-fg.abs(x)),
           fg.nn.softmax, fg.nn.log_softmax, lambda x: fg.nn.l2_normalize(x, -1), fg.nn.softplus,
           lambda x: fg.reduce_logsumexp(x, -1, keepdims=True) + x, _layer_norm,
           lambda x: fg.where(x > 0.2, x, fg.zeros_like(x)), fg.nn.elu, fg.nn.relu6,
           lambda x: fg.cast(fg.greater(x, 0.1), fg.float32) + 0.5, lambda x: fg.maximum(x, -x)]
    two = [fg.add, fg.subtract, fg.multiply, fg.minimum, fg.squared_difference,
           lambda a, b: fg.add_n([a, a + b])]
    ends = [fg.reduce_sum, lambda x: fg.reduce_mean(x, 0), lambda x: fg.reduce_min(x, -1),
            lambda x: fg.reduce_max(x, 0, keepdims=True), fg.reduce_mean]
    found = [*feed, variable * 1.0]
    for _ in range(r.randint(4, 20)):
        make = r.choice([r.choice(one), r.choice(two), r.choice(two), r.choice(ends)])
        arguments = r.choices(found[-8:], k=2 if make in two else 1)
        try:
            found.append(make(*arguments))
        except ValueError:  # the shapes do not fit, or there is no such axis
            continue
    return found, feed, [variable]


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_give_the_same_in_tiles(seed) -> None:
    r = random.Random(seed)
    shape = r.choice([(12,), (5, 7), (3, 4, 2), (1, 40), (40, 1), (6, 6)])
    values, feed, variables = _values(r, shape)
    fetches = [*r.sample(values, 2), values[-1]]
    gradients = fg.gradients(fg.reduce_sum(values[-1] * 0.3), [*feed, *variables])
    fetches += [gradient for gradient in gradients if gradient is not None]
    results = []
    for options in ({"passes": []}, {}, {"runner": "interpreter"}, {"poison": True}):
        session = fg.Session(**options)
        session.run(fg.global_variables_initializer())
        try:
            results.append([session.run(fetches, feed) for _ in range(3)][-1])
        except fg.errors.InvalidArgumentError:
            results.append(None)  # the shapes of the feeds do not fit: everywhere or nowhere
    for other in results[1:]:
        assert (other is None) == (results[0] is None)
        for a, b in zip(results[0] or (), other or (), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(b, a, rtol=2e-4, atol=2e-5)


def test_groups_use_no_buffers_for_what_stays_inside() -> None:
    x = fg.placeholder(fg.float32, [64, 64], name="x")
    y = x
    for _ in range(20):
        y = fg.tanh(y) * 1.5
    plan = plan_of(fg.reduce_sum(y), {x: np.zeros((64, 64))})
    assert plan.buffers.peak_bytes == 0


def test_threads_share_a_session_with_groups() -> None:
    from concurrent.futures import ThreadPoolExecutor
    x = fg.placeholder(fg.float32, [100, 10], name="x")
    y = fg.reduce_sum(fg.exp(fg.tanh(x) * 0.5), 1)
    session = fg.Session()

    def run(seed: int) -> bool:
        given = np.random.default_rng(seed).normal(size=(100, 10)).astype(np.float32)
        expected = np.exp(np.tanh(given) * np.float32(0.5)).sum(1)
        return all(np.allclose(session.run(y, {x: given}), expected, rtol=1e-5) for _ in range(20))

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(run, range(12)))


def test_an_argument_that_is_not_contiguous_is_cut_right() -> None:
    x = fg.placeholder(fg.float32, [6, 8], name="x")
    given = np.arange(96, dtype=np.float32).reshape(8, 12).T[::2]
    assert not given.flags.c_contiguous
    y = fg.sqrt(x + 1.0) * 2.0
    np.testing.assert_allclose(fg.Session().run(y, {x: given}), np.sqrt(given + 1) * 2, rtol=1e-6)
    assert re.search("tile", source_of(y, {x: given}))


SPECIAL = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-42, -1e-42, 3e38, -3e38, 0.5, -2.5, 7.0],
                   np.float32)


@pytest.mark.parametrize("name,function", [
    ("relu", fg.nn.relu), ("relu6", fg.nn.relu6), ("leaky_relu", fg.nn.leaky_relu),
    ("elu", fg.nn.elu), ("selu", fg.nn.selu), ("softplus", fg.nn.softplus), ("sigmoid", fg.sigmoid),
    ("softsign", fg.nn.softsign), ("where", lambda x: fg.where(x > 0.1, x, x * 3.0)),
    ("where_zero", lambda x: fg.where_v2(x > 0.1, x, 0.0)), ("rsqrt", fg.rsqrt), ("sign", fg.sign),
    ("zero_where", lambda x: fg.where(x > 0.1, fg.zeros_like(x), x)),
    ("squared_difference", lambda x: fg.squared_difference(x, 2.0)),
    ("div_no_nan", lambda x: fg.div_no_nan(x, x - 0.5)), ("maximum", lambda x: fg.maximum(x, -0.5)),
    ("cast", lambda x: fg.cast(fg.cast(x > 0.2, fg.float64), fg.float32)),
    ("clip", lambda x: fg.clip_by_value(x, -1.0, 1.0)), ("tanh", fg.tanh),
    ("negated_absolute", lambda x: fg.exp(-fg.abs(x)))])
@pytest.mark.parametrize("dtype", [fg.float16, fg.float32, fg.float64])
def test_lines_of_one_operation_give_the_same_bits(name, function, dtype) -> None:
    x = fg.placeholder(dtype, [12, 5], name="x")
    if dtype != fg.float32 and name == "cast":
        pytest.skip("casts to float32")
    y = function(fg.negative(x)) * 1.0
    dx = fg.gradients(y, x)[0] if name not in ("cast", "sign") else y
    given = np.stack([np.roll(SPECIAL, i) for i in range(5)], 1)
    with np.errstate(all="ignore"):
        given = given.astype(dtype.as_numpy_dtype)
    plain, other = (fg.Session(passes=passes) for passes in ([], ["elementwise_groups"]))
    for a, b in zip(plain.run([y, dx], {x: given}), other.run([y, dx], {x: given}), strict=True):
        np.testing.assert_array_equal(b, a)
        np.testing.assert_array_equal(np.signbit(b[b == 0]), np.signbit(a[a == 0]))
    assert "_tile(" in source_of([y, dx], {x: given}, ["elementwise_groups"])


def test_rows_of_a_softmax_and_its_gradient_run_in_one_function() -> None:
    x = fg.placeholder(fg.float32, [8, 6], name="x")
    y = fg.nn.softmax(x, name="y")
    gradient, = fg.gradients(fg.reduce_sum(fg.square(y, name="square"), name="loss"), x)
    source = source_of(gradient, {x: np.zeros((8, 6))})
    assert source.split("\n\n\n")[-2] == """\
def y_grad_mul_1_tile(first, last, x, y_grad_mul_1, t0, t1, t2):  # 4 tiles of 2 rows
    x, y_grad_mul_1, t0, t1 = x[first:last], y_grad_mul_1[first:last], t0[:last - first], \
t1[:last - first]
    t2, = t2[:last - first],
    y_in = row_max(x)  # y
    np.subtract(x, y_in, out=t0)  # y
    np.exp(t0, out=t0)  # y
    y_in_1 = row_sum(t0)  # y
    y = np.divide(t0, y_in_1, out=t0)  # y
    square_grad_mul = np.multiply(c2_0, y, out=t1)  # gradients/square_grad/mul
    y_grad_mul = np.multiply(square_grad_mul, y, out=t2)  # gradients/y_grad/mul
    y_grad_Sum = row_sum(y_grad_mul)  # gradients/y_grad/Sum
    y_grad_sub = np.subtract(square_grad_mul, y_grad_Sum, out=t1)  # gradients/y_grad/sub
    np.multiply(y_grad_sub, y, out=y_grad_mul_1)  # gradients/y_grad/mul_1"""


@pytest.mark.parametrize("columns", [1, 2, 5, 20, 21, 64, 65, 200])
@pytest.mark.parametrize("rows", [7, 500])
def test_reductions_of_rows_are_numpys(columns, rows) -> None:
    x = np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
    x[2, columns // 2] = np.nan
    np.testing.assert_array_equal(tiles.row_max(x), x.max(axis=1, keepdims=True))
    np.testing.assert_array_equal(tiles.row_min(x), x.min(axis=1, keepdims=True))
    np.testing.assert_allclose(tiles.row_sum(x), x.sum(axis=1, keepdims=True), rtol=1e-5, atol=1e-5)
    cube = x.reshape(rows, columns, 1).repeat(3, 2)
    np.testing.assert_array_equal(tiles.row_max(cube), cube.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(tiles.row_sum(cube), cube.sum(axis=-1, keepdims=True), rtol=1e-5)


def test_a_long_function_looks_numpys_functions_up_once() -> None:
    x = fg.placeholder(fg.float32, [None, 6], name="x")
    y = x
    for _ in range(7):
        y = fg.maximum(fg.tanh(y * 1.5 + 0.5), x)
    given = {x: np.linspace(-2, 2, 48).reshape(8, 6)}
    source = source_of(y, given)
    assert "np_multiply, np_add, np_tanh = np.multiply, np.add, np.tanh" in source
    assert "np_multiply(x, c1_5, " in source and "np.maximum(" in source and "np.add(" not in source
    expected = fg.Session(passes=[]).run(y, given)
    assert (fg.Session().run(y, given) == expected).all()


@pytest.mark.parametrize(("count", "numbers"), [(3, 131_072), (30, 32_768)])
def test_calls_of_several_threads_stay_long_however_many_arrays_a_group_has(count, numbers,
                                                                            monkeypatch) -> None:
    monkeypatch.undo()  # tiles as large as they are outside of these tests
    arrays = [fg.placeholder(fg.float32, [1 << 20]) for _ in range(count)]
    y = fg.add_n([fg.tanh(x) for x in arrays])
    source = source_of(y, {x: np.zeros(1 << 20, np.float32) for x in arrays})
    assert f"tiles of {numbers:,} numbers" in source


def test_long_tiles_begin_at_lines_of_the_cache(monkeypatch) -> None:
    monkeypatch.setattr(tiles, "TILE", 1 << 15)
    x = fg.placeholder(fg.float32, [100_001], name="x")
    numbers = np.linspace(-2, 2, 100_001, dtype=np.float32)
    y = fg.exp(fg.tanh(x) * 2.0)
    assert re.search(r"# \d+ tiles of [\d,]+ numbers", source_of(y, {x: numbers}))
    length = int(re.search(r"tiles of ([\d,]+)", source_of(y, {x: numbers}))[1].replace(",", ""))
    assert length % 64 == 0 and length <= (1 << 14) + 64
    expected = fg.Session(passes=[]).run(y, {x: numbers})
    assert (fg.Session().run(y, {x: numbers}) == expected).all()


@pytest.mark.parametrize(("zero_is_first", "number", "calls"), [
    (False, 0.0, 2), (True, 0.0, 3), (False, -0.0, 4), (True, 1.0, 4)])
def test_a_choice_of_zeros_masks_the_other_one(zero_is_first, number, calls) -> None:
    x = fg.placeholder(fg.float32, [12, 6], name="x")
    given = {x: np.stack([np.roll(SPECIAL, i) for i in range(6)], 1)}
    arrays = [fg.exp(x), fg.constant(number)]
    y = fg.negative(fg.where_v2(x > 1.0, *(arrays[::-1] if zero_is_first else arrays)), name="y")
    source = source_of(y, given)
    assert sum(f"np.{name}(" in line for line in source.splitlines() for name in
               ("negative", "bitwise_and", "bitwise_xor", "invert")) == calls + 1
    expected, found = (fg.Session(passes=passes).run(y, given) for passes in ([], None))
    assert found.tobytes() == expected.tobytes()


def test_a_negated_absolute_value_sets_the_sign() -> None:
    x = fg.placeholder(fg.float32, [12, 6], name="x")
    given = {x: np.stack([np.roll(SPECIAL, i) for i in range(6)], 1)}
    absolute = fg.abs(x)
    source = source_of(fg.exp(-absolute), given)
    assert "np.bitwise_or(x.view(np.uint32), c2147483648_uint32, out=" in source
    assert "np.absolute" not in source
    assert "np.absolute" in source_of([fg.exp(-absolute), absolute], given)


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_a_member_that_fails_is_named_with_its_line(runner, monkeypatch) -> None:
    def row_sum(x):
        raise MemoryError

    monkeypatch.setattr(tiles, "row_sum", row_sum)
    x = fg.placeholder(fg.float32, [8, 6], name="x")
    y = fg.exp(fg.nn.softmax(fg.tanh(x, name="before"), name="soft"), name="after")
    with pytest.raises(MemoryError) as raised:
        fg.Session(runner=runner).run(y, {x: np.ones((8, 6), np.float32)})
    note, = raised.value.__notes__
    assert note.startswith(f"raised by Softmax 'soft' (test_tiles.py:{y.op.frame.lineno})")
    assert "'before'  (8, 6) float32" in note


def test_an_error_names_the_inputs_as_the_graph_does() -> None:
    x = fg.placeholder(fg.float32, [4], name="x")
    places = fg.placeholder(fg.int32, [1], name="places")
    same = fg.constant(0, name="same") + fg.cast(x[0], fg.int32)  # merged with the gather's axis
    picked = fg.gather(x, places, name="picked")
    told = []
    for passes in ([], None):
        with pytest.raises(fg.errors.InvalidArgumentError) as raised:
            fg.Session(passes=passes).run([same, picked], {x: np.ones(4), places: [7]})
        told.append(raised.value.message)
    assert told[0] == told[1]
    assert "'picked/axis'" in told[0]


def test_a_tile_full_of_a_number_is_full_when_another_thread_sees_it(monkeypatch) -> None:
    x = fg.placeholder(fg.float32, [64, 2])
    plan = plan_of([fg.nn.elu(x * 2.0)], {x: np.zeros((64, 2))})
    function = next(step.kernel for step in plan.steps
                    if isinstance(step.kernel, tiles.TileFunction))
    seen: list = []

    class Meanwhile(np.ndarray):
        """An array during whose filling another thread asks for the tiles."""

        def __setitem__(self, key, value) -> None:
            if not seen:
                seen.append(None)
                seen.extend(np.array(function.full_tiles()))
            super().__setitem__(key, value)

    monkeypatch.setattr(tiles.aligned, "empty", lambda shape, dtype: np.full(
        shape, np.nan, dtype).view(Meanwhile))
    function.full_tiles()
    assert len(seen) == 2
    np.testing.assert_array_equal(seen[1], 0.0)


@pytest.mark.parametrize("function", [fg.log1p, fg.math.expm1, fg.nn.elu, fg.nn.selu,
                                      fg.nn.softplus, fg.erf],
                         ids=lambda function: function.__name__)
def test_functions_that_tiles_compute_in_a_way_of_their_own(function) -> None:
    special = [0, -0.0, np.inf, -np.inf, np.nan, -1, 1e-37, 88.5, 89, -100, 3e38]
    numbers = np.concatenate([np.linspace(-20, 20, 1 << 17), special]).astype(np.float32)
    x = fg.placeholder(fg.float32, [None])
    y = function(x * 1.0) + 1e-38
    with fg.Session() as session, fg.Session(passes=[], runner="interpreter") as plain:
        source = session.explain(y, {x: numbers}, file=io.StringIO()).source
        np.testing.assert_allclose(session.run(y, {x: numbers}), plain.run(y, {x: numbers}), 1e-6)
    assert f"np.{function.__name__}" not in source
    assert "_tile(" in source
