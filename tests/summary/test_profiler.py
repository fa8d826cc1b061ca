"""tf.profiler: the numbers and the report are TensorFlow's."""

from __future__ import annotations

import json

import numpy as np
import pytest

import flowgraph as fg

BUILDER = fg.profiler.ProfileOptionBuilder
PARAMETERS = """
==================Model Analysis Report======================

Profile:
node name | # parameters
_TFProfRoot (--/7.95k params)
  conv1 (--/104 params)
    conv1/bias (4, 4/4 params)
    conv1/kernel (5x5x1x4, 100/100 params)
  dense (--/7.85k params)
    dense/bias (10, 10/10 params)
    dense/kernel (784x10, 7.84k/7.84k params)

======================End of Report==========================
"""
FLOAT_OPS = """
==================Model Analysis Report======================

Profile:
node name | # float_ops
_TFProfRoot (--/1.43m flops)
  conv1/Conv2D (1.25m/1.25m flops)
  dense/MatMul (125.44k/125.44k flops)
  conv1/BiasAdd (25.09k/25.09k flops)
  pool (25.09k/25.09k flops)
  sm (400/400 flops)
  dense/add (80/80 flops)
  loss (80/80 flops)

======================End of Report==========================
"""
FLOAT_OPS_BY_TYPE = """
==================Model Analysis Report======================

Profile:
node name | # float_ops
Conv2D                   1.25m float_ops (100.00%, 87.68%)
MatMul                   125.44k float_ops (12.32%, 8.77%)
BiasAdd                  25.09k float_ops (3.55%, 1.75%)
MaxPool                  25.09k float_ops (1.79%, 1.75%)
Softmax                    400 float_ops (0.04%, 0.03%)
AddV2                       80 float_ops (0.01%, 0.01%)
Mean                        80 float_ops (0.01%, 0.01%)

======================End of Report==========================
"""


def variable(name, shape):
    return fg.get_variable(name, shape, initializer=fg.zeros_initializer())


def network(batch=8):
    x = fg.placeholder(fg.float32, [batch, 28, 28, 1], name="x")
    with fg.variable_scope("conv1"):
        h = fg.nn.conv2d(x, variable("kernel", [5, 5, 1, 4]), [1, 1, 1, 1], "SAME", name="Conv2D")
        h = fg.nn.bias_add(h, variable("bias", [4]), name="BiasAdd")
    h = fg.nn.max_pool(fg.nn.relu(h, name="relu"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME", name="pool")
    h = fg.reshape(h, [-1, 784])
    with fg.variable_scope("dense"):
        y = fg.matmul(h, variable("kernel", [784, 10]), name="MatMul") + variable("bias", [10])
    return x, fg.reduce_mean(fg.nn.softmax(y, name="sm"), name="loss")


@pytest.mark.parametrize("cmd, options, report, total", [
    ("scope", 0, PARAMETERS, ("total_parameters", 7954)),
    ("scope", BUILDER.float_operation(), FLOAT_OPS, ("total_float_ops", 1430576)),
    ("op", BUILDER.float_operation(), FLOAT_OPS_BY_TYPE, ("total_float_ops", 1430576)),
], ids=["parameters", "float_ops", "float_ops by type"])
def test_the_report_is_tensorflows(cmd, options, report, total, capsys) -> None:
    network()
    found = fg.profiler.profile(fg.get_default_graph(), cmd=cmd, options=options)
    assert capsys.readouterr().out == report
    assert getattr(found, total[0]) == total[1]


def traced(batch=8):
    x, loss = network(batch)
    metadata = fg.RunMetadata()
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        session.run(loss, {x: np.zeros((8, 28, 28, 1))},
                    fg.RunOptions(trace_level=fg.RunOptions.FULL_TRACE), metadata)
    return metadata


def test_a_run_tells_shapes_that_the_graph_does_not() -> None:
    metadata = traced(batch=None)
    options = BUILDER(BUILDER.float_operation()).with_empty_output().build()
    without = fg.profiler.profile(cmd="op", options=options).total_float_ops
    found = fg.profiler.profile(run_meta=metadata, cmd="op", options=options).total_float_ops
    assert without < 1430576 * 0.01 and found > 1430576 * 0.9


def test_times_and_memory_of_a_run_are_added_up() -> None:
    metadata = traced()
    options = BUILDER(BUILDER.time_and_memory()).with_empty_output().build()
    found = fg.profiler.profile(run_meta=metadata, cmd="op", options=options)
    spent, node = {}, found
    while node.children:
        (node,) = node.children
        spent[node.name] = node.exec_micros
        assert node.total_exec_micros >= 1 and node.total_requested_bytes >= 1
    assert {"Conv2D", "MatMul", "BiasAdd"} <= set(spent)
    assert found.total_exec_micros == sum(spent.values())
    steps = metadata.step_stats.dev_stats[0].node_stats
    (product,) = [step for step in steps if step.node_name == "dense/MatMul"]
    assert spent["MatMul"] == product.all_end_rel_micros


def names_below(node):
    return [name for child in node.children for name in (child.name, *names_below(child))]


@pytest.mark.parametrize("change, names", [
    (lambda b: b.with_max_depth(2), ["conv1", "dense"]),
    (lambda b: b.with_node_names(start_name_regexes=["dense"]),
     ["dense", "dense/bias", "dense/kernel"]),
    (lambda b: b.with_node_names(hide_name_regexes=["conv1.*"]),
     ["dense", "dense/bias", "dense/kernel"]),
    (lambda b: b.with_node_names(show_name_regexes=[".*kernel"]), ["conv1/kernel", "dense/kernel"]),
    (lambda b: b.with_node_names(trim_name_regexes=["conv1"]),
     ["conv1", "dense", "dense/bias", "dense/kernel"]),
    (lambda b: b.with_min_parameters(50), ["conv1/kernel", "dense/kernel"]),
    (lambda b: b.with_min_parameters(50).order_by("params"), ["dense/kernel", "conv1/kernel"]),
    (lambda b: b.with_accounted_types(["MatMul"]), ["dense", "dense/MatMul"]),
], ids=["depth", "start", "hide", "show", "trim", "least", "order", "types"])
def test_options_choose_what_is_shown(change, names) -> None:
    network()
    options = change(BUILDER(BUILDER.trainable_variables_parameter()).with_empty_output()).build()
    assert names_below(fg.profiler.profile(options=options)) == names


def test_totals_may_count_what_is_not_shown() -> None:
    network()
    for only_shown, total in ((True, 0), (False, 7954)):
        builder = BUILDER(BUILDER.trainable_variables_parameter()).with_empty_output()
        builder.with_max_depth(2).account_displayed_op_only(only_shown)
        found = fg.profiler.profile(options=builder.build())
        assert sum(child.total_parameters for child in found.children) == total


def test_reports_and_timelines_go_to_files(tmp_path) -> None:
    metadata = traced()
    report, timeline = tmp_path / "report", tmp_path / "timeline"
    builder = BUILDER(BUILDER.time_and_memory(min_bytes=0))
    fg.profiler.profile(run_meta=metadata, options=builder.with_file_output(report).build())
    assert "conv1/Conv2D" in report.read_text()
    fg.profiler.profile(run_meta=metadata, options=builder.with_timeline_output(timeline).build())
    assert json.loads(timeline.read_text())["traceEvents"]


def test_a_profiler_takes_the_mean_of_its_steps() -> None:
    profiler = fg.profiler.Profiler()
    fg.no_op(name="x")
    for step, micros in enumerate((10, 30)):
        metadata = fg.RunMetadata()
        metadata.step_stats.dev_stats.add(device="/cpu:0").node_stats.add(
            node_name="x", all_end_rel_micros=micros)
        profiler.add_step(step, metadata)
    builder = BUILDER().with_empty_output()
    assert profiler.profile_operations(builder.build()).total_exec_micros == 20
    assert profiler.profile_name_scope(builder.with_step(1).build()).total_exec_micros == 30
    with pytest.raises(fg.errors.InvalidArgumentError, match=r"no run of step 7 .*\n.* 0, 1"):
        profiler.profile_operations(builder.with_step(7).build())


@pytest.mark.parametrize("build, count", [
    (lambda: fg.zeros([2, 3]) @ fg.zeros([3, 4]), 48),
    (lambda: fg.matmul(fg.zeros([3, 2]), fg.zeros([3, 4]), transpose_a=True), 48),
    (lambda: fg.reduce_sum(fg.zeros([2, 3]), 1), 4),
    (lambda: fg.reduce_mean(fg.zeros([2, 3]), 1), 6),
    (lambda: fg.add_n([fg.zeros([2, 3])] * 3), 12),
    (lambda: fg.nn.l2_loss(fg.zeros([2, 3])), 17),
    (lambda: fg.squared_difference(fg.zeros([2, 3]), fg.zeros([3])), 12),
    (lambda: fg.nn.avg_pool(fg.zeros([1, 4, 4, 2]), [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), 32),
    (lambda: fg.nn.depthwise_conv2d(fg.zeros([1, 4, 4, 2]), fg.zeros([3, 3, 2, 1]), [1, 1, 1, 1],
                                    "SAME"), 576),
    (lambda: fg.matmul(fg.placeholder(fg.float32, [None, 3]), fg.zeros([3, 4])), 0),
    (lambda: fg.matmul(fg.placeholder(fg.float32), fg.zeros([3, 4])), 0),
], ids=["MatMul", "transposed", "Sum", "Mean", "AddN", "L2Loss", "SquaredDifference", "AvgPool",
        "depthwise", "unknown size", "unknown rank"])
def test_float_operations_are_counted_as_tensorflow_counts(build, count) -> None:
    build()
    options = BUILDER(BUILDER.float_operation()).with_empty_output().build()
    assert fg.profiler.profile(options=options).total_float_ops == count


@pytest.mark.parametrize("use, error", [
    (lambda: fg.profiler.profile(cmd="code"), fg.errors.UnimplementedError),
    (lambda: fg.profiler.profile(cmd="tree"), fg.errors.InvalidArgumentError),
    (lambda: fg.profiler.profile(op_log=object()), fg.errors.UnimplementedError),
    (lambda: fg.profiler.Profiler(op_log=object()), fg.errors.UnimplementedError),
    (lambda: fg.profiler.profile(options=BUILDER().with_pprof_output("x").build()),
     fg.errors.UnimplementedError),
], ids=["code", "unknown", "log", "log of a profiler", "pprof"])
def test_what_is_not_offered_says_so(use, error) -> None:
    with pytest.raises(error, match=r"tf\.profiler|unknown cmd"):
        use()
