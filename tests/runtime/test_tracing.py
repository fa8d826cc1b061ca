"""RunMetadata: what a traced run tells."""

from __future__ import annotations

import time

import numpy as np
import pytest

import flowgraph as fg

FULL = fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE)


def traced(fetches, feed=None, options=FULL, **settings):
    metadata = fg.RunMetadata()
    with fg.Session(**settings) as session:
        session.run(fg.global_variables_initializer())
        result = session.run(fetches, feed, options, metadata)
    return result, metadata


def nodes_of(metadata):
    (device,) = metadata.step_stats.dev_stats
    assert device.device == "/job:localhost/replica:0/task:0/device:CPU:0"
    return [node for node in device.node_stats if node.all_end_rel_nanos]


def without_a_step(metadata):
    (device,) = metadata.step_stats.dev_stats
    return {node.node_name: [[dim.size for dim in output.tensor_description.shape.dim]
                             for output in node.output]
            for node in device.node_stats if not node.all_end_rel_nanos}


@pytest.mark.parametrize("runner", ["auto", "source", "interpreter"])
def test_each_step_tells_its_name_inputs_and_results(runner) -> None:
    x = fg.placeholder(fg.float32, [None, 3], name="x")
    w = fg.Variable(np.ones((3, 2), np.float32), name="w")
    y = fg.nn.relu(fg.matmul(x, w, name="mm"), name="r")
    result, metadata = traced(y, {x: np.ones((4, 3))}, runner=runner)
    np.testing.assert_array_equal(result, np.full((4, 2), 3.0))
    product, relu = nodes_of(metadata)
    assert [n.timeline_label for n in (product, relu)] == ["mm = MatMul(x, w)", "r = Relu(mm)"]
    (output,) = product.output
    described = output.tensor_description
    assert (output.slot, described.dtype) == (0, fg.float32)
    assert [dim.size for dim in described.shape.dim] == [4, 2]
    assert described.allocation_description.requested_bytes == 32
    assert relu.memory[0].total_bytes == 32


def test_times_lie_within_the_run_and_in_order() -> None:
    x = fg.placeholder(fg.float64, [200, 200])
    before = time.time_ns()
    _, metadata = traced(fg.matmul(fg.matmul(x, x), x), {x: np.ones((200, 200))})
    after = time.time_ns()
    starts = [node.all_start_nanos for node in nodes_of(metadata)]
    assert starts == sorted(starts) and len(starts) == 2
    slack = 50_000_000  # the two clocks may be apart
    assert before - slack <= starts[0] and starts[-1] <= after + slack
    for node in nodes_of(metadata):
        assert node.all_start_micros == node.all_start_nanos // 1000
        assert node.all_end_rel_nanos > 0 and node.all_end_rel_micros >= 1


def test_several_results_have_slots_and_strings_and_writes_are_told_too() -> None:
    v = fg.Variable([1.0, 2.0], name="v")
    halves = fg.split(v * 2.0, 2, name="halves")
    joined = fg.strings.join([fg.as_string(halves[0]), "!"], name="joined")
    _, metadata = traced([halves, joined, fg.assign_add(v, [1.0, 1.0], name="add")])
    found = {node.node_name: node for node in nodes_of(metadata)}
    assert [output.slot for output in found["halves"].output] == [0, 1]
    assert found["joined"].output[0].tensor_description.dtype == fg.string
    assert "add" in found


def test_steps_inside_of_loops_are_told_each_time() -> None:
    x = fg.placeholder(fg.float32, [])
    _, total = fg.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * x), [0, 1.0])
    result, metadata = traced(total, {x: 2.0})
    assert result == 8
    kinds = [node.timeline_label.partition(" = ")[2].partition("(")[0]
             for node in nodes_of(metadata)]
    assert (kinds.count("While"), kinds.count("Mul")) == (1, 3)


def test_what_took_part_without_a_step_is_told_with_its_shape() -> None:
    x = fg.placeholder(fg.float32, [None, 2], name="x")
    w = fg.get_variable("w", [2, 3])
    fg.matmul(x, w, name="unused")
    same = fg.matmul(x, w, name="one") + fg.matmul(x, w, name="other")  # computed once
    scale = fg.multiply(fg.constant(2.0, name="two"), 3.0, name="six")  # computed before the run
    _, metadata = traced(fg.multiply(same, scale, name="y"), {x: np.ones((4, 2))})
    told = without_a_step(metadata)
    assert {"w", "w/read", "x", "other", "two", "six"} <= set(told)
    assert "unused" not in told and "one" not in told
    assert told["w/read"] == [[2, 3]] and told["six"] == [[]]
    assert told["x"] == [[4, 2]]
    (device,) = metadata.step_stats.dev_stats  # TensorFlow's profiler takes no sizes of -1
    assert all(dim.size >= 0 for node in device.node_stats for output in node.output
               for dim in output.tensor_description.shape.dim)


def test_what_only_a_fed_tensor_needed_took_no_part() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    y = fg.square(x, name="y")
    _, metadata = traced(fg.negative(y, name="z"), {y: 3.0})
    assert set(without_a_step(metadata)) == {"y"}


@pytest.mark.parametrize("options", [None, fg.RunOptions()], ids=["none", "no trace"])
def test_without_a_trace_level_old_contents_go_and_nothing_comes(options) -> None:
    metadata = fg.RunMetadata()
    metadata.step_stats.dev_stats.add(device="old")
    fg.Session().run(fg.constant(1.0) + 1.0, None, options, metadata)
    assert metadata == fg.RunMetadata()


def test_a_trace_without_metadata_runs_as_ever() -> None:
    assert fg.Session().run(fg.constant(1.0) + 1.0, options=FULL) == 2


def test_a_traced_run_that_fails_leaves_the_metadata_alone() -> None:
    x = fg.placeholder(fg.float32, [None])
    metadata = fg.RunMetadata()
    metadata.step_stats.dev_stats.add(device="old")
    with pytest.raises(fg.errors.InvalidArgumentError):
        fg.Session().run(fg.check_numerics(x, "x"), {x: [np.nan]}, FULL, metadata)
    assert metadata.step_stats.dev_stats[0].device == "old"


def test_the_graph_that_ran_is_given_without_what_was_not_needed() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    y = fg.square(x, name="y")
    with fg.control_dependencies([fg.no_op(name="first")]):
        z = fg.add(y, 1.0, name="z")
    fg.negative(z, name="unused")
    options = fg.RunOptions(output_partition_graphs=True)
    _, metadata = traced(z, {x: 1.0}, options)
    (graph,) = metadata.partition_graphs
    assert {node.name for node in graph.node} == {"x", "y", "z", "z/y", "first"}
    _, metadata = traced(z, {y: 1.0}, options)
    assert {n.name for n in metadata.partition_graphs[0].node} == {"y", "z", "z/y", "first"}


def test_a_callable_with_options_is_traced() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    call = fg.Session().make_callable(x * 2.0, [x], accept_options=True)
    metadata = fg.RunMetadata()
    assert call(3.0, options=FULL, run_metadata=metadata) == 6
    assert len(nodes_of(metadata)) == 1


def test_metadata_comes_back_from_its_bytes() -> None:
    _, metadata = traced(fg.random_normal([2], name="noise"))
    assert fg.RunMetadata.FromString(metadata.SerializeToString()) == metadata
