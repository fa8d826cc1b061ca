"""Buffers: few, never shared by two values that are alive, written in place where it is safe."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.opdef.opdef import op_def
from flowgraph.plan.lifetime import Lifetimes
from flowgraph.plan.source import Source
from flowgraph.program.pipeline import PLANNING
from tests.plan.plans import assert_same_everywhere, plan_of, run_everywhere

X = np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4)


def chain(x, length):
    ops = [fg.tanh, lambda y: y * 1.5, fg.sin, lambda y: y - 0.25, fg.square, fg.cos]
    for i in range(length):
        x = ops[i % len(ops)](x)
    return x


def test_a_chain_of_90_elementwise_ops_on_512_by_512_uses_at_most_4_buffers() -> None:
    x = fg.placeholder(fg.float32, [512, 512], name="x")
    plan = plan_of(chain(x, 90), {x: np.zeros((512, 512))}, passes=PLANNING)
    assert len(plan.steps) == 90
    assert len(plan.buffers.sizes) <= 4
    assert plan.buffers.peak_bytes <= 4 * 512 * 512 * 4


def test_a_plain_chain_runs_in_a_single_buffer() -> None:
    x = fg.placeholder(fg.float32, [8, 8], name="x")
    assert plan_of(chain(x, 90), {x: np.zeros((8, 8))}).buffers.sizes == [256]


def test_a_gradient_of_a_long_chain_keeps_only_what_it_needs() -> None:
    x = fg.placeholder(fg.float32, [64, 64], name="x")
    loss = fg.reduce_sum(chain(x, 30))
    plan = plan_of(fg.gradients(loss, x), {x: np.zeros((64, 64))})
    assert len(plan.buffers.sizes) < len(plan.steps) / 1.5


def test_a_freed_buffer_serves_a_value_of_another_shape_and_dtype() -> None:
    x = fg.placeholder(fg.float32, [16], name="x")
    half = fg.reduce_sum(fg.reshape(fg.tanh(x), [4, 4]), 0)
    y = fg.cast(fg.sin(half), fg.float64) * 2.0 + 1.0
    plan = plan_of(y, {x: np.zeros(16)})
    assert len(plan.buffers.views) > len(plan.buffers.sizes)
    assert_same_everywhere([y], {x: np.arange(16)})


def test_a_small_value_does_not_take_a_huge_free_buffer() -> None:
    x = fg.placeholder(fg.float32, [100, 100], name="x")
    total = fg.reduce_sum(fg.tanh(x), 0)
    y = fg.sin(fg.exp(total)) + fg.reduce_sum(fg.cos(x))
    plan = plan_of(y, {x: np.zeros((100, 100))})
    for view in plan.buffers.views:
        used = int(np.prod(view.shape)) * view.dtype.itemsize
        assert plan.buffers.sizes[view.buffer] <= 2 * max(64, -(-used // 64) * 64)


# Each row: a graph on x (float32[4, 4]) where a careless plan would give wrong numbers.
TRAPS = {
    "x + transpose(x)": lambda x: [t := fg.tanh(x), t + fg.transpose(t)][1:],
    "transpose(x) + x": lambda x: [t := fg.tanh(x), fg.transpose(t) + t][1:],
    "x + reversed rows": lambda x: [t := fg.tanh(x), fg.add(t, t[::-1]) * 2.0][1:],
    "x + its own first row": lambda x: [t := fg.tanh(x), (t + t[0]) * 2.0][1:],
    "x - its mean": lambda x: [t := fg.tanh(x), (t - fg.reduce_mean(t, 0)) * 2.0][1:],
    "fetched in the middle": lambda x: [t := fg.tanh(x), fg.sin(t), t * 2.0],
    "a view fetched in the middle": lambda x: [t := fg.tanh(x), fg.reshape(t, [16]), fg.sin(t)],
    "a view used after its root": lambda x: [
        t := fg.tanh(x), v := fg.reshape(t, [2, 8]), fg.sin(t) * 2.0, fg.cos(v) * 2.0][2:],
    "used twice in one op": lambda x: [t := fg.tanh(x), fg.multiply(t, t) + t][1:],
    "used again later": lambda x: [t := fg.tanh(x), s := fg.sin(t), c := fg.cos(s), c + t + s][3:],
    "broadcast of a smaller one": lambda x: [t := fg.tanh(x)[0], (x * t + t) * t][1:],
    "matmul with itself": lambda x: [t := fg.tanh(x), fg.matmul(t, t) * 2.0][1:],
    "matmul in a chain": lambda x: [fg.matmul(fg.matmul(fg.tanh(x), fg.tanh(x)), fg.sin(x)) + 1.0],
    "sum of three": lambda x: [fg.add_n([fg.tanh(x), fg.sin(x), fg.cos(x)]) * 2.0],
    "the same in a sum": lambda x: [t := fg.tanh(x), fg.add_n([t, t, t]) * 2.0][1:],
    "softmax": lambda x: [fg.nn.softmax(fg.tanh(x)) * 2.0],
    "pieces put together": lambda x: [t := fg.tanh(x), fg.concat([t[2:], t[:2]], 0) * 2.0][1:],
    "select of two": lambda x: [t := fg.tanh(x), fg.where(t > 0.0, t, fg.transpose(t)) * 2.0][1:],
    "gather of rows": lambda x: [t := fg.tanh(x), fg.gather(t, [3, 0, 0, 1]) + t][1:],
    "parts of an unstack": lambda x: [sum(fg.unstack(fg.tanh(x))) * 2.0, fg.tanh(x)[1] * 3.0],
    "gradient": lambda x: fg.gradients(fg.reduce_sum(chain(x, 12) + fg.transpose(fg.tanh(x))), x),
    "identity of a dead value": lambda x: [t := fg.tanh(x), fg.identity(t) + fg.sin(t)][1:],
}


NEEDS_SHAPES = ["parts of an unstack"]


@pytest.mark.parametrize("build", TRAPS.values(), ids=TRAPS)
def test_reuse_of_memory_changes_no_number(build) -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    assert_same_everywhere(build(x), {x: X})


@pytest.mark.parametrize("build", [b for name, b in TRAPS.items() if name not in NEEDS_SHAPES])
def test_unknown_shapes_change_no_number(build) -> None:
    x = fg.placeholder(fg.float32, None, name="x")
    y = fg.py_func(lambda a: a, [x], fg.float32)  # of unknown shape also when it runs
    y.set_shape([4, 4])
    blurred = fg.placeholder_with_default(y, [None, None])
    assert_same_everywhere(build(blurred), {x: X})


def test_an_input_that_a_view_of_another_input_shares_is_not_written_over() -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    t = fg.tanh(x, name="t")
    y = fg.add(t, fg.transpose(t), name="y")
    plan = plan_of(fg.sin(y), {x: X})
    views = {step.op.name: step.view for step in plan.steps if step.view >= 0}
    assert plan.buffers.views[views["t"]].buffer != plan.buffers.views[views["y"]].buffer


def test_results_of_unknown_size_get_fresh_memory() -> None:
    x = fg.placeholder(fg.float32, [4], name="x")
    positive = fg.py_func(lambda a: a[a > 0], [x], fg.float32)
    plan = plan_of(fg.sin(fg.exp(positive)), {x: [1, 2, 3, 4]}, passes=PLANNING)
    assert [s.view for s in plan.steps if s.instr.op_def.type in ("Exp", "Sin")] == [-1, -1]


def test_strings_and_empty_arrays_get_no_buffer() -> None:
    x = fg.placeholder(fg.float32, [0, 3], name="x")
    assert plan_of(fg.sin(fg.exp(x)), {x: np.zeros((0, 3))}).buffers.sizes == []


def test_a_fetched_array_stays_as_it_is_when_the_plan_runs_again() -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    fetches = [fg.tanh(x), fg.sin(fg.tanh(x)), fg.reshape(fg.exp(x), [16])]
    for runner in ("interpreter", "source"):
        session = fg.Session(runner=runner)
        first = session.run(fetches, {x: X})
        copies = [a.copy() for a in first]
        session.run(fetches, {x: X * 2})
        for array, copy in zip(first, copies, strict=True):
            np.testing.assert_array_equal(array, copy)


def test_poison_finds_a_plan_that_reads_freed_memory(monkeypatch) -> None:
    made = Lifetimes.__init__

    def forgetful(self, program):
        made(self, program)
        for value in self.last_use:
            self.last_use[value] = next(i for i, instr in enumerate(program.instrs)
                                        if value in (*instr.inputs, *instr.outputs))

    monkeypatch.setattr(Lifetimes, "__init__", forgetful)
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    t = fg.tanh(x)
    y = fg.sin(fg.cos(t)) + t
    assert np.isnan(fg.Session(runner="interpreter", poison=True).run(y, {x: X})).all()


def test_each_run_in_progress_has_an_arena_of_its_own() -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    plan = plan_of(chain(x, 6), {x: X})
    one, other = plan.buffers.arena(), plan.buffers.arena()
    assert not any(np.may_share_memory(a, b) for a in one for b in other)


# ---- who owns what comes out and goes in ---------------------------------------------------------

Y = np.float32([[1, 2, 3], [4, 5, 6]])


def variable():
    return fg.Variable(Y, name="v")


# Each row: fetches on x (float32[2, 3]) whose arrays must be the caller's own.
FETCHES = {
    "a feed": lambda x: [x],
    "a feed twice": lambda x: [x, x],
    "identity(feed)": lambda x: [fg.identity(x)],
    "reshape(feed)": lambda x: [fg.reshape(x, [3, 2])],
    "transpose(feed) and feed": lambda x: [fg.transpose(x), x],
    "a slice of a feed": lambda x: [x[0], x[:, 1]],
    "a constant": lambda x: [fg.constant(Y)],
    "a view of a constant": lambda x: [fg.reshape(fg.constant(Y), [6])],
    "a large constant": lambda x: [fg.constant(np.zeros(500, np.float32))],
    "a folded constant": lambda x: [fg.exp(fg.constant(Y))],
    "a variable": lambda x: [variable()._variable],
    "a variable's read": lambda x: [variable().value()],
    "views of a variable": lambda x: [v := variable().value(), fg.reshape(v, [6]), v[0]],
    "the same tensor twice": lambda x: [t := fg.exp(x), fg.identity(t), t],
    "two views of one value": lambda x: [t := fg.exp(x), fg.reshape(t, [6]), fg.transpose(t)],
    "two slices of one value": lambda x: [t := fg.exp(x), t[0], t[1]][1:],
    "the parts of an unstack": lambda x: fg.unstack(fg.exp(x)),
    "the parts of a split": lambda x: fg.split(fg.exp(x), 3, axis=1),
    "an assign of a feed": lambda x: [fg.assign(variable(), x)],
    "an assign of a fetched value": lambda x: [t := fg.exp(x), fg.assign(variable(), t)],
    "an assign of a constant": lambda x: [fg.assign(variable(), fg.constant(Y))],
    "an addition to a variable": lambda x: [fg.assign_add(variable(), x)],
    "one value in two variables": lambda x: [t := fg.exp(x), fg.assign(variable(), t),
                                             fg.assign(fg.Variable(Y), t)],
    "one variable into another": lambda x: [fg.assign(variable(), fg.Variable(Y).value())],
    "a broadcast": lambda x: [fg.broadcast_to(fg.exp(x)[0], [2, 3])],
    "a broadcast of a feed": lambda x: [fg.broadcast_to(x, [4, 2, 3])],
    "a filled array": lambda x: [fg.fill([2, 3], fg.reduce_sum(x))],
    "zeros": lambda x: [fg.zeros_like(x), fg.zeros_like(x), fg.ones([2, 3])],
    "the result of a py_func": lambda x: [fg.py_func(lambda a: a, [x], fg.float32)],
    "a py_func's own array": lambda x: [fg.py_func(lambda a: OWN, [x], fg.float32)],
    "a cond-free select": lambda x: [fg.where(x > 0.0, x, x)],
}
OWN = Y.copy()


@pytest.mark.parametrize("runner", ["interpreter", "source"])
@pytest.mark.parametrize("passes", [None, [], list(PLANNING)], ids=["passes", "none", "planning"])
@pytest.mark.parametrize("build", FETCHES.values(), ids=FETCHES)
def test_fetched_arrays_are_the_callers_own(build, passes, runner) -> None:
    x = fg.placeholder(fg.float32, [2, 3], name="x")
    fetches = build(x)
    session = fg.Session(runner=runner, passes=passes)
    session.run(fg.global_variables_initializer())
    state = session._state.values
    constants = [op.attrs["value"] for op in fg.get_default_graph().get_operations()
                 if op.type == "Const"]
    for _ in range(2):
        fed = Y.copy()
        results = session.run(fetches, {x: fed})
        before = {name: np.array(value) for name, value in state.items()}
        for i, array in enumerate(results):
            assert array.flags.writeable
            others = [fed, OWN, *state.values(), *constants, *results[:i]]
            assert not any(np.may_share_memory(array, other) for other in others)
            array[...] = 77
        fed[...] = 88
        for name, value in state.items():
            np.testing.assert_array_equal(value, before[name])
    arrays = list(state.values())
    assert not any(np.may_share_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_the_caller_may_change_an_array_after_an_assign_of_it() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    v = fg.Variable([0.0, 0.0])
    session = fg.Session()
    fed = np.float32([1, 2])
    for _ in range(3):
        session.run(fg.assign(v, x).op, {x: fed})
        fed += 5
    assert session.run(v).tolist() == [11, 12]


def test_a_small_slice_does_not_keep_a_large_array_alive() -> None:
    x = fg.placeholder(fg.float32, [1000], name="x")
    first, last = run_everywhere([fg.exp(x)[:1], fg.reshape(fg.exp(x), [10, 100])],
                                 {x: np.zeros(1000)})[2]
    assert first.base is None or first.base.size == 1
    assert last.shape == (10, 100)


def test_constants_stay_read_only_in_every_runner() -> None:
    seen = []

    class Look:
        def before(self, step, arguments):
            seen.extend(a.flags.writeable for a in arguments if isinstance(a, np.ndarray))

        def after(self, *args):
            pass

    c = fg.constant([1.0, 2.0]) + 1.0
    session = fg.Session(passes=[])
    session.run_with_hooks(c, None, [Look()])
    assert seen == [False, False]
    scope = plan_source_globals(c)
    assert {name: value.flags.writeable for name, value in scope.items()
            if isinstance(value, np.ndarray)} == {"Const": False, "add_y": False}


def plan_source_globals(fetch):
    return Source(plan_of(fetch, passes=[])).compile().__globals__


GRADIENTS = ["SigmoidGrad", "TanhGrad", "ReluGrad"]


@pytest.mark.parametrize("swap", [False, True], ids=["y first", "dy first"])
@pytest.mark.parametrize("kind", GRADIENTS)
def test_kernels_that_write_in_steps_are_right_in_place(kind, swap) -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    a, b = fg.exp(x * 0.5), fg.sin(x)  # in buffers, and used nowhere else
    both = (a, b) if swap else (b, a)
    same = fg.cos(x)
    fetches = [op_def(kind).build(*both), op_def(kind).build(same, same) + 0.0]
    assert_same_everywhere(fetches, {x: X})


def test_out_is_the_memory_of_y_but_not_of_dy() -> None:
    x = fg.placeholder(fg.float32, [4, 4], name="x")
    y, dy = fg.exp(x, name="y"), fg.sin(x, name="dy")
    plan = plan_of(fg.cos(op_def("TanhGrad").build(y, dy, name="dx")), {x: X}, passes=PLANNING)
    buffer = {step.op.name: plan.buffers.views[step.view].buffer for step in plan.steps
              if step.view >= 0}
    assert buffer["dx"] == buffer["y"] != buffer["dy"]
