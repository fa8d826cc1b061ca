"""Profiles: sums over all runs of a block, tables of them, in threads, in runs inside of runs."""

from __future__ import annotations

import json
import sys
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.program.passes import elementwise_groups
from flowgraph.runtime import notes as notes_module

X = np.ones((4, 3), np.float32)


def training():
    """(session, what to run, feeds) of a small network."""
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    with fg.variable_scope("layer"):
        w = fg.get_variable("w", [3, 2], initializer=fg.ones_initializer())
        y = fg.tanh(fg.matmul(x, w, name="product"))
    loss = fg.reduce_mean(fg.square(y), name="loss")
    train = fg.train.GradientDescentOptimizer(0.1).minimize(loss)
    sess = fg.Session()
    sess.run(fg.global_variables_initializer())
    return sess, [loss, train], {x: X}


TABLES = [("by_op", {}), ("by_type", {}), ("by_scope", {}), ("by_scope", {"depth": 3}),
          ("by_line", {})]


@pytest.mark.parametrize("table, options", TABLES, ids=["op", "type", "scope", "scopes", "line"])
def test_shares_of_every_table_add_up_to_one(table, options) -> None:
    sess, fetches, feeds = training()
    with fg.profile() as profile:
        for _ in range(3):
            sess.run(fetches, feeds)
    found = getattr(profile, table)(**options)
    assert sum(row["share"] for row in found) == pytest.approx(1)
    assert sum(row["self time"] for row in found) == pytest.approx(profile.seconds)
    assert all(row["self time"] >= 0 for row in found)
    ops = [row["self time"] for row in found if not row[found.columns[0].name].startswith("(run")
           and not row[found.columns[0].name].startswith("(plan")]
    assert ops == sorted(ops, reverse=True)
    assert found.total[found.columns.index(next(c for c in found.columns
                                                if c.name == "share"))] == pytest.approx(1)


def test_costs_of_an_op_over_all_runs() -> None:
    sess, fetches, feeds = training()
    with fg.profile() as profile:
        for _ in range(3):
            sess.run(fetches, feeds)
    product = sess.graph.get_operation_by_name("layer/product")
    cost = profile.costs()[product]
    assert (cost.calls, cost.bytes, cost.flops) == (3, 3 * 32, 3 * 2 * 4 * 3 * 2)
    assert cost.total_seconds == cost.seconds > 0
    assert profile.runs == 3
    assert cost.gflops == pytest.approx(cost.flops / cost.seconds / 1e9)


def test_a_loop_has_its_own_time_and_that_of_all_inside() -> None:
    y = fg.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2.0), [0, 1.0])[1]
    with fg.profile() as profile, fg.Session() as sess:
        sess.run(y)
    costs = {op.type: cost for op, cost in profile.costs().items()}
    inside = sum(cost.seconds for kind, cost in costs.items() if kind != "While")
    assert costs["While"].total_seconds == pytest.approx(costs["While"].seconds + inside)
    assert (costs["Less"].calls, costs["Mul"].calls) == (4, 3)


def test_costs_of_long_loops_are_the_same(monkeypatch) -> None:
    y = fg.while_loop(lambda i, a: i < 40, lambda i, a: (i + 1, a * 2.0), [0, 1.0])[1]
    found = []
    for whole in (10, 10_000):
        monkeypatch.setattr(notes_module, "WHOLE", whole)
        with fg.profile() as profile, fg.Session() as sess:
            sess.run(y)
        found.append({op.name: (cost.calls, cost.bytes, cost.flops)
                      for op, cost in profile.costs().items()})
    assert found[0] == found[1]


def test_an_op_that_runs_in_two_steps_is_one_call() -> None:
    queue = fg.FIFOQueue(100, fg.int64, shapes=[[]])
    total = fg.reduce_sum(queue.dequeue_many(4, name="batch"))
    with fg.Session() as sess:
        sess.run(queue.enqueue_many([list(range(40))]))
        sess.run(total)
        with fg.profile() as profile:
            for _ in range(5):
                sess.run(total)
    steps = [step.op.name for step in profile.recordings[-1].steps]
    assert steps.count("batch") == 2, "the second one checks the shape"
    assert {row["op"]: row["calls"] for row in profile.by_op()}["batch"] == 5


def test_lines_tell_forward_and_backward_apart() -> None:
    here = sys._getframe().f_lineno
    x = fg.placeholder(fg.float32, [4, 3])
    w = fg.Variable(np.ones((3, 2), np.float32))
    y = fg.tanh(fg.matmul(x, w))
    (dw,) = fg.gradients(y, w)
    with fg.Session() as sess:
        sess.run(w.initializer)
        with fg.profile() as profile:
            sess.run(dw, {x: X})
    rows = {row["line"]: row for row in profile.by_line()}
    row = rows[f"test_collect.py:{here + 3}"]
    assert row["code"] == "y = fg.tanh(fg.matmul(x, w))"
    assert row["forward"] > 0 and row["backward"] > 0
    assert row["forward"] + row["backward"] == pytest.approx(row["self time"])


@pytest.mark.parametrize("by", ["op", "type", "scope", "line"])
def test_the_last_row_is_the_sum_of_the_others(by) -> None:
    sess, fetches, feeds = training()
    with fg.profile() as profile:
        for _ in range(3):
            sess.run(fetches, feeds)
    table = getattr(profile, f"by_{by}")()
    for i, column in enumerate(table.columns):
        if not column.left and column.name != "GFLOP/s":
            assert table.total[i] == pytest.approx(sum(row[i] for row in table.rows)), column.name


def test_scopes_by_depth() -> None:
    sess, fetches, feeds = training()
    with fg.profile() as profile:
        sess.run(fetches, feeds)
    assert {"layer", "gradients", "GradientDescent"} <= {r["scope"] for r in profile.by_scope()}
    assert "gradients/layer" in {row["scope"] for row in profile.by_scope(2)}


def test_the_last_runs_are_kept_whole_and_all_are_counted() -> None:
    sess, fetches, feeds = training()
    with fg.profile(last=2) as profile:
        for _ in range(5):
            sess.run(fetches, feeds)
    assert profile.runs == 5
    recordings = profile.recordings
    assert len(recordings) == 2
    assert recordings[0].begun < recordings[1].begun
    assert profile.recordings[0] is recordings[0]
    assert recordings[0].results is None


def test_a_profile_can_be_entered_again_and_goes_on() -> None:
    sess, fetches, feeds = training()
    profile = fg.profile()
    for _ in range(2):
        with profile:
            sess.run(fetches, feeds)
        sess.run(fetches, feeds)
    assert profile.runs == 2


def test_runs_of_all_threads_are_collected() -> None:
    v = fg.Variable(0.0)
    add = v.assign_add(1.0)
    with fg.Session() as sess:
        sess.run(v.initializer)
        with fg.profile() as profile:
            threads = [threading.Thread(target=lambda: [sess.run(add) for _ in range(20)],
                                        name=f"worker {i}") for i in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert sess.run(v) == 60
    assert profile.runs == 60
    assert sum(cost.calls for cost in profile.costs().values()) == 60
    assert {recording.thread for recording in profile.recordings} <= {t.name for t in threads}


def test_queue_runners_are_collected_too() -> None:
    queue = fg.FIFOQueue(4, fg.float32, [[]])
    fg.train.add_queue_runner(fg.train.QueueRunner(queue, [queue.enqueue(1.0)]))
    with fg.Session() as sess, fg.profile() as profile:
        coordinator = fg.train.Coordinator()
        threads = fg.train.start_queue_runners(sess, coordinator)
        assert sess.run(queue.dequeue_many(6)).tolist() == [1.0] * 6
        coordinator.request_stop()
        sess.run(queue.close(cancel_pending_enqueues=True))
        coordinator.join(threads)
    kinds = {op.type for op in profile.costs()}
    assert {"QueueEnqueueV2", "QueueDequeueManyV2"} <= kinds


def test_a_run_inside_of_a_run_counts_once() -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    inner = fg.square(x, name="inner")
    sess = fg.Session()
    outer = fg.py_func(lambda v: sess.run(inner, {x: v}), [x], fg.float32, name="outer")
    with fg.profile() as profile:
        assert sess.run(outer, {x: [1.0, 2.0]}).tolist() == [1, 4]
    first, second = profile.recordings
    assert (first.title, second.title) == ("inner:0", "outer:0")
    assert profile.seconds == pytest.approx(second.seconds)
    (step,) = second.steps
    assert step.self_seconds == pytest.approx(step.seconds - first.seconds)
    assert sum(row["share"] for row in profile.by_op()) == pytest.approx(1)


def test_a_run_that_raises_is_there_as_far_as_it_came() -> None:
    x = fg.placeholder(fg.float32, [None], name="x")
    y = fg.check_numerics(fg.sqrt(x, name="root"), "bad", name="check")
    with (fg.profile() as profile, fg.Session() as sess,
          pytest.raises(fg.errors.InvalidArgumentError) as caught):
        sess.run(y, {x: [-1.0]})
    assert caught.value.op is y.op
    (recording,) = profile.recordings
    assert [step.op.name for step in recording.steps] == ["root", "check"]
    assert recording.error.startswith("InvalidArgumentError: ")
    assert "raised InvalidArgumentError" in str(recording)


def test_a_group_that_raises_has_its_time_and_the_error_is_that_of_the_step(monkeypatch) -> None:
    # Only where memory ends does a group raise: what may fail by itself is in none.
    monkeypatch.setattr(elementwise_groups, "_FAIL_ON_INTEGERS", frozenset())
    x = fg.placeholder(fg.int32, [1 << 20], name="x")
    y = fg.multiply((x + 3) // x, 2, name="y")
    with (fg.profile(values=True) as profile, fg.Session() as sess,
          pytest.raises(fg.errors.InvalidArgumentError, match="division by zero") as caught):
        sess.run(y, {x: np.zeros(1 << 20)})
    assert caught.value.op is not None
    (recording,) = profile.recordings
    (step,) = recording.steps
    assert step.is_group and step.self_seconds == step.seconds > 0
    assert sum(row["share"] for row in profile.by_op()) == pytest.approx(1)
    assert sum(cost.seconds for cost in profile.costs().values()) == step.seconds


def test_parts_of_a_partial_run_are_runs() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    y = fg.square(x, name="y")
    z = fg.sqrt(y, name="z")
    with fg.profile() as profile, fg.Session() as sess:
        run = sess.partial_run_setup([y, z], [x])
        assert sess.partial_run(run, y, {x: 3.0}) == 9
        assert sess.partial_run(run, z) == 3
    assert [[step.op.name for step in r.steps] for r in profile.recordings] == [["y"], ["z"]]


def test_a_profile_of_nothing() -> None:
    with fg.profile() as profile:
        pass
    assert profile.costs() == {} and profile.recordings == []
    assert str(profile).startswith("0 runs, 0 us\n")
    for table, options in TABLES:
        assert getattr(profile, table)(**options).rows
    with pytest.raises(ValueError, match="there was no run"):
        profile.critical_path()


@pytest.mark.parametrize("last", [-1, 1.5, None])
def test_how_many_recordings_are_kept_is_a_number(last) -> None:
    with pytest.raises(ValueError, match=r"test_collect.py.*last is a number of recordings"):
        fg.profile(last=last)


def test_a_profile_reads_as_a_table_of_types(tmp_path) -> None:
    sess, fetches, feeds = training()
    with fg.profile(values=True) as profile:
        sess.run(fetches, feeds)
    head, columns, *rows = str(profile).splitlines()
    assert head.startswith("1 run, ")
    assert columns.split("  ")[0] == "type"
    assert rows[-1].startswith("total")
    assert "MatMul" in profile._repr_html_()
    assert repr(profile).startswith("<profile of 1 run,")
    assert profile.recordings[0].steps[0].outputs[0].statistics is not None
    path = tmp_path / "trace.json"
    profile.to_chrome_trace(path)
    assert json.loads(path.read_text())["traceEvents"]
