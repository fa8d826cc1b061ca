"""Steady runs as CUDA graphs, on a GPU that is not there: what was recorded is computed again.

A launch computes into the memory that was recorded, from the memory that was recorded: an address
that is no longer right, or a number of the host that has changed since, is a wrong number here.
"""

from __future__ import annotations

import gc
import io
import threading

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu_graphs
from flowgraph.program.pipeline import PASSES, PLANNING
from flowgraph.runtime import steady
from tests.gpu.no_gpu import DeviceArray
from tests.gpu.simulated import SimulatedGraphs, gpus


@pytest.fixture(autouse=True)
def no_graphs_yet(monkeypatch):
    monkeypatch.setattr(SimulatedGraphs, "made", [])


def random(shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def launches() -> int:
    """How often graphs were launched by runs, their trials aside."""
    made = [graphs() for graphs in SimulatedGraphs.made]
    return sum(graphs.launches - graphs.recordings for graphs in made if graphs is not None)


def mlp():
    x, labels = fg.placeholder(fg.float32, [None, 20]), fg.placeholder(fg.int64, [None])
    logits = fg.layers.dense(fg.layers.dense(x, 32, fg.nn.relu), 5)
    loss = fg.losses.sparse_softmax_cross_entropy(labels, logits)
    train = fg.train.GradientDescentOptimizer(0.1).minimize(loss)
    return [loss, train], lambda i: {x: random((16, 20), i), labels: (np.arange(16) + i) % 5}


def decaying_adam():
    x, labels = fg.placeholder(fg.float32, [16, 20]), fg.placeholder(fg.int64, [16])
    loss = fg.losses.sparse_softmax_cross_entropy(labels, fg.layers.dense(x, 5))
    step = fg.train.get_or_create_global_step()
    rate = fg.train.exponential_decay(0.01, step, 2, 0.5)
    train = fg.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    return [loss, rate, train, step], lambda i: {x: random((16, 20), i), labels: np.arange(16) % 5}


def convnet():
    x = fg.placeholder(fg.float32, [None, 12, 12, 3])
    hidden = fg.layers.max_pooling2d(fg.layers.conv2d(x, 8, 3, activation=fg.nn.relu), 2, 2)
    loss = fg.reduce_mean(fg.square(fg.layers.dense(fg.layers.flatten(hidden), 4) - 1))
    train = fg.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    return [loss, train], lambda i: {x: random((6, 12, 12, 3), i)}


def batch_norm():
    x, training = fg.placeholder(fg.float32, [8, 30]), True
    hidden = fg.layers.batch_normalization(fg.layers.dense(x, 20), training=training)
    loss = fg.reduce_mean(fg.square(hidden - fg.reduce_mean(x)))
    with fg.control_dependencies(fg.get_collection(fg.GraphKeys.UPDATE_OPS)):
        train = fg.train.RMSPropOptimizer(0.01).minimize(loss)
    return [loss, train, *fg.global_variables()], lambda i: {x: random((8, 30), i)}


def unrolled_lstm():
    x = fg.placeholder(fg.float32, [8, 5, 6])
    outputs, state = fg.nn.static_rnn(fg.nn.rnn_cell.LSTMCell(12), fg.unstack(x, axis=1),
                                      dtype=fg.float32)
    loss = fg.reduce_mean(fg.square(state.h)) + fg.reduce_mean(outputs[2])
    return [loss, outputs[-1], fg.train.AdamOptimizer(0.01).minimize(loss)], lambda i: {
        x: random((8, 5, 6), i)}


def scaled():
    """A number of the host, which is another one in each run, goes to the GPU."""
    x, scale = fg.placeholder(fg.float32, [40]), fg.placeholder(fg.float32, [])
    v = fg.Variable(fg.ones([40]))
    new = v.assign_add(fg.tanh(x) * (scale * 2) + fg.exp(x))
    return [new, fg.reduce_sum(new) * scale], lambda i: {x: random(40, i), scale: i - 3.0}


PROGRAMS = [mlp, decaying_adam, convnet, batch_norm, unrolled_lstm, scaled]


def results_of(program, count, runs=8, between=lambda sess, i: None, **options):
    with fg.Graph().as_default(), gpus(count):
        fg.set_random_seed(3)
        fetches, feeds = program()
        with fg.Session(**options) as sess:
            sess.run(fg.global_variables_initializer())
            results = []
            for i in range(runs):
                between(sess, i)
                results.append(sess.run(fetches, feeds(i)))
            return results, sess.run(fg.global_variables())


def why_not(sess, fetches, feeds=None) -> str | None:
    text = io.StringIO()
    found = sess.explain(fetches, feeds, text).why_no_graph
    line = next((line for line in text.getvalue().splitlines() if line.startswith("# Steady")), "")
    assert line == ("" if found is None else "# Steady runs are one CUDA graph" if not found
                    else f"# Steady runs go kernel by kernel: {found}")
    return found


def assert_close(found, expected) -> None:
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, list | tuple):
            assert_close(one, other)
        elif other is not None:
            assert type(one) is type(other)
            np.testing.assert_allclose(one, other, 2e-4, 1e-5)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_graphs_give_the_hosts_numbers(program) -> None:
    expected = results_of(program, 0)
    found = results_of(program, 1)
    assert launches() == 5
    assert_close(found, expected)


def test_graphs_are_switched_off_by_name() -> None:
    expected = results_of(mlp, 0)
    found = results_of(mlp, 1, passes=[*PASSES, *(n for n in PLANNING if n != "cuda_graphs")])
    assert SimulatedGraphs.made == []
    assert_close(found, expected)
    assert_close(results_of(mlp, 1, passes=[*PASSES, "cuda_graphs"]), expected)
    assert launches() == 5


def test_variables_may_be_assigned_between_runs() -> None:
    def assign(sess, i):
        if i in (4, 6, 7):
            variable = sess.graph.get_collection("trainable_variables")[i % 2]
            variable.load(random(variable.shape, i), sess)

    expected = results_of(mlp, 0, 10, assign)
    assert_close(results_of(mlp, 1, 10, assign), expected)
    assert launches() == 7


def test_checkpoints_are_restored_between_runs(tmp_path) -> None:
    def save_and_restore(sess, i):
        saver = sess.graph.get_collection("saver") or [fg.train.Saver()]
        sess.graph.get_collection_ref("saver")[:] = saver
        if i == 4:
            saver[0].save(sess, str(tmp_path / f"model{len(sess.list_devices())}"))
        if i == 6:
            saver[0].restore(sess, str(tmp_path / f"model{len(sess.list_devices())}"))

    expected = results_of(decaying_adam, 0, 8, save_and_restore)
    assert_close(results_of(decaying_adam, 1, 8, save_and_restore), expected)
    assert launches() == 5


def test_plans_of_one_session_take_turns_on_its_variables() -> None:
    def results(count):
        with fg.Graph().as_default(), gpus(count), fg.Session() as sess:
            fg.set_random_seed(3)
            (loss, train), feeds = mlp()
            sess.run(fg.global_variables_initializer())
            found = []
            for i in range(12):
                found.append(sess.run([loss, train], feeds(i)))
                if i % 3:
                    found.append(sess.run([loss], feeds(i + 20)))
            return found

    expected = results(0)
    assert_close(results(1), expected)
    assert launches() == (12 - 3) + (8 - 3)


def rows_of_a_table():
    ids, most = fg.placeholder(fg.int32, [4]), fg.placeholder(fg.float32, [])
    table = fg.Variable(random((10, 20)))
    rows = fg.gather(table, ids)
    with fg.control_dependencies([fg.assert_less(fg.reduce_sum(fg.exp(fg.tanh(rows))), most)]):
        train = table.assign_sub(0.1 * fg.tanh(table) * fg.reduce_sum(rows))
    return rows, train, table, (ids, most)


@pytest.mark.parametrize("wrong", [{0: [1, 2, 3, 10]}, {1: 0.0}],
                         ids=["a check of contents", "an assertion of the host"])
@pytest.mark.parametrize("fetches_rows", [True, False])
def test_a_run_that_fails_changes_nothing(wrong, fetches_rows) -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        rows, train, table, fed = rows_of_a_table()
        sess.run(table.initializer)
        fetches = [rows, train] if fetches_rows else train.op

        def feeds(i):
            return dict(zip(fed, ([i % 10, 1, 2, 3], 1e4), strict=True))

        for i in range(5):
            sess.run(fetches, feeds(i))
        assert why_not(sess, fetches, feeds(5)) == ""
        before = sess.run(table)
        with pytest.raises(fg.errors.InvalidArgumentError, match=r"test_graphs\.py:"):
            sess.run(fetches, {**feeds(5), **{fed[i]: value for i, value in wrong.items()}})
        np.testing.assert_array_equal(sess.run(table), before)
        sess.run(fetches, feeds(6))
        expected = before - np.float32(0.1) * np.tanh(before) * before[[6, 1, 2, 3]].sum()
        np.testing.assert_allclose(sess.run(table), expected, 1e-4, 1e-5)
        assert launches() == 4


@pytest.mark.parametrize("is_last", [True, False])
def test_checks_that_no_run_waits_for_are_told_by_the_next_one_that_waits(is_last) -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        ids = fg.placeholder(fg.int32, [4])
        total = fg.Variable(fg.zeros([20]))
        rows = fg.tanh(fg.gather(fg.exp(fg.constant(random((10, 20)))), ids))
        train = total.assign_add(fg.reduce_sum(fg.sin(rows), 0)).op
        sess.run(total.initializer)
        for i in range(6):
            sess.run(train, {ids: [i, 1, 2, 3]})
        assert launches() == 3
        sess.run(train, {ids: [77, 1, 2, 3]})
        if is_last:
            what = "indices from 1 to 77 are not in"
        else:
            what = "later runs have overwritten them"
            sess.run(train, {ids: [0, 1, 2, 3]})
        with pytest.raises(fg.errors.InvalidArgumentError, match=f"(?s)GatherV2.*{what}.*earlier"):
            sess.run(rows, {ids: [0, 1, 2, 3]})
        sess.run(rows, {ids: [0, 1, 2, 3]})


def test_what_was_handed_out_stays_as_it_is() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        fetches, feeds = scaled()
        variable = fg.global_variables()[0]
        sess.run(variable.initializer)
        kept = []
        for i in range(8):
            new, _ = sess.run(fetches, feeds(i), to_host=False)
            value = sess.run(variable, to_host=False)
            assert isinstance(new, DeviceArray)
            kept.append([(a, a.host.copy()) for a in (new, value)])
            np.testing.assert_allclose(new.host, value.host)
        for pairs in kept:
            for array, before in pairs:
                np.testing.assert_array_equal(array.host, before)
        assert launches() == 5


def test_memory_that_someone_looks_at_is_not_written() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        fetches, feeds = scaled()
        sess.run(fg.global_variables_initializer())
        for i in range(5):
            sess.run(fetches, feeds(i))
        held = dict(sess._state.values)  # as a run in another thread has it
        before = {key: array.host.copy() for key, array in held.items()}
        for i in range(5):
            sess.run(fetches, feeds(i))
        for key, array in held.items():
            np.testing.assert_array_equal(array.host, before[key])
        assert launches() < 2 + 5
        del held, array
        known = launches()
        for i in range(3):
            sess.run(fetches, feeds(i))
        assert launches() == known + 3


def test_threads_run_one_plan_at_once() -> None:
    with fg.Graph().as_default(), gpus():
        x = fg.placeholder(fg.float32, [40])
        v = fg.Variable(fg.zeros([40]))
        y = fg.exp(fg.tanh(fg.sin(x))) + fg.reduce_sum(fg.exp(x))
        train = v.assign_add(fg.exp(fg.reduce_max(fg.tanh(x)) - fg.reduce_max(fg.tanh(x))) + 0 * x)
        with fg.Session() as sess:
            sess.run(v.initializer)
            wrong: list[object] = []

            def work(number):
                try:
                    for i in range(20):
                        fed = random(40, number + i)
                        sess.run(train, {x: fed})
                        expected = np.exp(np.tanh(np.sin(fed))) + np.exp(fed).sum()
                        if not np.allclose(sess.run(y, {x: fed}), expected, 1e-4):
                            wrong.append((number, i))
                except Exception as error:
                    wrong.append(error)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert wrong == []
            np.testing.assert_allclose(sess.run(v), 80)


def test_updates_are_computed_where_variables_are_kept() -> None:
    with fg.Graph().as_default(), gpus(), fg.Session() as sess:
        fetches, feeds = decaying_adam()
        sess.run(fg.global_variables_initializer())
        for i in range(4):
            sess.run(fetches, feeds(i))
        plan, = [plan for executable in sess._executables.values()
                 for plan in executable._plans.values() if len(executable.feeds) == 2]
        recorded = plan._plan._replay._recorded
        memory, writes = recorded.memory, recorded._plan.writes
        assert len(memory.written[0]) == 6  # two variables, and two slots of each
        assert not any(slot in memory._results for _, slot, _ in writes)
        copies = [work for work, _ in recorded._made[0].graph if "__setitem__" in work.__qualname__]
        # whether labels are classes, and what is fetched
        assert len(copies) - len(memory._results) == len(recorded._checks[0]) == 1


def test_memory_goes_with_the_session() -> None:
    results_of(mlp, 1)
    gc.collect()
    assert [graphs() for graphs in SimulatedGraphs.made] == [None]


# ---- where there are none ----------------------------------------------------------------------


def host_in_between():
    x = fg.placeholder(fg.float32, [40])
    with fg.device("/cpu:0"):
        middle = fg.sin(fg.exp(x) * 2, name="middle")
    return fg.exp(fg.tanh(fg.cos(fg.exp(x)))) + middle


def back_from_the_gpu():
    x = fg.placeholder(fg.float32, [40])
    with fg.device("/gpu:0"):
        y = fg.exp(x)
    with fg.device("/cpu:0"):
        middle = fg.sin(y, name="middle")
    return fg.exp(fg.tanh(fg.cos(middle)))


def rounds():
    x = fg.placeholder(fg.float32, [40])
    return fg.while_loop(lambda i, a: fg.reduce_sum(a) < 1e6, lambda i, a: (i + 1, a * 2 + 1),
                         [0, fg.exp(x)], name="loop")[1]


def random_numbers():
    x = fg.placeholder(fg.float32, [40])
    return fg.exp(fg.nn.dropout(fg.tanh(x), 0.5)) * 2


def user_code():
    x = fg.placeholder(fg.float32, [40])
    return fg.exp(fg.tanh(x) + fg.exp(fg.py_func(lambda: np.float32(2), [], fg.float32)))


def two_gpus():
    x = fg.placeholder(fg.float32, [40])
    with fg.device("/gpu:1"):
        y = fg.exp(fg.tanh(x))
    return fg.sin(fg.cos(fg.exp(x))) + y


def one_step():
    return fg.exp(fg.placeholder(fg.float32, [40]))


def sizes_that_depend():
    x = fg.placeholder(fg.float32, [40])
    return fg.exp(fg.tanh(fg.boolean_mask(x, x > 0)))


def other_axis():
    x, k = fg.placeholder(fg.float32, [40]), fg.placeholder(fg.int32, [])
    return fg.exp(fg.tanh(fg.roll(fg.exp(x), k, 0)))


@pytest.mark.parametrize(("program", "reason"), [
    (host_in_between, ""),
    (back_from_the_gpu, "needs on the GPU what the host makes of the GPU's results"),
    (rounds, "decides on the host what the GPU does"),
    (random_numbers, "goes on with a state that the host keeps"),
    (user_code, "runs code of yours"),
    (two_gpus, "several GPUs take part"),
    (one_step, "the GPU has 1 step to do"),
    (sizes_that_depend, ""),
    (other_axis, "from the host, which may be different in each run"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_recorded_says_why(program, reason) -> None:
    with fg.Graph().as_default(), gpus(2), fg.Session(passes=[
            name for name in (*PASSES, *PLANNING) if name != "gpu_kernels"]) as sess:
        result = program()
        feeds = {tensor: (random(40) if tensor.shape.rank else 2)
                 for op in sess.graph.get_operations() if op.type == "Placeholder"
                 for tensor in op.outputs}
        found = why_not(sess, result, feeds)
        first = sess.run(result, feeds)
        if program is not random_numbers:
            for _ in range(4):
                np.testing.assert_allclose(sess.run(result, feeds), first)
        if program is sizes_that_depend:
            assert found
        elif reason:
            assert reason in found
            assert ("test_graphs.py:" in found) == (program is not one_step)
            assert SimulatedGraphs.made == []
        else:
            assert found == ""


def test_without_a_gpu_explain_says_nothing() -> None:
    with fg.Session() as sess:
        assert why_not(sess, fg.constant([1.0]) + 1.0) is None


def fails_to_record(self, work):
    raise RuntimeError("out of graphs")


def records_other_numbers(self, a, b, out):
    out.host[...] = 0


@pytest.mark.parametrize(("where", "name", "instead", "reason"), [
    (SimulatedGraphs, "record", fails_to_record, "RuntimeError: out of graphs"),
    (SimulatedGraphs, "_product", records_other_numbers, "other numbers come out for "),
    (gpu_graphs, "RecordedModule", lambda xp, product: xp, "NotImplementedError: "),
    (steady, "phases", fails_to_record, "planning it has failed with "),
], ids=["recording fails", "other numbers", "a product of CuPy's own", "planning fails"])
def test_runs_go_on_kernel_by_kernel_when_recording_fails(monkeypatch, where, name, instead, reason
                                                          ) -> None:
    expected = results_of(mlp, 0)
    monkeypatch.setattr(where, name, instead)
    found = []

    def look(sess, i):
        if i == 4:
            fetches = [op.outputs[0] for op in sess.graph.get_operations()
                       if op.name.endswith("/value")][:1]
            assert fetches
            plans = [plan for executable in sess._executables.values()
                     for plan in executable._plans.values()]
            found.extend(plan.why_no_graph() for plan in plans)

    assert_close(results_of(mlp, 1, 8, look), expected)
    assert any(why is not None and reason in why for why in found)
