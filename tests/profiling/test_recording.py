"""Recordings: which steps, with what inputs, values, lines; in loops, in runs that raise."""

from __future__ import annotations

import dataclasses
import itertools
import warnings

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.runtime import notes as notes_module


def network():
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    w = fg.Variable(np.ones((3, 2), np.float32), name="w")
    return x, fg.nn.relu(fg.matmul(x, w, name="product"), name="activation")


def names(recording):
    return [step.op.name for step in recording.steps]


def session(**settings):
    sess = fg.Session(**settings)
    sess.run(fg.global_variables_initializer())
    return sess


@pytest.mark.parametrize("runner", ["auto", "source", "interpreter"])
def test_a_recording_tells_each_step(runner) -> None:
    x, y = network()
    recording = session(runner=runner).record(y, {x: np.ones((4, 3))}, values=True)
    np.testing.assert_array_equal(recording.results, np.full((4, 2), 3.0))
    product, activation = recording.steps
    assert (product.op.name, product.type, product.inputs) == ("product", "MatMul", ("x:0", "w:0"))
    assert (activation.inputs, activation.needs) == (("product:0",), (0,))
    assert product.line.startswith("product = np.") and "w" in product.line
    (output,) = product.outputs
    assert (output.name, output.dtype, output.shape, output.bytes) == (
        "product:0", "float32", (4, 2), 32)
    assert (output.statistics.min, output.statistics.sample, output.value) == (
        3, "[3, 3, 3, 3, 3, 3, ...]", None)
    assert (product.parent, product.round, product.calls, product.flops) == (-1, 0, 1, 48)
    assert product.thread == "MainThread"
    assert recording.title == "activation:0"
    assert recording.graph is fg.get_default_graph()


def test_times_nest_and_add_up() -> None:
    x, y = network()
    y = fg.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2.0), [0, y])[1]
    recording = session().record(y, {x: np.ones((4, 3))})
    spent = sum(step.self_seconds for step in recording.steps)
    assert spent + recording.planning + recording.overhead == pytest.approx(recording.seconds)
    for index, step in enumerate(recording.steps):
        inside = list(recording.inside(index))
        assert step.self_seconds + sum(s.seconds for s in inside) == pytest.approx(step.seconds)
        for inner in inside:
            assert step.start <= inner.start
            assert inner.start + inner.seconds <= step.start + step.seconds + 1e-9
    starts = [step.start for step in recording.steps]
    assert starts == sorted(starts) and starts[0] >= 0
    assert recording.steps[-1].start + recording.steps[-1].seconds <= recording.seconds


def test_planning_is_told_once_for_each_shape_of_feeds() -> None:
    x, y = network()
    sess = session()
    planned = [sess.record(y, {x: np.ones((n, 3))}).planning > 0 for n in (1, 1, 2, 1)]
    assert planned == [True, False, True, False]


VALUES = [(False, False, False), (True, True, False), ("arrays", True, True)]


@pytest.mark.parametrize("values, statistics, arrays", VALUES)
def test_values_are_kept_when_asked_for(values, statistics, arrays) -> None:
    x, y = network()
    for step in session().record(y, {x: np.ones((1, 3))}, values=values).steps:
        assert (step.outputs[0].statistics is not None) == statistics
        assert (step.outputs[0].value is not None) == arrays


def test_kept_arrays_stay_as_they_were_when_memory_is_used_again() -> None:
    x = fg.placeholder(fg.float32, [2])
    y = fg.tanh(fg.tanh(fg.tanh(fg.concat([x, x], 0))))
    recording = session().record(y, {x: [1.0, 2.0]}, values="arrays")
    kept = [step.outputs[0].value for step in recording.steps]
    for before, after in itertools.pairwise(kept):
        np.testing.assert_allclose(np.tanh(before), after, rtol=1e-6)


@pytest.mark.parametrize("values", ["all", 2, None])
def test_other_values_are_refused(values) -> None:
    x, y = network()
    with pytest.raises(ValueError, match="values must be False, True or 'arrays'"):
        fg.Session().record(y, {x: np.ones((1, 3))}, values=values)


FEW = [("a placeholder", lambda x, y: x, []), ("nothing", lambda x, y: [], []),
       ("a constant", lambda x, y: fg.constant(3.0), []),
       ("a dict", lambda x, y: {"a": x, "b": [y]}, ["product", "activation"]),
       ("a name", lambda x, y: "product:0", ["product"]),
       ("an operation", lambda x, y: y.op, ["product", "activation"])]


@pytest.mark.parametrize("fetches, steps", [row[1:] for row in FEW], ids=[row[0] for row in FEW])
def test_all_kinds_of_fetches_are_recorded(fetches, steps) -> None:
    x, y = network()
    recording = session().record(fetches(x, y), {x: np.ones((1, 3))})
    assert names(recording) == steps
    assert str(recording).count("\n\n") == len(steps)


def test_ops_computed_as_one_stand_for_all() -> None:
    x, _ = network()
    twice = fg.square(x, name="one") + fg.square(x, name="other")
    steps = session().record(twice, {x: np.ones((1, 3))}).steps
    assert {op.name for op in steps[0].origins} == {"one", "other"}


def test_steps_of_a_loop_know_part_and_round() -> None:
    x, y = network()
    y = fg.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, a * 2.0), [0, y])[1]
    recording = session().record(y, {x: np.ones((1, 3))})
    loop = names(recording).index("while/While_1" if "while/While_1" in names(recording)
                                  else "while/While")
    assert [(step.body, step.round, step.type) for step in recording.inside(loop)] == [
        ("cond", 0, "Less"), ("body", 0, "AddV2"), ("body", 0, "Mul"),
        ("cond", 1, "Less"), ("body", 1, "AddV2"), ("body", 1, "Mul"), ("cond", 2, "Less")]


def test_a_long_loop_is_recorded_in_few_steps(monkeypatch) -> None:
    monkeypatch.setattr(notes_module, "WHOLE", 20)
    y = fg.while_loop(lambda i, a: i < 300, lambda i, a: (i + 1, a * 0.5), [0, 1.0])[1]
    recording = session().record(y)
    assert len(recording.steps) < 60
    assert sum(step.calls for step in recording.steps if step.type == "Mul") == 300
    assert "times" in str(recording)
    spent = sum(step.self_seconds for step in recording.steps)
    assert spent + recording.planning + recording.overhead == pytest.approx(recording.seconds)


def test_a_group_is_followed_by_its_members() -> None:
    x = fg.placeholder(fg.float32, [1 << 19])
    y = fg.tanh(x * 2.0 + 1.0, name="y")
    recording = session().record(y, {x: np.zeros(1 << 19)}, values=True)
    group, *members = recording.steps
    assert group.is_group
    assert [(step.type, step.parent, step.body) for step in members] == [
        ("Mul", 0, "group"), ("AddV2", 0, "group"), ("Tanh", 0, "group")]
    assert [step.outputs[0].statistics.mean for step in members] == pytest.approx(
        [0, 1, np.tanh(1.0)], rel=1e-5)
    assert [step.needs for step in members] == [(), (1,), (2,)]
    assert members[1].line.startswith("add = np.add(mul")
    assert sum(step.seconds for step in members) == pytest.approx(group.seconds)


def test_blocks_of_convolution_are_followed_by_their_members() -> None:
    numbers = np.random.default_rng(0)
    x = fg.placeholder(fg.float32, [4, 64, 64, 3])
    w = fg.Variable(numbers.normal(size=(3, 3, 3, 8)).astype(np.float32))
    y = fg.nn.max_pool(fg.nn.relu(fg.nn.conv2d(x, w, 1, "SAME")), 2, 2, "SAME")
    fetches = [y, fg.gradients(fg.reduce_sum(y * y), [w])[0]]
    given = {x: numbers.normal(size=(4, 64, 64, 3)).astype(np.float32)}
    arrays = {}
    for name, session in (("blocks", fg.Session()), ("plain", fg.Session(passes=[]))):
        session.run(w.initializer)
        steps = session.record(fetches, given, values="arrays").steps
        arrays[name] = {step.op.name: step.outputs[0].value for step in steps
                        if step.outputs[0].value is not None}
        if name == "blocks":
            inside = {step.op.type: step for step in steps if step.parent >= 0}
            assert "ConvBlockGrad" in [step.type for step in steps]
            assert {"Conv2D", "Relu", "MaxPool", "Conv2DBackpropFilter"} <= inside.keys()
            assert inside["MaxPoolGrad"].outputs[0].value is None  # the block never has it
    for name in ("Conv2D", "Relu", "MaxPool", "gradients/Conv2D_grad/Conv2DBackpropFilter"):
        np.testing.assert_allclose(arrays["blocks"][name], arrays["plain"][name], rtol=1e-3,
                                   atol=1e-3)


def test_a_recording_reads_as_blocks() -> None:
    x, y = network()
    recording = session().record(y, {x: np.ones((1, 3))}, values=True)
    head, product, activation = str(recording).split("\n\n")
    assert head.startswith("activation:0: 2 steps, ")
    assert product.splitlines()[1:] == [
        "  from  x:0, w:0",
        "  makes product:0  float32[1, 2]  min 3  max 3  mean 3  std 0  [3, 3]",
        f"  runs  {recording.steps[0].line}"]
    assert activation.startswith("1. activation  Relu  ")
    assert repr(recording).startswith("<Recording of activation:0: 2 steps, ")


def test_a_recording_is_plain_data() -> None:
    x, y = network()
    recording = session().record(y, {x: np.ones((1, 3))})
    with pytest.raises(dataclasses.FrozenInstanceError):
        recording.seconds = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        recording.steps[0].seconds = 0.0


# ---- step by step --------------------------------------------------------------------------------


def test_steps_are_given_one_after_the_other() -> None:
    x, y = network()
    sess = session()
    steps = sess.steps(y, {x: np.ones((1, 3))})
    assert next(steps).outputs[0].statistics.max == 3
    assert [step.op.name for step in steps] == ["activation"]
    assert [step.op.name for step in fg.profiling.step_through(sess, y, {x: np.ones((1, 3))})] == [
        "product", "activation"]


def test_a_run_that_raises_gives_its_steps_and_then_the_error() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = fg.check_numerics(fg.log(x, name="log"), "not a number", name="check")
    sess, seen = fg.Session(), []
    with (warnings.catch_warnings(action="error"),
          pytest.raises(fg.errors.InvalidArgumentError, match="not a number") as caught):
        for step in sess.steps(fg.square(y), {x: [-1.0]}):
            seen.append((step.op.name, len(step.outputs)))
    assert seen == [("log", 1), ("check", 0)]
    assert caught.value.op is y.op


def test_a_run_that_raises_inside_a_loop_gives_the_steps_up_to_there() -> None:
    y = fg.while_loop(lambda i, a: i < 5, lambda i, a: (
        i + 1, fg.check_numerics(a * 1e30, "too large")), [0, 1.0])[1]
    seen = []
    with pytest.raises(fg.errors.InvalidArgumentError):
        for step in fg.Session().steps(y):
            seen.append((step.type, step.round))
    assert seen[0] == ("While", 0)
    assert seen[-1] == ("CheckNumerics", 1)


def test_a_mistake_before_the_first_step_is_raised_as_ever() -> None:
    x, _ = network()
    for call in (fg.Session().record, lambda *args: list(fg.Session().steps(*args))):
        with pytest.raises(fg.errors.InvalidArgumentError, match="feed a value"):
            call(fg.square(x))
