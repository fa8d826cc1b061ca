"""Device strings, nested device blocks, device functions, colocation."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import flowgraph as fg
from flowgraph.graph import devices


def device_of_new_op() -> str:
    return fg.no_op().device


@pytest.mark.parametrize(("text", "device"), [
    ("/cpu:0", "/device:CPU:0"), ("/gpu:1", "/device:GPU:1"), ("/CPU:0", "/device:CPU:0"),
    ("/device:GPU:0", "/device:GPU:0"), ("/device:gpu:2", "/device:GPU:2"),
    ("cpu:0", "/device:CPU:0"), ("/gpu:*", "/device:GPU:*"), ("/cpu", "/device:CPU:*"),
    ("/job:ps/task:1", "/job:ps/task:1"), ("/job:ps", "/job:ps"), ("", ""),
    ("/task:0/job:w", "/job:w/task:0"),
    ("/job:ps/replica:0/task:1/device:CPU:0", "/job:ps/replica:0/task:1/device:CPU:0")])
def test_a_device_is_spelled_in_one_way(text, device) -> None:
    with fg.device(text):
        assert device_of_new_op() == device


@pytest.mark.parametrize("text", ["/foo:0", "foo", "/job", "/device:", "/cpu:0/what"])
def test_a_device_that_cannot_be_read_raises_at_the_with_line(text) -> None:
    with pytest.raises(ValueError, match=r"is not a device: the part .* is unknown"), \
            fg.device(text):
        pass


def test_inner_blocks_fill_in_and_overrule_outer_ones() -> None:
    with fg.device("/job:ps"):
        with fg.device("/gpu:0"):
            assert device_of_new_op() == "/job:ps/device:GPU:0"
            with fg.device("/cpu:1"):
                assert device_of_new_op() == "/job:ps/device:CPU:1"
            with fg.device(""):
                assert device_of_new_op() == "/job:ps/device:GPU:0"
            with fg.device(None):
                assert device_of_new_op() == ""
                with fg.device("/cpu:0"):
                    assert device_of_new_op() == "/device:CPU:0"
        assert device_of_new_op() == "/job:ps"
    assert device_of_new_op() == ""


def test_a_function_chooses_by_operation() -> None:
    def choose(op: fg.Operation) -> str:
        return "/cpu:0" if op.type == "NoOp" else f"/gpu:{len(op.inputs)}"

    with fg.device(choose):
        x = fg.constant(1.0)
        assert device_of_new_op() == "/cpu:0"  # as the function spells it, as in TensorFlow
        assert (x.device, fg.identity(x).device) == ("/gpu:0", "/gpu:1")


def test_an_outer_function_sees_the_inner_device_and_has_the_last_word() -> None:
    seen = []

    def function(op: fg.Operation) -> str:
        seen.append(op.device)
        return "/job:ps"

    with fg.device(function), fg.device("/gpu:0"):
        assert device_of_new_op() == "/job:ps"
    assert seen == ["/device:GPU:0"]


def test_an_inner_function_leaves_open_fields_to_outer_strings() -> None:
    with fg.device("/job:ps/task:0"), fg.device(lambda op: "/task:1"):
        assert device_of_new_op() == "/job:ps/task:1"


def test_a_function_that_returns_none_changes_nothing() -> None:
    with fg.device("/gpu:0"), fg.device(lambda op: None):
        assert device_of_new_op() == "/device:GPU:0"


def test_an_object_with_to_string_is_a_device() -> None:
    class Spec:
        def to_string(self) -> str:
            return "/job:ps/device:GPU:3"

    with fg.device(Spec()):
        assert device_of_new_op() == "/job:ps/device:GPU:3"


def test_colocation_takes_the_device_of_an_op() -> None:
    with fg.device("/gpu:0"):
        a = fg.constant(1.0)
    b = fg.constant(1.0)
    with fg.device("/job:w/cpu:0"):
        for target in (a, a.op):
            with fg.colocate_with(target):
                assert device_of_new_op() == "/device:GPU:0"
            with fg.colocate_with(target), fg.device("/cpu:0"):
                assert device_of_new_op() == "/device:GPU:0"
        with fg.colocate_with(b):
            assert device_of_new_op() == ""
        with fg.colocate_with(b), fg.device("/cpu:1"):
            assert device_of_new_op() == "/device:CPU:1"
        with fg.colocate_with(None, ignore_existing=True):
            assert device_of_new_op() == ""
        with pytest.raises(ValueError, match="needs an op"), fg.colocate_with(None):
            pass
    with fg.colocate_with(a), fg.colocate_with(b):
        assert device_of_new_op() == "/device:GPU:0"  # the first that has one, from the inside out


@pytest.mark.parametrize(("blocks", "device"), [
    (["/gpu:1", "/cpu"], "/device:CPU:1"),
    (["/cpu:1", "/gpu:*"], "/device:GPU:1"),
    (["/cpu:*", "/cpu:1"], "/device:CPU:1"),
    (["/job:a/gpu", "/gpu"], "/job:a/device:GPU:*"),
    ([lambda op: "/gpu:0", "/job:a"], "/gpu:0"),
    (["/job:a", lambda op: "/gpu:0"], "/job:a/device:GPU:0"),
], ids=["type", "any", "number", "none", "function", "inner function"])
def test_parts_that_are_left_open_are_filled_in_as_in_tensorflow(blocks, device) -> None:
    with ExitStack() as stack:
        for block in blocks:
            stack.enter_context(fg.device(block))
        assert device_of_new_op() == device


def test_what_a_function_gives_must_be_a_device() -> None:
    with fg.device(lambda op: "gpu zero"), pytest.raises(ValueError, match="is not a device"):
        fg.constant(1.0)


def groups(value) -> list[str]:
    return [group.decode() for group in getattr(value, "op", value).colocation_groups()]


def test_colocation_groups_are_those_of_tensorflow() -> None:
    a, b = fg.constant(1.0, name="a"), fg.constant(1.0, name="b")
    with fg.colocate_with(a):
        c = fg.constant(1.0, name="c")
        with fg.colocate_with(b):
            d = fg.constant(1.0)
        with fg.colocate_with(b, ignore_existing=True):
            e = fg.constant(1.0)
        with fg.colocate_with(None, ignore_existing=True):
            f = fg.constant(1.0, name="f")
    with fg.colocate_with(c):
        g = fg.constant(1.0)
    assert list(map(groups, (a, c, d, e, f, g))) == [
        ["loc:@a"], ["loc:@a"], ["loc:@a", "loc:@b"], ["loc:@b"], ["loc:@f"], ["loc:@a"]]
    assert d.op.get_attr("_class") == [b"loc:@a", b"loc:@b"]
    with pytest.raises(ValueError, match="_class"):
        a.op.get_attr("_class")


def test_what_belongs_to_a_variable_is_in_its_group() -> None:
    v = fg.Variable([1.0], name="v", use_resource=False)
    loss = fg.reduce_sum(v * v, name="loss")
    grads = fg.gradients(loss, [v], colocate_gradients_with_ops=True)
    fg.train.MomentumOptimizer(0.1, 0.9).apply_gradients(zip(grads, [v], strict=True))
    graph = fg.get_default_graph()
    for name in ("v/Assign", "v/read", "v/Momentum", "v/Momentum/Assign", "v/Momentum/read"):
        assert groups(graph.get_operation_by_name(name)) == ["loc:@v"], name
    assert groups(v.assign_add([1.0])) == ["loc:@v"]
    assert groups(v.read_value()) != ["loc:@v"]
    assert all(groups(tensor) == ["loc:@mul"] for tensor in grads[0].op.inputs)


def test_colocation_groups_are_written_and_read() -> None:
    a = fg.constant(1.0, name="a")
    with fg.colocate_with(a):
        fg.add(a, a, name="b")
    fg.Variable(1.0, name="v")
    graph_def = fg.get_default_graph().as_graph_def()
    nodes = {node.name: node for node in graph_def.node}
    assert list(nodes["b"].attr["_class"].list.s) == [b"loc:@a"]
    assert list(nodes["v/Assign"].attr["_class"].list.s) == [b"loc:@v"]
    assert "_class" not in nodes["a"].attr
    with fg.Graph().as_default() as graph:
        b, assign = fg.import_graph_def(graph_def, return_elements=["b", "v/Assign"], name="g")
        assert groups(b) == ["loc:@g/a"] and groups(assign) == ["loc:@g/v"]
        again = {node.name: node for node in graph.as_graph_def().node}
    assert list(again["g/b"].attr["_class"].list.s) == [b"loc:@g/a"]
    part = fg.graph_util.extract_sub_graph(graph_def, ["b"])
    assert {node.name for node in part.node} == {"a", "b"}


def test_what_writes_a_variable_stands_beside_it() -> None:
    with fg.device("/cpu:0"):
        v, index = fg.Variable([1.0, 2.0]), fg.constant([0])
    w = fg.Variable(1.0)
    with fg.device("/gpu:0"):
        ops = [v.assign([2.0, 3.0]).op, fg.assign_add(v, [2.0, 3.0]).op,
               fg.scatter_add(v, index, [1.0]).op]
        assert [op.device for op in ops] == 3 * ["/device:CPU:0"]
        assert w.assign(2.0).op.device == ""
        assert (v + w).device == "/device:GPU:0"
    assert v.assign_sub([2.0, 3.0]).op.device == "/device:CPU:0"


def test_a_loop_writes_a_variable_where_it_is() -> None:
    with fg.device("/cpu:0"):
        v = fg.Variable(0.0)
    written = []

    def body(i):
        written.append(v.assign_add(1.0).op)
        with fg.device("/gpu:0"), fg.control_dependencies(written[-1:]):
            return i + 1

    fg.while_loop(lambda i: i < 3, body, [0])
    assert written[0].device == "/device:CPU:0"


def test_a_branch_takes_tensors_from_where_they_are() -> None:
    x = fg.constant(1.0)
    inside = []

    def branch():
        inside.append((x + 1.0).op)
        return inside[-1].outputs[0]

    with fg.device("/gpu:1"):
        fg.cond(fg.equal(x, 1.0), branch, lambda: x)
    assert inside[0].device == "/device:GPU:1"
    assert inside[0].inputs[0].device == ""


def test_slots_stand_beside_their_variable() -> None:
    with fg.device("/cpu:0"):
        v = fg.Variable(1.0, name="v")
    with fg.device("/gpu:0"):
        optimizer = fg.train.AdamOptimizer(0.1)
        optimizer.minimize(v * v)
    assert optimizer.get_slot(v, "m").device == "/device:CPU:0"
    devices = {op.name: op.device for op in fg.get_default_graph().get_operations()}
    for name in ("v/Adam/Initializer/zeros", "beta1_power", "Adam/update_v/Sqrt", "Adam/mul_1",
                 "Adam/Assign"):
        assert devices[name] == "/device:CPU:0"
    assert devices["gradients/Fill"] == devices["Adam/beta1"] == "/device:GPU:0"


def test_a_graph_knows_which_device_strings_it_has() -> None:
    graph = fg.get_default_graph()
    assert graph.device_strings == set()
    x = fg.constant(0)
    with fg.device("/cpu:0"):
        y = fg.constant(1)

    def body(i):
        with fg.device("/gpu:1"):
            return i + 1

    fg.while_loop(lambda i: i < 3, body, [x])
    y.op._set_device("/device:GPU:2")
    assert graph.device_strings == {"/device:CPU:0", "/device:GPU:1", "/device:GPU:2"}


def test_tensors_tell_the_device_of_their_op() -> None:
    with fg.device("/gpu:1"):
        x = fg.constant(1.0)
    assert x.device == x.op.device == "/device:GPU:1"
    x.op._set_device("/device:CPU:0")
    assert x.device == "/device:CPU:0"


def test_merge_keeps_what_only_one_side_says() -> None:
    assert devices.merge("/job:a/gpu:0", "/task:1/cpu:0") == "/job:a/task:1/device:CPU:0"
    assert devices.merge("", "/cpu:0") == devices.merge("/cpu:0", "") == "/device:CPU:0"


def test_a_variable_is_read_where_it_stands_whatever_a_device_function_says() -> None:
    def choose(op):
        return "/job:ps/task:0" if op.type == "VariableV2" else "/job:worker"

    with fg.Graph().as_default(), fg.device(choose):
        variable = fg.Variable(1.0)
        assert variable.value().device == variable.device == "/job:ps/task:0"
        assert fg.identity(variable).device == "/job:worker"
