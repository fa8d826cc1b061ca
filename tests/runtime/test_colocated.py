"""Colocation groups: what one asks for counts for all; two must not ask for different things."""

from __future__ import annotations

import pytest

import flowgraph as fg
from tests.gpu.simulated import gpus


def beside(first: str, second: str):
    """Two operations in one group, each with a device."""
    with fg.device(first):
        a = fg.constant(1.0, name="a")
    with fg.device(second):
        b = fg.constant(2.0, name="b")
    with fg.colocate_with(a), fg.colocate_with(b):
        return fg.add(a, b, name="c")


@pytest.mark.parametrize(("first", "second", "words"), [
    ("/cpu:0", "/cpu:1", "ids: '/device:CPU:1' and '/device:CPU:0'"),
    ("/cpu:0", "/gpu:0", "types: '/device:GPU:0' and '/device:CPU:0'"),
    ("/task:1", "/task:0", "tasks: '/task:0' and '/task:1'"),
    ("/job:a", "/job:b", "jobs: '/job:b' and '/job:a'"),
], ids=["number", "type", "task", "job"])
def test_two_devices_in_a_group_are_tensorflows_error(first, second, words) -> None:
    c = beside(first, second)
    with pytest.raises(fg.errors.InvalidArgumentError) as caught:
        fg.Session(config=fg.ConfigProto(device_count={"CPU": 2})).run(c)
    assert caught.value.message.startswith(
        "Cannot colocate nodes {{colocation_node c}} and {{colocation_node a}}: Cannot merge "
        f"devices with incompatible {words}")
    assert "tf.colocate_with" in caught.value.message


def test_soft_placement_lets_each_go_its_own_way() -> None:
    c = beside("/cpu:0", "/gpu:0")
    config = fg.ConfigProto(allow_soft_placement=True)
    with fg.Session(config=config) as sess:
        assert sess.run(c) == 3.0


def test_parts_of_devices_are_put_together(capsys) -> None:
    a = fg.constant(1.0, name="a")
    with fg.colocate_with(a), fg.device("/cpu:1"):
        b = fg.add(a, a, name="b")
    config = fg.ConfigProto(device_count={"CPU": 2}, log_device_placement=True)
    with fg.Session(config=config) as sess:
        assert sess.run(b) == 2.0
    assert "a: (Const): /job:localhost/replica:0/task:0/device:CPU:1" in capsys.readouterr().err


def test_an_operation_goes_where_the_one_beside_it_goes(capsys) -> None:
    small = [1.0, 2.0]
    config = fg.ConfigProto(log_device_placement=True)
    with fg.Graph().as_default(), gpus(2), fg.Session(config=config) as sess:
        x = fg.placeholder(fg.float32, [64, 64], name="x")
        y = fg.matmul(x, x, name="y")
        n = fg.placeholder(fg.float32, [2], name="n")
        with fg.colocate_with(y):
            beside_y = fg.exp(n, name="beside_y")
        alone = fg.sqrt(n, name="alone")
        with fg.colocate_with(alone):
            fg.matmul(x, x, transpose_a=True, name="on_host")
        with fg.device("/gpu:1"):
            one = fg.sin(n, name="one")
        with fg.colocate_with(one):
            two = fg.cos(n, name="two")
        graph = fg.get_default_graph()
        fetches = [y, beside_y, alone, graph.get_tensor_by_name("on_host:0"), one, two]
        sess.run(fetches, {x: [[1.0] * 64] * 64, n: small})
    told = {line.partition(":")[0]: line.rpartition("device:")[2]
            for line in capsys.readouterr().err.splitlines()}
    assert {name: told[name] for name in ("y", "beside_y", "alone", "on_host", "one", "two")} == {
        "y": "GPU:0", "beside_y": "GPU:0", "alone": "CPU:0", "on_host": "CPU:0", "one": "GPU:1",
        "two": "GPU:1"}


def test_a_group_on_a_gpu_takes_nothing_that_has_no_kernel_there() -> None:
    with fg.device("/gpu:0"):
        a = fg.constant(1.0, name="a")
    b = fg.as_string(a, name="b")
    with fg.colocate_with(b):
        c = fg.identity(a, name="c")
    with fg.colocate_with(c), fg.colocate_with(a):
        d = fg.identity(a, name="d")
    with gpus(), fg.Session() as sess, pytest.raises(
            fg.errors.InvalidArgumentError, match="operation b: Could not satisfy explicit"):
        sess.run(d)
