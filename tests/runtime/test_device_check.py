"""What is said of operations on devices that are not there, or that have no kernel for them.

The sentences, and which operation is named, are those of TensorFlow.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core import gpu
from flowgraph.core.gpu import GpuInfo
from flowgraph.runtime.device_check import DeviceCheck, in_placing_order
from flowgraph.runtime.devices import LOCAL, SessionDevices
from tests.gpu.simulated import gpus

CPU = f"{LOCAL}/device:CPU:0"


def machine(monkeypatch, gpus: int) -> None:
    """A machine with so many GPUs."""
    infos = tuple(GpuInfo(i, "Model", 1 << 33, (8, 0), f"0000:0{i}:00.0") for i in range(gpus))
    monkeypatch.setattr(gpu, "found", lambda: infos)


def check(**fields: Any) -> None:
    """Checks the default graph as a session does; without running it, as no GPU is there."""
    DeviceCheck(SessionDevices("", fg.ConfigProto(**fields)))(fg.get_default_graph())


def refusal(**fields: Any) -> fg.errors.InvalidArgumentError:
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        check(**fields)
    return caught.value


# ---- devices that are not there ------------------------------------------------------------------


@pytest.mark.parametrize("device, gpus, fields, advice", [
    ("/device:GPU:0", 0, {}, "There is no GPU: "),
    ("/device:GPU:*", 0, {}, "allow_soft_placement=True"),
    ("/device:GPU:2", 2, {}, 'This session has 2 GPUs, the last one is "/gpu:1".'),
    ("/device:GPU:0", 2, {"device_count": {"GPU": 0}}, "leaves out the 2 GPUs of this machine"),
    ("/device:CPU:1", 0, {}, 'device_count={"CPU": 2}'),
    ("/device:CPU:4", 0, {"device_count": {"CPU": 4}}, "to have 5 CPUs"),
    ("/device:TPU:0", 1, {}, "There are devices of the types CPU and GPU."),
    ("/job:ps", 0, {}, "leave job, replica and task out"),
    ("/job:ps/task:1/device:CPU:0", 0, {"allow_soft_placement": True}, "leave job"),
    ("/replica:1", 0, {"allow_soft_placement": True}, "leave job"),
    ("/task:1/device:GPU:0", 1, {"allow_soft_placement": True}, "leave job"),
])
def test_a_device_that_is_not_there(monkeypatch, device, gpus, fields, advice) -> None:
    machine(monkeypatch, gpus)
    with fg.device(device):
        x = fg.placeholder(fg.float32, name="x")
    fg.add(x, 1.0, name="y")
    there = [f"{LOCAL}/device:CPU:{i}" for i in range(fields.get("device_count", {}).get("CPU", 1))]
    there += [f"{LOCAL}/device:GPU:{i}"
              for i in range(fields.get("device_count", {}).get("GPU", gpus))]
    error = refusal(**fields)
    first, row, last = error.message.splitlines()
    assert first == (
        "Cannot assign a device for operation x: {{node x}} was explicitly assigned to "
        f"{device} but available devices are [ {', '.join(there)} ]. Make sure the device "
        "specification refers to a valid device.")
    assert re.fullmatch(r"  Placeholder 'x'  test_device_check.py:\d+", row)
    assert advice in last and last.endswith("docs: errors#placement-error")
    assert error.op is x.op


@pytest.mark.parametrize("device, gpus, fields", [
    ("/gpu:0", 1, {}), ("/gpu", 2, {}), ("/gpu:1", 2, {}), ("/cpu", 0, {}), ("/cpu:0", 1, {}),
    ("/job:localhost/replica:0/task:0/gpu:0", 1, {}), ("/task:0", 0, {}),
    ("/cpu:1", 0, {"device_count": {"CPU": 2}}),
    ("/cpu:3", 0, {"allow_soft_placement": True}), ("/gpu:0", 0, {"allow_soft_placement": True}),
    ("/gpu:7", 1, {"allow_soft_placement": True}), ("/device:TPU:0", 0,
                                                    {"allow_soft_placement": True}),
    ("/job:localhost/gpu:3", 0, {"allow_soft_placement": True}),
])
def test_a_device_that_is_there_or_need_not_be(monkeypatch, device, gpus, fields) -> None:
    machine(monkeypatch, gpus)
    with fg.device(device):
        fg.constant(1.0) + 2.0
    check(**fields)


def test_every_task_of_a_cluster_is_there() -> None:
    with fg.device("/job:ps/task:3/cpu:0"):
        x = fg.constant(1.0)
    with fg.device("/job:worker/task:0"):
        y = x + 1.0
    assert fg.Session("grpc://localhost:2222").run(y) == 2.0
    with fg.device("/job:worker/gpu:9"):
        fg.constant(1.0)
    with pytest.raises(fg.errors.InvalidArgumentError, match="explicitly assigned"):
        fg.Session("grpc://localhost:2222").run(y)


# ---- which operation is named --------------------------------------------------------------------


def named(build) -> str:
    build()
    operation = re.match(r"Cannot assign a device for operation (\S+): ", refusal().message)
    assert operation is not None
    return operation[1]


def constants_then_sum() -> None:
    with fg.device("/gpu:99"):
        x = fg.constant(1.0, name="x")
        fg.add(x, x, name="y")


def only_sources() -> None:
    with fg.device("/gpu:99"):
        fg.constant(1.0, name="a")
        fg.placeholder(fg.float32, name="p")


def sources_and_nothing() -> None:
    with fg.device("/gpu:99"):
        fg.constant(1.0, name="a")
        fg.no_op(name="f")


def a_variable() -> None:
    with fg.device("/gpu:99"):
        fg.Variable(1.0, name="v")


def a_write() -> None:
    v = fg.Variable(1.0, name="v")
    with fg.device("/gpu:99"):
        v.assign(2.0)


def in_a_loop() -> None:
    def body(i):
        with fg.device("/gpu:99"):
            return i + 1

    fg.while_loop(lambda i: i < 3, body, [0])


def in_a_branch() -> None:
    x = fg.constant(True)
    with fg.device("/gpu:99"):
        fg.cond(x, lambda: fg.add(1.0, 2.0, name="sum"), lambda: fg.constant(2.0))


def in_a_pipeline() -> None:
    def function(x):
        with fg.device("/gpu:99"):
            return fg.add(x, 1, name="more")

    fg.data.make_one_shot_iterator(fg.data.Dataset.range(3).map(function)).get_next()


def beside_another() -> None:
    with fg.device("/gpu:99"):
        c = fg.constant(2.0, name="c")
    with fg.device("/cpu:0"), fg.colocate_with(c):
        fg.identity(c, name="d")


def imported() -> None:
    graph = fg.Graph()
    with graph.as_default(), fg.device("/gpu:99"):
        fg.constant(1.0, name="x")
    fg.import_graph_def(graph.as_graph_def(), name="there")


def imported_under_a_device() -> None:
    graph = fg.Graph()
    with graph.as_default():
        fg.no_op(name="x")
    with fg.device("/gpu:99"):
        fg.import_graph_def(graph.as_graph_def(), name="there")


def by_a_function() -> None:
    with fg.device(lambda op: "/gpu:99" if op.type == "Add" else "/cpu:0"):
        fg.add(fg.constant(1.0), 2.0, name="z")


def gradients() -> None:
    x = fg.placeholder(fg.float32, [], name="x")
    y = x * x
    with fg.device("/gpu:99"):
        fg.gradients(y, x)


@pytest.mark.parametrize("build, operation", [
    (constants_then_sum, "y"), (only_sources, "a"), (sources_and_nothing, "f"), (a_variable, "v"),
    (a_write, "Assign/value"), (in_a_loop, "while/add"), (in_a_branch, "cond/sum"),
    (in_a_pipeline, "more"), (beside_another, "d"), (imported, "there/x"),
    (imported_under_a_device, "there/x"), (by_a_function, "z"), (gradients, "gradients/Fill"),
])
def test_the_operation_that_tensorflow_names(monkeypatch, build, operation) -> None:
    machine(monkeypatch, 0)
    assert named(build) == operation


@pytest.mark.parametrize("build", [constants_then_sum, a_variable, in_a_loop, in_a_branch,
                                   in_a_pipeline, imported, gradients])
def test_with_soft_placement_all_of_it_runs(build) -> None:
    build()
    graph = fg.get_default_graph()
    config = fg.ConfigProto(allow_soft_placement=True, device_count={"GPU": 0})
    with fg.Session(config=config) as sess:
        sess.run(fg.global_variables_initializer())
        last = [op for op in graph.get_operations() if op.type != "Placeholder"][-1]
        sess.run(last, {} if build is not gradients else {"x:0": 1.0})


# ---- when it is checked --------------------------------------------------------------------------


def test_also_what_is_not_fetched_is_checked() -> None:
    x = fg.constant(1.0)
    constants_then_sum()
    with pytest.raises(fg.errors.InvalidArgumentError, match="operation y"):
        fg.Session().run(x)


def test_a_run_whose_fetches_are_all_fed_places_nothing() -> None:
    x = fg.placeholder(fg.float32, [])
    with fg.device("/gpu:99"):
        y = x + 1.0
    sess = fg.Session()
    assert sess.run([x, y], {x: 1.0, y: 5.0}) == [1.0, 5.0]
    with pytest.raises(fg.errors.InvalidArgumentError, match="Cannot assign"):
        sess.run([x, y], {y: 5.0})  # rather than that x is not fed
    assert sess.run([x, y], {x: 1.0, y: 5.0}) == [1.0, 5.0]


def test_a_graph_that_grows_is_checked_again_until_it_is_right() -> None:
    x = fg.constant(1.0)
    sess = fg.Session()
    assert sess.run(x) == 1.0
    with fg.device("/gpu:99"):
        bad = fg.constant(1.0, name="bad").op
    for _ in range(3):
        with pytest.raises(fg.errors.InvalidArgumentError, match="operation bad"):
            sess.run(x)
    bad._set_device("/device:CPU:0")
    assert sess.run(x) == 1.0
    assert fg.Session().run(x) == 1.0


def test_parts_of_runs_and_callables_are_checked() -> None:
    x = fg.placeholder(fg.float32, [])
    with fg.device("/gpu:99"):
        y = x + 1.0
    with pytest.raises(fg.errors.InvalidArgumentError, match="Cannot assign"):
        fg.Session().partial_run_setup([y], [x])
    with pytest.raises(fg.errors.InvalidArgumentError, match="Cannot assign"):
        fg.Session().make_callable(y, [x])
    with pytest.raises(fg.errors.InvalidArgumentError, match="Cannot assign"):
        fg.Session().explain(y, {x: 1.0})


def test_a_fetch_that_is_not_there_is_told_first() -> None:
    constants_then_sum()
    with pytest.raises(ValueError, match="nowhere"):
        fg.Session().run("nowhere:0")


@pytest.mark.parametrize("device, soft, looked_at", [
    (None, False, 0), ("/cpu:0", False, 0), ("/gpu:0", True, 0), ("/gpu:1", False, 3)])
def test_operations_are_looked_at_where_a_device_needs_it(monkeypatch, device, soft, looked_at
                                                          ) -> None:
    machine(monkeypatch, 1)
    fg.constant(1.0)
    with fg.device(device):
        fg.constant(1.0) + 1.0
    check = DeviceCheck(SessionDevices("", fg.ConfigProto(allow_soft_placement=soft)))
    seen: list[Any] = []
    monkeypatch.setattr(check, "place", seen.append)
    for _ in range(2):  # each operation once
        check(fg.get_default_graph())
    assert len(seen) == looked_at


# ---- kernels -------------------------------------------------------------------------------------


def text() -> None:
    fg.constant(b"a", name="bad")


def host_only() -> None:
    fg.py_func(lambda x: x, [1.0], fg.float32, name="bad")


def integer_variable() -> None:
    fg.Variable(1, name="bad")


def summary() -> None:
    fg.summary.scalar("bad", 1.0)


def save() -> None:
    v = fg.Variable(1.0)
    saver = fg.train.Saver([v])
    assert saver is not None


def queue() -> None:
    fg.RandomShuffleQueue(3, 1, fg.float32, name="bad")


@pytest.mark.parametrize("build, operation, why", [
    (text, "bad", "a GPU has no arrays of text"),
    (host_only, "bad", "Python functions take NumPy arrays"),
    (integer_variable, "bad", "a variable of int32 is on the CPU"),
    (summary, "bad", "strings are Python bytes"),
    (save, "save/SaveV2", "files are written and read on the host"),
    (queue, "bad", "the object is a Python object"),
])
def test_what_has_no_kernel_for_a_gpu(monkeypatch, build, operation, why) -> None:
    machine(monkeypatch, 1)
    with fg.device("/gpu:0"):
        build()
    lines = refusal().message.splitlines()
    assert lines[0] == (
        f"Cannot assign a device for operation {operation}: Could not satisfy explicit device "
        "specification '/device:GPU:0' because no supported kernel for GPU devices is available.")
    assert why in lines[2] and 'tf.device("/cpu:0")' in lines[2]
    check(allow_soft_placement=True)


def test_what_tensorflow_has_kernels_for_may_be_on_a_gpu(monkeypatch) -> None:
    machine(monkeypatch, 1)
    with fg.device("/gpu:0"):
        x = fg.placeholder(fg.string)
        fg.identity(x)
        v = fg.Variable(np.zeros(2, np.int64))
        v.assign_add([1, 1])
        fg.Assert(fg.equal(v[0], 1), [v])
        fg.map_fn(lambda row: row + 1, v)
        numbers = fg.range(3) + 1
        fg.cond(numbers[0] > 1, lambda: numbers, lambda: numbers + 1)
        fg.group(v.initializer)
        fg.train.AdamOptimizer().minimize(fg.reduce_sum(fg.get_variable("w", [2]) ** 2))
    with fg.device("/cpu:0"):
        dataset = fg.data.Dataset.range(3)
    with fg.device("/gpu:0"):
        fg.data.make_initializable_iterator(dataset).get_next()
    check()


# ---- the log -------------------------------------------------------------------------------------


def test_the_log_tells_each_operation_once(monkeypatch, capsys) -> None:
    machine(monkeypatch, 0)
    x = fg.constant([1.0, 2.0], name="x")
    y = fg.add(x, 1.0, name="add")
    sess = fg.Session(config=fg.ConfigProto(log_device_placement=True))
    sess.run(y)
    sess.run(x)
    fg.multiply(x, x, name="mul")
    sess.run(y)
    assert capsys.readouterr().err.splitlines() == [
        "Device mapping: no known devices.",
        f"add: (Add): {CPU}", f"x: (Const): {CPU}", f"add/y: (Const): {CPU}", f"mul: (Mul): {CPU}"]


def test_the_log_maps_gpus(monkeypatch, capsys) -> None:
    machine(monkeypatch, 2)
    check(log_device_placement=True)
    assert capsys.readouterr().err.splitlines() == [
        "Device mapping:",
        f"{LOCAL}/device:GPU:0 -> device: 0, name: Model, pci bus id: 0000:00:00.0, "
        "compute capability: 8.0",
        f"{LOCAL}/device:GPU:1 -> device: 1, name: Model, pci bus id: 0000:01:00.0, "
        "compute capability: 8.0"]


def test_bodies_are_placed_before_what_holds_them() -> None:
    fg.cond(fg.placeholder(fg.bool, [], name="p"), lambda: fg.no_op(name="a"),
            lambda: fg.no_op(name="b"))
    names = [op.name for op in in_placing_order(fg.get_default_graph())]
    assert names.index("cond/a") < names.index("cond/b") < names.index("cond/If")
    assert names.index("p") > names.index("cond/If")  # it only makes a tensor


def test_the_log_tells_where_operations_really_are(capsys) -> None:
    with gpus(2):
        x = fg.placeholder(fg.float32, [64, 64], name="x")
        with fg.device("/gpu:1"):
            y = fg.square(x, name="y")
        z = fg.reduce_sum(y, name="z")
        small = fg.add(fg.placeholder(fg.float32, [], name="p"), 1.0, name="small")
        sess = fg.Session(config=fg.ConfigProto(log_device_placement=True))
        sess.run([z, small], {x: np.ones((64, 64)), "p:0": 1.0})
    lines = dict(line.split(": (") for line in capsys.readouterr().err.splitlines()[3:])
    assert {name: line.partition(LOCAL)[2] for name, line in lines.items() if name in "yz small"
            } == {"y": "/device:GPU:1", "z": "/device:GPU:0", "small": "/device:CPU:0"}


# ---- tf.test -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options, device, soft", [
    ({}, "/device:CPU:0", True), ({"use_gpu": True}, "", True),
    ({"force_gpu": True}, "/device:GPU:0", False),
    ({"config": fg.ConfigProto()}, "/device:CPU:0", False),
    ({"config": fg.ConfigProto(allow_soft_placement=True), "force_gpu": True}, "/device:GPU:0",
     False),
], ids=str)
@pytest.mark.parametrize("kind", ["session", "cached_session"])
def test_sessions_of_tests_put_operations_on_devices(kind, options, device, soft) -> None:
    with getattr(fg.test.TestCase(), kind)(**options) as sess:
        assert fg.no_op().device == device
        assert sess._devices.soft == soft
