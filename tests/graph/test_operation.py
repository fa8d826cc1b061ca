"""Operation: what a node tells."""

from __future__ import annotations

import sys
import traceback

import pytest

import flowgraph as fg


def test_an_operation_tells_its_type_inputs_outputs_and_graph(fresh_graph) -> None:
    x, y = fg.constant([[1.0]], name="x"), fg.constant([[2.0]], name="y")
    op = fg.matmul(x, y, transpose_b=True, name="m").op
    assert (op.name, op.type) == ("m", "MatMul")
    assert list(op.inputs) == [x, y]
    assert op.outputs == list(op.values())
    assert op.values()[0].name == "m:0"
    assert op.graph is fresh_graph
    assert (op.control_inputs, op.device, op.forward_op) == ([], "", None)


def test_a_device_may_be_set_as_a_spec() -> None:
    op = fg.constant(1.0).op
    op._set_device(fg.DeviceSpec(device_type="CPU", device_index=0))
    assert op.device == "/device:CPU:0"


def test_an_operation_without_outputs_has_none() -> None:
    op = fg.no_op(name="n")
    assert isinstance(op, fg.Operation)
    assert (op.outputs, op.values(), list(op.inputs)) == ([], (), [])


def test_control_inputs_are_a_copy() -> None:
    with fg.control_dependencies([fg.no_op(name="a")]):
        op = fg.no_op(name="b")
    op.control_inputs.clear()
    assert [control.name for control in op.control_inputs] == ["a"]


def test_attributes_and_type_attributes_are_told_by_name() -> None:
    op = fg.matmul(fg.ones([2, 3]), fg.ones([2, 3]), transpose_a=True).op
    assert (op.get_attr("transpose_a"), op.get_attr("transpose_b")) == (True, False)
    assert op.get_attr("T") is fg.float32
    assert fg.placeholder(fg.int32, [None]).op.get_attr("dtype") is fg.int32


def test_an_unknown_attribute_names_those_there_are() -> None:
    op = fg.matmul(fg.ones([2, 3]), fg.ones([3, 2]), name="m").op
    with pytest.raises(ValueError, match=r"'m' has no attribute 'foo'; it has .*transpose_a"):
        op.get_attr("foo")


def test_traceback_is_the_users_line() -> None:
    op = fg.no_op()
    line = sys._getframe().f_lineno - 1
    assert op.traceback == [(__file__, line, "test_traceback_is_the_users_line",
                             "op = fg.no_op()")]
    assert "op = fg.no_op()" in "".join(traceback.format_list(op.traceback))


def test_the_consumers_of_slices_are_those_of_their_values() -> None:
    rows = fg.IndexedSlices(fg.zeros([2, 3]), fg.constant([0, 4]))
    user = fg.identity(rows.values)
    assert rows.consumers() == [user.op]


def test_references_stand_for_one_tensor_or_variable() -> None:
    x, v = fg.constant(1.0), fg.Variable(1.0)
    table = {x.experimental_ref(): "x", v.experimental_ref(): "v"}
    assert table[x.experimental_ref()] == "x"
    assert table[v.experimental_ref()] == "v"
    assert x.experimental_ref().deref() is x
    assert x.experimental_ref() != fg.constant(1.0).experimental_ref()
    assert repr(x.experimental_ref()) == f"<Reference wrapping {x!r}>"


def test_the_operators_that_tensors_have_are_listed() -> None:
    assert len(fg.Tensor.OVERLOADABLE_OPERATORS) == 32
    assert all(hasattr(fg.Tensor, name) for name in fg.Tensor.OVERLOADABLE_OPERATORS)


def test_operations_print_their_name_and_type() -> None:
    x = fg.constant(1.0, name="x")
    with fg.control_dependencies([fg.no_op(name="n")]):
        op = fg.identity(x, name="y").op
    assert repr(op) == "<tf.Operation 'y' type=Identity>"
    lines = str(op).splitlines()
    assert lines[:4] == ['name: "y"', 'op: "Identity"', 'input: "x"', 'input: "^n"']
    assert 'key: "T"' in str(op)


def test_an_operation_is_in_the_colocation_group_of_its_own_name() -> None:
    assert fg.no_op(name="z").colocation_groups() == [b"loc:@z"]
