"""Variables that branches and loops write to: in a GraphDef they are resources.

TensorFlow runs no function that takes a reference to a variable. So where a branch or a loop takes
the variable itself, all nodes that do so speak of its handle:

    w           VariableV2           VarHandleOp
    w/Assign    Assign               AssignVariableOp
    w/read      Identity             ReadVariableOp
    add         AssignAdd            add/write: AssignAddVariableOp; add: ReadVariableOp after it

Names stay: "w" is what a checkpoint calls it, and "w/read:0" and "add:0" are values as ever.
"""

from __future__ import annotations

from flowgraph.core import dtypes as dt
from flowgraph.graph.operation import Operation
from flowgraph.io.exporting.graph_export import GraphWriter
from flowgraph.io.exporting.list_gradients import RULES
from flowgraph.io.exporting.rules import rule
from flowgraph.io.graphs.attr_values import attr_value, default_value
from flowgraph.io.graphs.graph_messages import AttrValue
from flowgraph.io.graphs.op_table import Signature, signature
from flowgraph.ops.variable_handles import takers
from flowgraph.program.extract import target

__all__ = ["RULES"]

_WRITES = {"Assign": "AssignVariableOp", "AssignAdd": "AssignAddVariableOp",
           "AssignSub": "AssignSubVariableOp",
           **{op_type: f"Resource{op_type}" for op_type in (
               "ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv", "ScatterMin", "ScatterMax",
               "ScatterUpdate", "ScatterNdAdd", "ScatterNdSub", "ScatterNdUpdate",
               "StridedSliceAssign")}}


def _dtype(op: Operation) -> AttrValue:
    """The dtype of the variable that an op takes first."""
    return attr_value("type", op.inputs[0].dtype.base_dtype)


@rule("VariableV2")
def write_variable(writer: GraphWriter, op: Operation) -> bool:
    if not writer.export.is_resource(op):
        return False
    shape = op.outputs[0].spec.shape
    if any(taker.type == "Assign" and not taker.attrs["validate_shape"]
           for taker, _ in takers(op.outputs[0])):
        shape = None  # a handle's shape is checked at each write
    name = op.attrs["shared_name"] or op.name  # TensorFlow knows a resource by this name only
    writer.add(op.name, "VarHandleOp", [],
               {"dtype": attr_value("type", op.outputs[0].dtype.base_dtype),
                "shape": attr_value("shape", shape),
                "container": attr_value("string", op.attrs["container"]),
                "shared_name": attr_value("string", name)}, op)
    return True


@rule("Identity")
def write_read(writer: GraphWriter, op: Operation) -> bool:
    variable = op.inputs[0]
    found = writer.handle(variable)
    if found is None or (variable in writer.names
                         and writer.export.seen.is_newest(op, variable)):
        return False
    writer.add(op.name, "ReadVariableOp", [found[0]], {"dtype": _dtype(op)}, op, after=found[1],
               device=target(variable).device)
    writer.names[op.outputs[0]] = writer.output_name(op.name, "ReadVariableOp", 0)
    return True


@rule(*_WRITES)
def write_write(writer: GraphWriter, op: Operation) -> bool:
    """A node that writes, and one after it that gives the value."""
    found = writer.handle(op.inputs[0])
    if found is None:
        return False
    handle, after = found
    row = signature(_WRITES[op.type])
    assert row is not None
    inputs = [handle, *map(writer.name_of, op.inputs[1:])]
    variable = target(op.inputs[0])
    name = writer.free_name(op, "write") if _is_result_used(writer, op, variable) else op.name
    writer.add(name, row, inputs, _attributes(op, row), op, after=after, device=variable.device)
    if name != op.name:
        writer.export.writes[op] = name
        writer.add(op.name, "ReadVariableOp", [handle], {"dtype": _dtype(op)}, op, controls=False,
                   after=[f"^{name}"], device=variable.device)
        writer.names[op.outputs[0]] = writer.output_name(op.name, "ReadVariableOp", 0)
    return True


def _attributes(op: Operation, row: Signature) -> dict[str, AttrValue]:
    values = {}
    for name, attr in row.attrs.items():
        if name in ("dtype", "T"):
            values[name] = _dtype(op)
        elif name in ("Tindices", "Index"):
            values[name] = attr_value("type", op.inputs[1].dtype)
        elif not attr.later:
            values[name] = (attr_value(attr.kind, op.attrs[name]) if name in op.attrs
                            else default_value(attr.kind, attr.default))
    return values


def _is_result_used(writer: GraphWriter, op: Operation, variable: Operation) -> bool:
    """Whether there must be a node that gives the value which an op has written.

    In the graph, a program may fetch it by its name; but not from the variable's initializer, nor
    where a graph is written again that was read from a GraphDef with such nodes.
    """
    result = op.outputs[0]
    if result in getattr(writer, "outputs", ()) or any(
            param not in user.op_def.refs and not user.op_def.bodies
            for user in result._consumers
            for param, tensor in zip(user.op_def.flat_params(len(user.inputs)), user.inputs,
                                     strict=True) if tensor is result):
        return True
    if writer.in_function or op.name == f"{variable.name}/Assign":
        return False
    reader = op.graph._by_name.get(op.name.removesuffix("/write"))
    return reader is None or reader is op or op not in reader._control_inputs


@rule("CountOne")
def skip_count(writer: GraphWriter, op: Operation) -> bool:
    """CountUpTo writes it, where nothing else takes what it gives."""
    return [use.type for use in op.outputs[0].consumers()] == ["CountUpTo"]


@rule("CountUpTo")
def write_count_up_to(writer: GraphWriter, op: Operation) -> bool:
    count = op.inputs[0].op
    if count.type != "CountOne" or not skip_count(writer, count):
        return False
    dtype = attr_value("type", op.outputs[0].dtype)
    found = writer.handle(count.inputs[0])
    op_type = op.type if found is None else "ResourceCountUpTo"
    variable, after = found or (writer.name_of(count.inputs[0]), [])
    waits = [f"^{before.name}" for before in count._control_inputs]
    writer.add(op.name, op_type, [variable],
               {"T": dtype, "limit": attr_value("int", count.attrs["limit"])}, op,
               after=[*waits, *after], device=target(count.inputs[0]).device)
    writer.names[op.outputs[0]] = writer.output_name(op.name, op_type, 0)
    writer.export.writes[count] = op.name
    return True


@rule("IsVariableInitialized")
def write_is_initialized(writer: GraphWriter, op: Operation) -> bool:
    found = writer.handle(op.inputs[0])
    if found is None:
        return False
    writer.add(op.name, "VarIsInitializedOp", [found[0]], {}, op, after=found[1],
               device=target(op.inputs[0]).device)
    writer.names[op.outputs[0]] = writer.output_name(op.name, "VarIsInitializedOp", 0)
    return True


@rule("InitializedValue")
def write_initialized_value(writer: GraphWriter, op: Operation) -> bool:
    """The variable's value or the initial one, through a Switch.

    Beside a variable that a function takes by its handle, all goes by its handle.
    """
    found = writer.handle(op.inputs[0])
    if writer.in_function and found is None:
        return False
    variable, _ = found or (writer.name_of(op.inputs[0]), [])
    initial = writer.name_of(op.inputs[1])
    dtype = attr_value("type", op.outputs[0].dtype)
    if found is None:
        ready = writer.helper(op, "ready", "IsVariableInitialized", [variable], dtype=dtype)
        value = writer.helper(op, "variable", "RefSwitch", [variable, ready], T=dtype)
        held = writer.helper(op, "read", "Identity", [f"{value}:1"], T=dtype)
    else:
        resource = attr_value("type", dt.resource)
        ready = writer.helper(op, "ready", "VarIsInitializedOp", [variable])
        value = writer.helper(op, "variable", "Switch", [variable, ready], T=resource)
        value = writer.output_name(value.partition(":")[0], "Switch", 1)
        held = writer.helper(op, "read", "ReadVariableOp", [value], dtype=dtype)
    other = writer.helper(op, "initial", "Switch", [initial, ready], T=dtype)
    writer.add(op.name, "Merge", [other, held], {"T": dtype, "N": attr_value("int", 2)}, op)
    writer.names[op.outputs[0]] = writer.output_name(op.name, "Merge", 0)
    return True
