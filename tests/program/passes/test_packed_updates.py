"""Packed updates: variables that change by one formula are updated as one array."""

from __future__ import annotations

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes import packed_updates as packing
from flowgraph.program.passes.packed_updates import packed_updates
from flowgraph.program.pipeline import PASSES, optimise
from tests.program.programs import lines, program_of, text

OPTIMIZERS = {
    "sgd": lambda: fg.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: fg.train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda: fg.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "adam": lambda: fg.train.AdamOptimizer(0.01),
    "rmsprop": lambda: fg.train.RMSPropOptimizer(0.01, momentum=0.9),
    "centered": lambda: fg.train.RMSPropOptimizer(0.01, centered=True),
    "adagrad": lambda: fg.train.AdagradOptimizer(0.1),
    "adadelta": lambda: fg.train.AdadeltaOptimizer(0.1),
    "ftrl": lambda: fg.train.FtrlOptimizer(0.1),
}
SHAPES = [(4, 8), (3,), (16,), (2, 5), (), (64,)]


@pytest.fixture(autouse=True)
def packs_few(monkeypatch):
    monkeypatch.setattr(packing, "LEAST", 1)


def variables(dtype=np.float32):
    numbers = np.random.default_rng(3)
    return [fg.Variable(numbers.normal(size=shape).astype(dtype), name=f"v{i}")
            for i, shape in enumerate(SHAPES)]


def packs(program):
    """How many variables each pack of a program has."""
    return [len(read.variable.variables) for read in program.reads
            if hasattr(read.variable, "variables")]


@pytest.mark.parametrize("runner", ["interpreter", "source"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_are_those_of_one_variable_after_the_other(name, dtype, runner) -> None:
    everything = variables(dtype)
    x = fg.placeholder(everything[0].dtype.base_dtype, [None, 4])
    loss = fg.reduce_sum(fg.square(fg.matmul(x, everything[0]))) + fg.add_n(
        [fg.reduce_sum(fg.square(v - 1.0)) for v in everything])
    step = OPTIMIZERS[name]().minimize(loss)
    given = np.random.default_rng(5).normal(size=(3, 4)).astype(dtype)
    given[0, 0] = np.inf
    found = []
    for passes in ([], ["packed_updates", "double_buffering"], ["packed_updates"], None):
        with fg.Session(passes=passes, runner=runner, poison=runner == "interpreter") as session:
            session.run(fg.global_variables_initializer())
            for i in range(3):
                given[0, 0] = np.inf if i == 2 else 1.0
                session.run([step, loss], {x: given})
            found.append(session.run(fg.global_variables()))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_formula_is_applied_to_all_variables_at_once() -> None:
    a, b = fg.Variable([1.0, 2.0], name="a"), fg.Variable([[3.0]] * 16, name="b")
    x, y = fg.placeholder(fg.float32, [2], name="x"), fg.placeholder(fg.float32, [16, 1], name="y")
    step = fg.train.GradientDescentOptimizer(0.5, name="sgd").apply_gradients([(x, a), (y, b)])
    program = packed_updates(optimise(program_of([step], [x, y]), ["simplify", "dead_code",
                                                                   "fold_constants"]))
    assert text(program) == lines("""
        feed x float32[2]
        feed y float32[16, 1]
        state b_all float32[18], parts: b, a
        y_all float32[18] = Packed(y, x, pack=<2 tensors, 18 elements>)
        sgd/update_b/mul_all float32[18] = Mul(y_all, 0.5)
        sgd/update_b/AssignSub_all float32[18] = AssignSub(b_all, sgd/update_b/mul_all)
        write b_all = sgd/update_b/AssignSub_all, parts: b, a
        return nothing""")


def test_other_numbers_make_another_pack() -> None:
    everything = variables()
    loss = fg.add_n([fg.reduce_sum(fg.square(v)) for v in everything])
    steps = [fg.train.GradientDescentOptimizer(rate).minimize(loss, var_list=some)
             for rate, some in ((0.1, everything[:2]), (0.2, everything[2:]))]
    assert packs(optimise(program_of(steps))) == [3, 2]  # one is a single number


def test_a_variable_that_may_have_no_value_is_not_packed() -> None:
    a, b = fg.Variable([1.0, 2.0]), fg.Variable([3.0, 4.0])
    x, y = fg.placeholder(fg.float32, [2]), fg.placeholder(fg.float32, [2])
    step = fg.group(*(fg.assign(v, fg.square(z) * 0.1).op for v, z in ((a, x), (b, y))))
    tested = fg.is_variable_initialized(a)
    assert len(optimise(program_of([step], [x, y])).writes) == 1
    assert len(optimise(program_of([step, tested], [x, y])).writes) == 2


def test_updates_that_need_each_other_stay_in_order() -> None:
    a, b = fg.Variable([1.0, 2.0], name="a"), fg.Variable([3.0, 4.0], name="b")
    first = fg.assign_sub(a, fg.square(a) * 0.1)
    second = fg.assign_sub(b, fg.square(fg.cumsum(first)) * 0.1)
    program = program_of([fg.group(first, second)])
    assert packed_updates(program) is program
    found = []
    for passes in ([], None):
        session = fg.Session(passes=passes)
        session.run(fg.global_variables_initializer())
        session.run([first.op, second.op])
        found.append(session.run([a, b]))
    np.testing.assert_array_equal(found[0], found[1])


def test_gradients_that_need_each_other_are_put_together_when_all_are_there() -> None:
    """A gain's gradient is a product with 1/sqrt(variance), which the next layer's depends on."""
    h = x = fg.placeholder(fg.float32, [3, 4])
    gains = [fg.Variable([1.0, 2.0, 3.0, 4.0], name=f"gain{i}") for i in range(3)]
    for gain in gains:
        variance = fg.reduce_mean(fg.square(h), 0)
        h = h * (fg.rsqrt(variance + 1.0) * gain)
    step = fg.train.MomentumOptimizer(0.1, 0.9).minimize(fg.reduce_sum(fg.square(h)))
    program = optimise(program_of([step], [x]), [p for p in PASSES if "groups" not in p])
    assert packs(program) == [3, 3]
    types = [instr.op_def.type for instr in program.instrs]
    assert types.count("AssignSub") == 1 and types.count("Rsqrt") == 3
    given = np.random.default_rng(5).normal(size=(3, 4)).astype(np.float32)
    found = []
    for passes in ([], None):
        session = fg.Session(passes=passes)
        session.run(fg.global_variables_initializer())
        for _ in range(2):
            session.run(step, {x: given})
        found.append(session.run(fg.global_variables()))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


def test_few_updates_stay_as_they_are(monkeypatch) -> None:
    monkeypatch.setattr(packing, "LEAST", 24)
    a, b = fg.Variable([1.0, 2.0]), fg.Variable([3.0, 4.0])
    program = program_of([fg.group(*(fg.assign_add(v, fg.square(v) * 0.1) for v in (a, b)))])
    assert packed_updates(program) is program


@pytest.mark.parametrize("large", [1, 1 << 18])
def test_sums_of_all_parts_are_one_sum(monkeypatch, large) -> None:
    monkeypatch.setattr(packing, "LARGE", large)
    everything = [v for v in variables() if v.shape.rank]
    loss = fg.add_n([fg.reduce_sum(fg.square(v - 1.0)) for v in everything[::-1]])
    gradients, norm = fg.clip_by_global_norm(fg.gradients(loss, everything), 0.3)
    step = fg.train.MomentumOptimizer(0.1, 0.9).apply_gradients(
        zip(gradients, everything, strict=True))
    program = optimise(program_of([step, loss, norm]), [p for p in PASSES if "groups" not in p])
    types = [instr.op_def.type for instr in program.instrs]
    assert types.count("Sum") == 2
    assert types.count("Sub") == (3 if large == 1 else 2)  # one of them in the clipping
    assert not {"Unpacked", "Packed", "L2Loss", "AddN", "Pack"} & set(types)
    found = []
    for passes in ([], None):
        session = fg.Session(passes=passes)
        session.run(fg.global_variables_initializer())
        found.append([session.run([loss, norm, step])[:2] for _ in range(3)]
                     + session.run(everything))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5)


@pytest.mark.parametrize("terms", [
    lambda a, b: [fg.nn.l2_loss(a), fg.nn.l2_loss(a)],
    lambda a, b: [fg.nn.l2_loss(a), fg.reduce_sum(b)],
    lambda a, b: [fg.reduce_mean(a), fg.reduce_mean(b)],
    lambda a, b: [fg.nn.l2_loss(a), fg.nn.l2_loss(b), fg.nn.l2_loss(b * a[0])]])
def test_other_sums_stay(terms) -> None:
    a, b = fg.Variable([1.0, 2.0]), fg.Variable([3.0, 4.0, 5.0])
    total = fg.add_n(terms(a, b))
    step = fg.group(*(fg.assign_sub(v, v * 0.1) for v in (a, b)))
    program = optimise(program_of([step, total]))
    assert packs(program) == [2]
    assert {"AddN", "AddV2"} & {instr.op_def.type for instr in program.instrs}
    with fg.Session() as session, fg.Session(passes=[]) as plain:
        for each in (session, plain):
            each.run(fg.global_variables_initializer())
        np.testing.assert_allclose(session.run([total, step])[0], plain.run([total, step])[0])


def test_what_else_takes_a_part_gets_it() -> None:
    everything = variables()[:3]
    loss = fg.add_n([fg.reduce_sum(fg.square(v - 1.0)) for v in everything])
    optimizer = fg.train.MomentumOptimizer(0.1, 0.9)
    gradients, norm = fg.clip_by_global_norm(fg.gradients(loss, everything), 0.3)
    step = optimizer.apply_gradients(zip(gradients, everything, strict=True))
    slots = [optimizer.get_slot(v, "momentum") for v in everything]
    with fg.control_dependencies([step]):
        after = [fg.identity(v.read_value()) for v in (*everything, *slots)]
    fetches = [loss, norm, *gradients, *everything, *after]
    found = []
    for passes in ([], [*PASSES]):
        session = fg.Session(passes=passes)
        session.run(fg.global_variables_initializer())
        found.append([session.run(fetches) for _ in range(3)])
    for before, now in zip(*found, strict=True):
        for one, other in zip(before, now, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
