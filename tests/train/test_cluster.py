"""Clusters whose tasks are all in this process; names and devices are TensorFlow's."""

from __future__ import annotations

import pytest

import flowgraph as fg

TASKS = {"ps": ["a:1"], "worker": {0: "b:1", 2: "b:3"}}


@pytest.mark.parametrize("cluster", [
    TASKS, fg.train.ClusterSpec(TASKS), fg.train.ClusterSpec(TASKS).as_cluster_def()])
def test_a_cluster_tells_its_tasks(cluster) -> None:
    spec = fg.train.ClusterSpec(cluster)
    assert spec.as_dict() == {"ps": ["a:1"], "worker": {0: "b:1", 2: "b:3"}}
    assert (spec.jobs, spec.num_tasks("worker")) == (["ps", "worker"], 2)
    assert spec.task_indices("worker") == [0, 2]
    assert spec.job_tasks("worker") == ["b:1", None, "b:3"]
    assert spec.task_address("ps", 0) == "a:1"
    assert spec == fg.train.ClusterSpec(TASKS)
    assert spec != fg.train.ClusterSpec({})
    assert not fg.train.ClusterSpec({})


@pytest.mark.parametrize(("call", "kind", "words"), [
    (lambda: fg.train.ClusterSpec(3), TypeError, "dictionary"),
    (lambda: fg.train.ClusterSpec(TASKS).num_tasks("x"), ValueError, "No such job"),
    (lambda: fg.train.ClusterSpec(TASKS).task_address("ps", 7), ValueError, "index 7"),
    (lambda: fg.train.Server(TASKS), ValueError, "needs job_name"),
    (lambda: fg.train.Server(TASKS, job_name="worker"), ValueError, "needs task_index"),
    (lambda: fg.train.Server(TASKS, job_name="worker", task_index=1), ValueError, "index 1"),
    (lambda: fg.train.replica_device_setter(2, ps_strategy=3), TypeError, "callable"),
], ids=["spec", "job", "task", "which job", "which task", "no task", "strategy"])
def test_what_makes_no_cluster(call, kind, words) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_sessions_of_a_server_have_every_task(caplog) -> None:
    servers = [fg.train.Server(TASKS, "worker", 2), fg.train.Server(TASKS, "ps")]
    assert [server.target for server in servers] == ["grpc://b:3", "grpc://a:1"]
    again = fg.train.Server(servers[0].server_def)
    assert (again.target, again.server_def.task_index) == ("grpc://b:3", 2)
    with fg.Graph().as_default():
        with fg.device("/job:ps/task:0"):
            v = fg.Variable(2.0)
        with fg.device("/job:worker/task:2"):
            y = v * 3.0
        with fg.Session(servers[0].target) as sess:
            sess.run(v.initializer)
            assert sess.run(y) == 6.0
    servers[1].start()
    servers[1].join()
    assert "returns at once" in caplog.text


def test_variables_go_to_the_tasks_of_ps_in_turn() -> None:
    """The devices are what TensorFlow gives."""
    with fg.Graph().as_default(), fg.device(fg.train.replica_device_setter(ps_tasks=2)):
        v, w = fg.Variable(1.0), fg.Variable(2.0)
        s = v + w
        with fg.device("/task:1"):
            p = 2 * s
            with fg.device("/cpu:0"):
                q = 3 * s
        with fg.device("/job:other"):
            z = fg.Variable(1.0)
    assert [x.device for x in (v, w, s, p, q, z)] == [
        "/job:ps/task:0", "/job:ps/task:1", "/job:worker", "/job:worker/task:1",
        "/job:worker/task:1/device:CPU:0", "/job:other"]
    assert v.initializer.device == "/job:ps/task:0"


@pytest.mark.parametrize(("arguments", "devices"), [
    ({}, ["", "", ""]),
    ({"cluster": {"ps": ["a", "b"], "worker": ["c"]}, "worker_device": "/job:worker/task:0"},
     ["/job:ps/task:0", "/job:ps/task:1", "/job:worker/task:0"]),
    ({"cluster": {"worker": ["c"]}}, ["", "", ""]),
    ({"ps_tasks": 3, "ps_strategy": lambda op: 2},
     ["/job:ps/task:2", "/job:ps/task:2", "/job:worker"]),
    ({"ps_tasks": 3, "ps_ops": ["AddV2", "Add"]}, ["/job:worker", "/job:worker", "/job:ps/task:0"]),
], ids=["no tasks", "cluster", "cluster without ps", "strategy", "ops"])
def test_what_the_setter_is_told(arguments, devices) -> None:
    with fg.Graph().as_default(), fg.device(fg.train.replica_device_setter(**arguments)):
        v, w = fg.Variable(1.0), fg.Variable(2.0)
        assert [v.device, w.device, fg.add(v, w).device] == devices


def test_the_setter_takes_nodes_of_a_graph_def() -> None:
    with fg.Graph().as_default() as graph:
        variable = fg.Variable(1.0, name="v")
        fg.identity(variable, name="y")
    device_of = fg.train.replica_device_setter(ps_tasks=1)
    nodes = {node.name: node for node in graph.as_graph_def().node}
    assert [device_of(nodes[name]) for name in ("v", "y")] == ["/job:ps/task:0", "/job:worker"]
