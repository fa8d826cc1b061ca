"""Generated source: golden texts, names that cannot break it, and errors that show its lines."""

from __future__ import annotations

import linecache
import re
import textwrap
import traceback

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.plan.source import Source
from flowgraph.program.pipeline import PLANNING
from tests.plan.plans import assert_same_everywhere, plan_of, source_of


def code(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


# ---- what it looks like --------------------------------------------------------------------------


def bare(text: str) -> str:
    """The source without the comments behind its lines."""
    return re.sub(r" +# .*", "", text)


def test_a_training_step_reads_as_numpy() -> None:
    x = fg.placeholder(fg.float32, [None, 4], name="x")
    w = fg.Variable(np.ones((4, 3), np.float32), name="w")
    b = fg.Variable(np.zeros(3, np.float32), name="b")
    h = fg.nn.relu(fg.matmul(x, w) + b, name="h")
    loss = fg.reduce_sum(fg.square(h, name="sq"), name="loss")
    dw, db = fg.gradients(loss, [w, b])
    step = fg.group(fg.assign_sub(w, 0.1 * dw, name="w_new"),
                    fg.assign_sub(b, 0.1 * db, name="b_new"))
    assert bare(source_of([loss, step], {x: np.ones((2, 4))})) == code("""
        sq_grad_mul_x = np.array(2.0, np.float32)
        mul_x = np.array(0.1, np.float32)


        def run(feeds, state, buffers, nodes):
            x, = feeds
            w, b = state
            b0, b1, b2, b3 = buffers
            MatMul = np.dot(x, w, out=b0)
            add = np.add(MatMul, b, out=b0)
            h = np.maximum(add, 0, out=b0)
            sq = np.square(h, out=b1)
            loss = sq.sum(axis=(0, 1), dtype=sq.dtype)
            sq_grad_mul = np.multiply(sq_grad_mul_x, h, out=b1)
            h_grad_ReluGrad = np.multiply(sq_grad_mul, np.greater(h, 0, out=b0), out=b0)
            add_grad_Sum = h_grad_ReluGrad.sum(axis=(0,), dtype=h_grad_ReluGrad.dtype, out=b2)
            MatMul_grad_MatMul_1 = np.dot(x.T, h_grad_ReluGrad, out=b3)
            mul = np.multiply(mul_x, MatMul_grad_MatMul_1, out=b3)
            w_new = np.subtract(w, mul)
            mul_1 = np.multiply(mul_x, add_grad_Sum, out=b2)
            b_new = np.subtract(b, mul_1)
            return (loss,), (w_new, b_new)
    """)


def test_moving_data_reads_as_numpy() -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    part = fg.transpose(x)[1:, ::2]
    both = fg.concat([part, part * 2.0], axis=1)
    first, second = fg.unstack(fg.reshape(both, [4, 1])[1:3], name="row")
    largest = fg.reduce_max(x, axis=1, keepdims=True, name="largest")
    fetches = [first + second, x[..., None], largest]
    assert bare(source_of(fetches, {x: np.ones((2, 3))})) == code("""
        mul_y = np.array(2.0, np.float32)


        def run(feeds, state, buffers, nodes):
            x, = feeds
            b0, b1 = buffers
            transpose = np.transpose(x, (1, 0))
            strided_slice = transpose[1:, ::2]
            mul = np.multiply(strided_slice, mul_y, out=b0)
            concat = np.concatenate((strided_slice, mul), axis=1, out=b1)
            Reshape = np.reshape(concat, (4, 1))
            strided_slice_1 = Reshape[1:3]
            row, row_1 = Unpack(np, strided_slice_1, num=2)
            largest = Max(np, x, 1, keep_dims=True)
            add = np.add(row, row_1)
            strided_slice_2 = x[..., None]
            return (add, np.array(strided_slice_2), largest), ()
    """)


def test_comments_tell_specs_operations_and_the_users_lines() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    with fg.name_scope("a"):
        y = fg.tanh(x, name="y")
    feed, step, _ = Source(plan_of(y, {x: [1, 2]})).text.splitlines()[1:]
    assert feed.endswith(" # float32[2]")
    assert step.endswith(f" # a/y  test_source.py:{y.op.frame.lineno}")


def test_state_of_ops_writes_and_unknown_shapes() -> None:
    n = fg.placeholder(fg.int32, [], name="n")
    v = fg.Variable([1.0, 2.0], name="v")
    noise = fg.random_normal([2], seed=5, name="noise")
    fetches = [fg.zeros([n], name="z"), fg.assign_add(v, noise, name="v_new"),
               fg.assign(v, [0.0, 0.0], name="reset").op]
    text = source_of(fetches, {n: 3})
    assert "z = np.full((host(n),), 0.0" in text or "host(" in text
    assert "state=nodes[0])" in text
    assert text.splitlines()[-1] == "    return (z, v_new), (np.array(reset),)"


def test_numbers_are_written_out_and_arrays_described() -> None:
    x = fg.placeholder(fg.float64, [3], name="x")
    c = fg.constant([1.0, 2.0, 3.0], fg.float64, name="c")
    y = x * np.float64(1 / 3) + np.float64("inf") + c
    assert source_of(y, {x: [1, 2, 3]}).split("\n\n")[0] == code("""
        mul_y = np.array(0.3333333333333333, np.float64)
        add_y = np.array(float('inf'), np.float64)
        # c: a constant, float64[3]""")


@pytest.mark.parametrize("value", [
    np.float32(0.1), np.float64(1e-300), np.float16(0.1), np.int64(-2**63), np.uint64(2**64 - 1),
    np.float32(-0.0), np.float32("nan"), np.float32("-inf"), np.bool_(True), np.int8(-128),
    np.complex64(1 + 2j)], ids=lambda v: f"{v.dtype} {v}")
def test_constants_in_the_text_are_exact(value) -> None:
    result = fg.Session(runner="source", passes=[]).run(fg.identity(fg.constant(value)))
    assert result.dtype == value.dtype
    assert result.tobytes() == value.tobytes()


def test_long_names_lose_leading_scopes_and_stay_in_the_comment() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    with fg.name_scope("a_rather_long_scope"), fg.name_scope("another_long_scope"):
        y = fg.exp(x, name="exp")
    assert ("    another_long_scope_exp = np.exp(x)  # a_rather_long_scope/another_long_scope/exp"
            in source_of(y, {x: [1, 2]}))


def test_large_values_outside_the_buffers_are_deleted_at_their_last_use() -> None:
    x = fg.placeholder(fg.float32, [40_000], name="x")
    y = fg.reduce_sum(fg.py_func(lambda a: a, [x], fg.float32), 0, name="total")
    lines = source_of(y, {x: np.zeros(40_000)}).splitlines()
    assert lines[-2] == "    del PyFunc_1"


def test_the_source_compiles_to_the_same_numbers_as_the_interpreter() -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    y = fg.nn.softmax(fg.matmul(fg.tanh(x), fg.ones([3, 2])) + x[:, :2])
    feed = {x: np.arange(6).reshape(2, 3)}
    np.testing.assert_array_equal(fg.Session(runner="source").run(y, feed),
                                  fg.Session(runner="interpreter").run(y, feed))


# ---- names that could break it -------------------------------------------------------------------

NAMES = ["tuple", "range", "len", "slice", "np", "host", "run", "feeds", "state", "buffers",
         "nodes", "b0", "lambda", "None", "print", "Cast", "Relu", "Unpack", "take", "numpy_index",
         "float32", "i", "x.y", "x-y", "x_y", "1", ".dtype_float32", "a" * 300, "out"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
def test_no_name_of_an_operation_can_break_the_source(name) -> None:
    x = fg.placeholder(fg.float32, [2, 2], name=name)
    parts = fg.unstack(fg.nn.relu(x))
    fetches = [fg.cast(fg.stack(parts), fg.int32), fg.reduce_mean(x + 1.0, 0), x[1:, 0],
               fg.gather(x, [1]), fg.pad(x, [[1, 0], [0, 0]]), fg.concat([x, x], 0),
               fg.cast(x, fg.int64), fg.random_uniform([2], seed=1)]
    feed = {x: np.float32([[1, 2], [3, 4]])}
    for passes in (None, []):
        expected = fg.Session(runner="interpreter", passes=passes).run(fetches, feed)
        found = fg.Session(runner="source", passes=passes).run(fetches, feed)
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_array_equal(a, b)


HOSTILE = ["model\nraise SystemExit('run')\n.py", "a\r\x0b\x0c.py", "a\u2028b.py", "tab\t#.py",
           "'''\n", '"""', "\\", "a\x00b.py", "ünïcode.py", "{x} {out}.py", "%s.py"]


@pytest.mark.parametrize("filename", HOSTILE, ids=ascii)
def test_no_file_name_can_break_the_source(filename) -> None:
    program = "import flowgraph as fg\nx = fg.placeholder(fg.float32, [2])\ny = fg.tanh(x) + 1.0\n"
    scope = {}
    exec(compile(program, filename.replace("\x00", "?"), "exec"), scope)
    text = Source(plan_of(scope["y"], {scope["x"]: [1, 2]})).text
    assert len(text.splitlines()) == 9
    assert fg.Session(runner="source").run(scope["y"], {scope["x"]: [0, 0]}).tolist() == [1, 1]


def test_text_in_attributes_stays_text() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    nasty = "'\"\n{x}{out}\\ raise SystemExit"
    y = fg.check_numerics(x, nasty)
    assert fg.Session(runner="source").run(y, {x: [1, 2]}).tolist() == [1, 2]
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session(runner="source").run(y, {x: [np.nan, 2]})
    assert nasty in str(caught.value)


# ---- errors --------------------------------------------------------------------------------------


def failing():
    """A kernel that fails in the middle of a chain, and the number of the line that built it."""
    x = fg.placeholder(fg.float32, [3], name="x")
    i = fg.placeholder(fg.int32, [2], name="i")
    before = fg.tanh(x, name="before")
    bad = fg.gather(before, i, name="bad")
    line = bad.op.frame.lineno
    return fg.exp(bad, name="after"), {x: np.zeros(3), i: [0, 7]}, line


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_an_error_names_op_inputs_shapes_dtypes_and_the_users_line(runner) -> None:
    fetch, feed, line = failing()
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session(runner=runner).run(fetch, feed)
    text = str(caught.value)
    for part in (f"GatherV2 'bad' (test_source.py:{line})", "params =   'before'    (3,) float32",
                 "indices =  'i'         (2,) int32", "docs: errors#invalid-argument-error"):
        assert part in text
    assert caught.value.op.name == "bad"
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None


def test_the_traceback_of_a_failing_kernel_shows_the_generated_line() -> None:
    fetch, feed, line = failing()
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session(runner="source").run(fetch, feed)
    shown = "".join(traceback.format_exception(caught.value))
    assert 'File "<flowgraph plan ' in shown
    assert "bad = take(np, before, i, 0)" in shown
    assert f"# bad  test_source.py:{line}" in shown


def test_generated_sources_leave_linecache_with_their_plan() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    source = Source(plan_of(fg.tanh(x), {x: [1, 2]}))
    source.compile()
    filename = source.filename
    assert linecache.getline(filename, source.text.count("\n")).startswith("    return ")
    del source
    assert filename not in linecache.cache


def test_every_step_stands_on_one_line_of_its_own() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    source = Source(plan_of(fg.exp(fg.tanh(x, name="t"), name="e"), {x: [1, 2]}))
    lines = source.text.splitlines()
    assert [lines[n - 1].split()[0] for n in source.step_of_line] == ["t", "e"]
    assert [step.op.name for step in source.step_of_line.values()] == ["t", "e"]


class Broken(Exception):
    """A user's own exception, with more than a text."""

    def __init__(self, code, detail):
        super().__init__(code, detail)
        self.code_of_mine = code


@pytest.mark.parametrize("runner", ["interpreter", "source"])
@pytest.mark.parametrize(("raised", "tensorflows"), [
    (KeyError("mine"), fg.errors.UnknownError),
    (ValueError("mine"), fg.errors.InvalidArgumentError),
    (StopIteration("mine"), fg.errors.OutOfRangeError), (Broken(7, "mine"), fg.errors.UnknownError),
], ids=lambda value: getattr(value, "__name__", type(value).__name__))
def test_what_a_users_function_raises_keeps_its_class_and_gets_tensorflows(
        runner, raised, tensorflows) -> None:
    def fails(a):
        raise raised

    x = fg.placeholder(fg.float32, [2], name="x")
    y = fg.py_func(fails, [x], fg.float32, name="py")
    with pytest.raises(type(raised)) as caught:
        fg.Session(runner=runner).run(y, {x: [1, 2]})
    assert isinstance(caught.value, tensorflows)
    assert "PyFunc 'py' (test_source.py:" in str(caught.value)
    assert "mine" in str(caught.value)
    assert caught.value.args == raised.args
    assert getattr(caught.value, "code_of_mine", 7) == 7


def test_an_exception_that_cannot_be_joined_gets_a_note() -> None:
    def fails(a):
        raise OSError(2, "no such file")

    y = fg.py_func(fails, [fg.constant(1.0)], fg.float32, name="py")
    with pytest.raises(OSError, match="no such file") as caught:
        fg.Session().run(y)
    said = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert "PyFunc 'py' (test_source.py:" in said




def test_a_stack_of_small_products_is_split_over_the_cores() -> None:
    x = fg.placeholder(fg.float32, [32, 64, 128], name="x")
    source = source_of(fg.matmul(x, x, transpose_b=True, name="y"), {x: np.zeros((32, 64, 128))})
    assert "y = parallel.matmul(x, " in source
    assert "parallel" not in source_of(fg.matmul(x[:2], x[:2], transpose_b=True, name="z"),
                                       {x: np.zeros((32, 64, 128))})


def test_a_function_called_often_is_looked_up_once_and_is_given_its_out_by_position() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    np_tanh = y = fg.identity(x, name="np_tanh")  # the name that the function gets
    for _ in range(16):
        y = fg.tanh(y) + x
    for _ in range(15):
        y = fg.maximum(fg.sin(y), x)
    y = fg.concat([y, np_tanh], 0)
    text = bare(source_of(y, {x: [1, 2]}, passes=PLANNING))
    assert "    np_tanh, np_add = np.tanh, np.add\n" in text
    assert "    Tanh = np_tanh(np_tanh_1, b0)\n    add = np_add(Tanh, x, b0)\n" in text
    assert "Sin = np.sin(add_15, out=b0)" in text
    assert_same_everywhere([y], {x: [1, 2]})


def test_the_larger_of_two_gets_its_out_by_name_however_often() -> None:
    x = y = fg.placeholder(fg.float32, [2], name="x")
    for _ in range(20):
        y = fg.maximum(fg.sin(y), x)
    assert "np_maximum(Sin, x, out=b0)" in source_of(y, {x: [1, 2]}, passes=PLANNING)
    assert_same_everywhere([y], {x: [1, 2]})


def test_functions_without_a_buffer_are_looked_up_too() -> None:
    x = fg.placeholder(fg.float32, [3], name="x")
    rows = [fg.cumsum(fg.exp(x * i)) for i in range(20)]
    text = source_of(rows, {x: [1, 2, 3]}, passes=[])
    assert "Exp_1 = np_exp(mul_1)" in text
    assert_same_everywhere(rows, {x: [1, 2, 3]})
