"""`write_graph_log`: what TensorBoard joins fits together."""

from __future__ import annotations

import glob

import numpy as np
import pytest

import flowgraph as fg

CPU = "/job:localhost/replica:0/task:0/device:CPU:0"


def events(logdir):
    (path,) = glob.glob(f"{logdir}/*")
    return list(fg.train.summary_iterator(path))


def graph_of(logdir):
    (written,) = [e.graph_def for e in events(logdir) if e.WhichOneof("what") == "graph_def"]
    return fg.GraphDef.FromString(written)


def steps_of(logdir):
    (tagged,) = [event.tagged_run_metadata for event in events(logdir)
                 if event.WhichOneof("what") == "tagged_run_metadata"]
    (device,) = fg.RunMetadata.FromString(tagged.run_metadata).step_stats.dev_stats
    return tagged.tag, {node.node_name: node for node in device.node_stats}


def test_every_step_has_a_node_in_the_graph_and_in_its_functions(tmp_path) -> None:
    x = fg.placeholder(fg.float32, [2], name="x")
    w = fg.get_variable("w", [2])
    _, y = fg.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, fg.tanh(y) * w), [0, x],
                         name="loop")
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        fg.summary.write_graph_log(tmp_path, session=session, fetches=y, feed_dict={x: [1, 2]})
    graph = graph_of(tmp_path)
    nodes = {node.name for node in graph.node}
    inside = {f"__function_library__{function.signature.name}/{node.name}"
              for function in graph.library.function for node in function.node_def}
    tag, steps = steps_of(tmp_path)
    assert tag == "run"
    assert "__function_library__loop_While_body/loop/Tanh" in inside & set(steps)
    bodies = {name.partition("/")[2] for name in inside}
    assert set(steps) <= nodes | inside | bodies
    assert steps["w"].memory[0].total_bytes == 8
    assert all(output.tensor_description.HasField("shape")  # TensorBoard asks for it
               for step in steps.values() for output in step.output)


def test_every_node_has_a_whole_device_and_its_shapes(tmp_path) -> None:
    fg.negative(fg.constant([1.0, 2.0]), name="here")
    with fg.device("/gpu:1"):
        fg.cond(fg.constant(True), lambda: fg.constant(1.0), lambda: fg.constant(2.0), name="there")
    assert fg.summary.write_graph_log(tmp_path, fg.get_default_graph()) is None
    graph = graph_of(tmp_path)
    devices = {node.name: node.device for node in graph.node}
    assert devices["here"] == CPU and devices["there/If"] == CPU.replace("CPU:0", "GPU:1")
    assert all(node.device.startswith("/job:localhost/") for function in graph.library.function
               for node in function.node_def)
    (here,) = [node for node in graph.node if node.name == "here"]
    assert [dim.size for dim in here.attr["_output_shapes"].list.shape[0].dim] == [2]


def test_a_train_step_trains_and_the_run_has_its_step(tmp_path) -> None:
    w = fg.Variable(1.0, name="w")
    with fg.Session() as session:
        session.run(fg.global_variables_initializer())
        fg.summary.write_graph_log(tmp_path, session=session, fetches=fg.assign_add(w, 1.0).op,
                                   global_step=3)
        assert session.run(w) == 2
    assert steps_of(tmp_path)[0] == "step 3"
    assert [event.step for event in events(tmp_path)][1:] == [3, 3]


@pytest.mark.parametrize("arguments, error, words", [
    ({"fetches": "x:0"}, ValueError, "session=sess"),
    ({"feed_dict": {}}, ValueError, "there are no fetches"),
    ({"graph": "model"}, TypeError, "must be a tf.Graph"),
])
def test_a_wrong_use_writes_nothing(tmp_path, arguments, error, words) -> None:
    fg.placeholder(fg.float32, [], name="x")
    with pytest.raises(error, match=words):
        fg.summary.write_graph_log(tmp_path / "logs", **arguments)
    assert not list(tmp_path.iterdir())


def test_a_run_that_fails_writes_nothing(tmp_path) -> None:
    x = fg.placeholder(fg.float32, [None])
    with fg.Session() as session, pytest.raises(fg.errors.InvalidArgumentError):
        fg.summary.write_graph_log(tmp_path, session=session, feed_dict={x: [np.nan]},
                                   fetches=fg.check_numerics(x, "bad"))
    assert not list(tmp_path.iterdir())
