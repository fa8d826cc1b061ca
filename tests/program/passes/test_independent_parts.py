"""Independent parts: what runs side by side, what does not, and that results stay the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import pool
from flowgraph.program.lanes import nanoseconds
from flowgraph.program.passes import independent_parts as module
from flowgraph.program.passes.independent_parts import independent_parts
from flowgraph.program.pipeline import PASSES, PLANNING
from flowgraph.program.specs import specialise
from tests.plan.plans import run_everywhere
from tests.program.programs import program_of

ALL_BUT_LANES = [name for name in [*PASSES, *PLANNING] if name != "independent_parts"]


@pytest.fixture(autouse=True)
def two_cores_and_small_lanes(monkeypatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 2)
    monkeypatch.setattr(module, "LEAST", 20_000.0)


def branch(x, name, layers=3, size=128):
    rng = np.random.default_rng(len(name))
    for i in range(layers):
        w = fg.constant(rng.normal(size=(size, size)).astype(np.float32) / 8, name=f"{name}_w{i}")
        x = fg.tanh(fg.matmul(x, w), name=f"{name}{i}")
    return x


def image(name="x", rows=64, size=128):
    return fg.placeholder(fg.float32, [rows, size], name=name)


def lanes_of(fetches, feeds) -> list[list[list[str]]]:
    """Per instruction with lanes, what each lane returns."""
    program = independent_parts(program_of(fetches, feeds))
    return [[[value.name for value in lane.fetches] for lane in instr.bodies]
            for instr in program.instrs if instr.op_def.type == "SideBySide"]


def feed(x):
    return {x: np.random.default_rng(0).normal(size=x.shape.as_list()).astype(np.float32)}


def test_branches_run_side_by_side_and_what_joins_them_after() -> None:
    x = image()
    joined = fg.add(branch(x, "left"), branch(x, "right"), name="joined")
    assert lanes_of(joined, [x]) == [[["left2"], ["right2"]]]


def test_what_both_need_comes_before() -> None:
    x = image()
    scaled = fg.multiply(x, 2.0, name="scaled")
    program = independent_parts(program_of(branch(scaled, "left") + branch(scaled, "right"), [x]))
    assert [instr.op_def.type for instr in program.instrs] == ["Mul", "SideBySide", "AddV2"]


def test_lanes_are_shared_out_evenly() -> None:
    x = image()
    total = fg.add_n([branch(x, "a", 4), branch(x, "b", 2), branch(x, "c", 2)])
    assert lanes_of(total, [x]) == [[["a3"], ["b1", "c1"]]]


def test_a_second_section_begins_where_lanes_meet() -> None:
    x = image()
    middle = branch(x, "a") + branch(x, "b")
    assert lanes_of(branch(middle, "c") + branch(middle, "d"), [x]) == [[["a2"], ["b2"]],
                                                                        [["c2"], ["d2"]]]


@pytest.mark.parametrize("build", [
    lambda x: branch(x, "alone", 6),
    lambda x: branch(x, "a", 6) + branch(x, "b", 1),  # one core would wait for the other
    lambda x: branch(x[:8, :16], "a", size=16) + branch(x[:8, :16], "b", size=16),
    lambda x: fg.tanh(x) + fg.sin(x),
], ids=["a chain", "uneven", "small", "elementwise"])
def test_what_does_not_pay_stays_in_line(build) -> None:
    x = image()
    assert lanes_of(build(x), [x]) == []


def test_steps_that_are_split_over_the_cores_anyway_stay_in_line(monkeypatch) -> None:
    monkeypatch.setattr(module, "SPLIT", 30_000.0)
    x = image()
    assert lanes_of(branch(x, "a") + branch(x, "b"), [x]) == []


def test_unknown_sizes_have_no_lanes() -> None:
    x = fg.placeholder(fg.float32, [None, 128])
    assert lanes_of(branch(x, "a") + branch(x, "b"), [x]) == []


def test_lanes_of_a_body_that_is_planned_for_its_shapes_later() -> None:
    x = image()
    left, right = branch(x, "left"), branch(x, "right")
    program = independent_parts(program_of([left, left * 2.0, right], [x]))
    assert [len(lane.fetches) for instr in program.instrs for lane in instr.bodies] == [2, 1]
    told = specialise(program, ((64, 128),))
    assert [value.spec.shape for value in told.fetches] == [(64, 128)] * 3


def test_one_core_has_no_lanes(monkeypatch) -> None:
    monkeypatch.setattr(module, "cores", lambda: 1)
    x = image()
    assert lanes_of(branch(x, "a") + branch(x, "b"), [x]) == []


def test_processors_that_the_user_named_have_a_lane_each() -> None:
    x = image()
    towers = []
    for i, device in enumerate(["/cpu:0", "/device:CPU:1", "/cpu:0"]):
        with fg.device(device):
            towers.append(branch(x, f"tower{i}_", 3 - i))
    assert lanes_of(fg.add_n(towers), [x]) == [[["tower0_2", "tower2_0"], ["tower1_1"]]]


def on_two_processors(x):
    """Two columns that meet in a layer; the gradient of their weights."""
    rng = np.random.default_rng(0)
    weights, heads = [], []
    for i in range(2):
        with fg.device(f"/cpu:{i}"):
            h = x
            for _ in range(2):
                weights.append(fg.constant(rng.normal(size=(128, 128)).astype(np.float32) / 8))
                h = fg.tanh(fg.matmul(h, weights[-1]))
            heads.append(h)
    with fg.device("/cpu:0"):
        last = fg.matmul(fg.concat(heads, 1), fg.ones([256, 128]), name="meet")
        loss = fg.reduce_mean(fg.square(fg.tanh(last)))
    return fg.gradients(loss, weights, colocate_gradients_with_ops=True)


def test_gradients_go_side_by_side_behind_the_layer_where_columns_meet() -> None:
    x = image()
    forward, backward = lanes_of(on_two_processors(x), [x])
    assert [len(lane) for lane in forward] == [2, 2]
    names = [[name.rsplit("/", 1)[0] for name in lane if "MatMul_grad" in name or "_grad/MatMul"
              in name] for lane in backward]
    first, second = ({name.split("/")[1] for name in lane} for lane in names)
    assert len(first) == len(second) == 2 and not first & second


def test_what_meets_again_and_again_is_planned_in_time() -> None:
    """A ladder in which nothing can be split: as many tries as there are heavy instructions."""
    x = h = image()
    searched = 0
    for i in range(40):
        with fg.device(f"/cpu:{i % 2}"):
            h = fg.matmul(h, fg.ones([128, 128])) + fg.reduce_sum(fg.matmul(h, fg.ones([128, 128])))
    add = module._Search.add

    def counted(*args):
        nonlocal searched
        searched += 1
        return add(*args)

    program = program_of(h, [x])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module._Search, "add", counted)
        independent_parts(program)
    assert searched <= (module._TRIES + 1) * len(program.instrs)


def training(x):
    """Two towers, trained: what each of the runs fetches."""
    rng = np.random.default_rng(0)
    heads = []
    for _ in range(2):
        h = x
        for _ in range(3):
            w = fg.Variable(rng.normal(size=(128, 128)).astype(np.float32) / 8)
            h = fg.nn.dropout(fg.tanh(fg.matmul(h, w)), keep_prob=0.9, seed=1)
        heads.append(h)
    loss = fg.reduce_mean(fg.square(heads[0] - heads[1]))
    return fg.train.GradientDescentOptimizer(0.5).minimize(loss), loss


@pytest.mark.parametrize("runner", ["interpreter", "source"])
def test_training_gives_the_same(runner) -> None:
    x = image()
    fg.set_random_seed(3)
    step, loss = training(x)
    variables = fg.trainable_variables()
    results = []
    for passes in (None, ALL_BUT_LANES, []):
        session = fg.Session(runner=runner, passes=passes)
        session.run(fg.global_variables_initializer())
        losses = [session.run([step, loss], feed(x))[1] for _ in range(4)]
        results.append([*losses, *session.run(variables)])
    for found in results[1:]:
        for a, b in zip(results[0], found, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=1e-5)


def test_updates_of_variables_come_after_the_lanes_and_are_no_lanes_themselves() -> None:
    x = image()
    step, loss = training(x)
    program = independent_parts(program_of([loss, step], [x]))
    types = [instr.op_def.type for instr in program.instrs]
    last = max(i for i, found in enumerate(types) if found == "SideBySide")
    assert types.count("AssignSub") == types[last:].count("AssignSub") == 6
    weights = [fg.get_variable(f"alone{i}", [256, 256]) for i in range(2)]
    pull = fg.add_n([fg.reduce_sum(fg.square(fg.matmul(w, x[:1, :1] * fg.ones([256, 1]))))
                     for w in weights])
    descend = fg.train.RMSPropOptimizer(0.1).minimize(pull, var_list=weights)
    assert lanes_of(descend, [x]) == []


def test_results_are_the_same_everywhere() -> None:
    x = image()
    fetches = [branch(x, "a") + branch(x, "b"), x, 2 * branch(x, "b")]
    first, *others = run_everywhere(fetches, feed(x))
    for other in others:
        for a, b in zip(first, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=5e-6)  # one thread of BLAS or two


def test_lanes_run_in_threads_of_their_own(monkeypatch) -> None:
    x = image()
    y = branch(x, "a") + branch(x, "b")
    session = fg.Session()
    session.run(y, feed(x))
    begun = threading.Event()
    real = pool._Batch.work

    def work(batch):
        if threading.current_thread().name == "flowgraph worker":
            begun.set()
        assert begun.wait(60)  # else this thread might have done all before the other one began
        real(batch)

    monkeypatch.setattr(pool._Batch, "work", work)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    session.run(y, feed(x))
    assert begun.is_set()


def test_an_error_in_a_lane_names_its_op() -> None:
    x = image()
    with fg.control_dependencies([]):
        wrong = fg.gather(branch(x, "b"), [7, 700], name="rows")
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"rows.*test_independent_parts"):
        fg.Session().run(fg.reduce_sum(branch(x, "a")) + fg.reduce_sum(fg.matmul(
            wrong, fg.zeros([128, 4096]))), feed(x))


def test_of_two_lanes_that_fail_the_first_is_told() -> None:
    x = image()
    rows = [fg.gather(branch(x, name), [7, 700], name=f"rows_{name}") for name in "ab"]
    total = fg.add_n([fg.reduce_sum(fg.matmul(part, fg.zeros([128, 4096]))) for part in rows])
    session = fg.Session()
    for _ in range(10):
        with pytest.raises(fg.errors.InvalidArgumentError, match="'rows_a'"):
            session.run(total, feed(x))


def test_steps_in_lanes_are_told_of(monkeypatch) -> None:
    x = image()
    y = fg.add(branch(x, "a"), branch(x, "b"), name="y")
    session = fg.Session()
    with fg.profile() as profile:
        session.run(y, feed(x))
    assert {"MatMul", "Tanh"} <= set(str(profile).split())
    explained = session.explain(y, feed(x))
    assert "SideBySide" in str(explained.source)


@pytest.mark.parametrize("shapes,least,most", [
    (((128, 256), (256, 64)), 5e4, 2e5), (((4, 4), (4, 4)), 0, 0)])
def test_the_cost_of_a_product(shapes, least, most) -> None:
    a, b = (fg.placeholder(fg.float32, shape) for shape in shapes)
    instr, = program_of(fg.matmul(a, b), [a, b]).instrs
    assert least <= nanoseconds(instr) <= most


def test_changes_of_rows_come_after_the_lanes_and_the_table_is_not_copied() -> None:
    table = fg.get_variable("table", [200_000, 128])
    x = image()
    ids = fg.range(0, 64)
    left = branch(x + fg.gather(table, ids), "left")
    right = branch(x, "right")
    changed = fg.scatter_add(table, ids, left, name="changed")
    program = independent_parts(program_of([changed, right], [x]))
    types = [instr.op_def.type for instr in program.instrs]
    assert types.index("SideBySide") < types.index("ScatterAdd")
    assert [value.name for lane in program.instrs[types.index("SideBySide")].bodies
            for value in lane.fetches] == ["left2", "right2"]


def test_the_time_of_rows_does_not_count_their_table() -> None:
    table = fg.get_variable("table", [200_000, 128])
    rows = fg.gather(table, fg.range(0, 64))
    changed = fg.scatter_add(table, fg.range(0, 64), rows)
    cost = {instr.op_def.type: nanoseconds(instr) for instr in program_of(changed, []).instrs}
    assert cost["GatherV2"] == cost["ScatterAdd"] == 64 * 128
