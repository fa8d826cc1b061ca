"""Op types that TensorFlow says in another way, each with the rule that writes it.

A rule is a function from (writer, op); it adds nodes and gives True, or False to have the op
written as it stands. Outputs of the op keep their numbers, so that nodes name them as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.exporting.functions import FunctionWriter, branch_function
from flowgraph.io.exporting.graph_export import GraphWriter, attributes
from flowgraph.io.exporting.order import plainly_read, written_inside
from flowgraph.io.graphs.attr_values import attr_value
from flowgraph.io.graphs.graph_messages import AttrValue, NameAttrList
from flowgraph.io.graphs.op_table import Signature, signature
from flowgraph.io.graphs.py_func_tokens import token_of
from flowgraph.program.extract import target

Rule = Callable[[GraphWriter, Operation], bool]
RULES: dict[str, Rule] = {}


def rule(*types: str) -> Callable[[Rule], Rule]:
    """Registers a function as the rule for some op types.

    Args:
        types: the op types.
    """
    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(types, function))
        return function

    return register


def _row(op_type: str) -> Signature:
    found = signature(op_type)
    assert found is not None, op_type
    return found


def _inputs(writer: GraphWriter, op: Operation) -> list[str]:
    return [writer.name_of(tensor) for tensor in op.inputs]


def _type(dtype: Any) -> AttrValue:
    return attr_value("type", dtype)


def _types(tensors: Any) -> AttrValue:
    return attr_value("list(type)", [tensor.dtype for tensor in tensors])


def _function(writer: FunctionWriter) -> AttrValue:
    return attr_value("func", NameAttrList(name=writer.name))


# ---- branches and loops --------------------------------------------------------------------------


class _Outside:
    """What a branch or a loop takes from around it: values, and handles of variables.

    Attributes:
        names: how the node names its inputs.
        dtypes: their dtypes in TensorFlow.
        controls: control inputs that put the node after writes to these variables.
    """

    def __init__(self, writer: GraphWriter, tensors: Sequence[Tensor]) -> None:
        self.names, self.dtypes, controls = [], [], []
        for tensor in tensors:
            found = writer.handle(tensor)
            self.names.append(writer.name_of(tensor) if found is None else found[0])
            self.dtypes.append(tensor.dtype.base_dtype if found is None else dt.resource)
            controls += [] if found is None else found[1]
        self.controls = list(dict.fromkeys(controls))

    @property
    def types(self) -> AttrValue:
        """The dtypes as an attribute."""
        return attr_value("list(type)", self.dtypes)


@rule("If")
def write_if(writer: GraphWriter, op: Operation) -> bool:
    outside = _Outside(writer, op.inputs[1:])
    branches = [branch_function(op, op.attrs[f"{part}_branch"], part, writer.export,
                                outside.dtypes) for part in ("then", "else")]
    attrs = {"Tcond": _type(dt.bool_), "Tin": outside.types, "Tout": _types(op.outputs),
             "then_branch": _function(branches[0]), "else_branch": _function(branches[1]),
             "output_shapes": _shapes(op)}
    stateful = any(branch.stateful for branch in branches)
    writer.add(op.name, "If" if stateful else "StatelessIf",
               [writer.name_of(op.inputs[0]), *outside.names], attrs, op, after=outside.controls)
    return True


@rule("Case")
def write_case(writer: GraphWriter, op: Operation) -> bool:
    outside = _Outside(writer, op.inputs[1:])
    branches = [branch_function(op, branch, f"branch{i}", writer.export, outside.dtypes)
                for i, branch in enumerate(op.attrs["branches"])]
    attrs = {"Tin": outside.types, "Tout": _types(op.outputs),
             "branches": attr_value("list(func)", [NameAttrList(name=branch.name)
                                                   for branch in branches]),
             "output_shapes": _shapes(op)}
    writer.add(op.name, "Case", [writer.name_of(op.inputs[0]), *outside.names], attrs, op,
               after=outside.controls)
    return True


def _shapes(op: Operation) -> AttrValue:
    return attr_value("list(shape)", [tensor.spec.shape for tensor in op.outputs])


@rule("While")
def write_while(writer: GraphWriter, op: Operation) -> bool:
    """Loop variables, number of rounds, lists of saved values, and what is used from outside."""
    carried, cond, body = op.attrs["carried"], op.attrs["cond"], op.attrs["body"]
    saved = body.outputs[carried:]
    rounds = op.outputs[carried]
    lists = op.outputs[carried + 1:]
    outside = _Outside(writer, op.inputs[carried:])
    written = written_inside(op)
    functions = []
    for graph, part in ((cond, "cond"), (body, "body")):
        function = FunctionWriter(f"{op.name}_{part}", writer.export)
        for tensor, parameter in zip(op.inputs[:carried], graph.parameters, strict=False):
            function.argument(tensor.dtype, parameter)
        round_arg = function.argument(rounds.dtype)
        list_args = [function.argument(made.dtype) for made in lists]
        outside_args = [function.argument(dtype, parameter) for dtype, parameter in zip(
            outside.dtypes, graph.parameters[carried:], strict=False)]
        handles = {target(tensor): name for tensor, dtype, name in zip(
            op.inputs[carried:], outside.dtypes, outside_args, strict=True)
            if dtype is dt.resource and tensor.dtype is not dtype}
        for tensor, parameter in zip(op.inputs[carried:], graph.parameters[carried:], strict=False):
            variable = plainly_read(tensor)
            if parameter is not None and variable in written and variable in handles:
                function.read_first(op, parameter, variable, handles[variable])
        function.write_all(graph.outputs)
        if graph is cond:
            function.result(function.name_of(cond.outputs[0]), cond.outputs[0].dtype)
        else:
            for tensor in body.outputs[:carried]:
                function.result(function.name_of(tensor), tensor.dtype)
            one = function.const(op, "one", 1)
            function.result(function.helper(op, "rounds", "AddV2", [round_arg, one],
                                            T=_type(dt.int32)), rounds.dtype)
            for name, value, made in zip(list_args, saved, lists, strict=True):
                function.result(function.helper(
                    op, "save", "TensorListPushBack", [name, function.name_of(value)],
                    element_dtype=_type(value.dtype)), made.dtype)
            for name, dtype in zip(outside_args, outside.dtypes, strict=True):
                function.result(name, dtype)
        function.finish()
        functions.append(function)
    inputs = [*map(writer.name_of, op.inputs[:carried]), writer.const(op, "rounds", 0),
              *(_empty_list(writer, op, value.dtype) for value in saved), *outside.names]
    types = [*(tensor.dtype.base_dtype for tensor in (*op.inputs[:carried], rounds, *lists)),
             *outside.dtypes]
    shapes = [*op.attrs["shapes"], (), *[()] * len(lists),
              *(() if dtype is dt.resource else tensor.spec.shape for tensor, dtype in zip(
                  op.inputs[carried:], outside.dtypes, strict=True))]
    attrs = {"T": attr_value("list(type)", types), "cond": _function(functions[0]),
             "body": _function(functions[1]),
             "output_shapes": attr_value("list(shape)", shapes),
             "parallel_iterations": attr_value("int", 10)}
    stateful = any(function.stateful for function in functions)
    writer.add(op.name, "While" if stateful else "StatelessWhile", inputs, attrs, op,
               after=outside.controls)
    return True


# ---- lists of tensors ----------------------------------------------------------------------------


def _empty_list(writer: GraphWriter, op: Operation, dtype: Any, name: str = "") -> str:
    shape = writer.const(op, "element_shape", -1)
    longest = writer.const(op, "max_num_elements", -1)
    attrs = {"element_dtype": _type(dtype), "shape_type": _type(dt.int32)}
    if name:
        writer.add(name, "EmptyTensorList", [shape, longest], attrs, op)
        return name
    return writer.helper(op, "list", "EmptyTensorList", [shape, longest], **attrs)


def _element_shape(writer: GraphWriter, op: Operation, shape: Any) -> str:
    return writer.const(op, "element_shape", -1 if shape is None else
                        np.array([-1 if n is None else n for n in shape], np.int32))


@rule("EmptyTensorList")
def write_empty_list(writer: GraphWriter, op: Operation) -> bool:
    _empty_list(writer, op, writer.export.list_dtype(op.outputs[0]), op.name)
    return True


@rule("TensorListReserve")
def write_reserve(writer: GraphWriter, op: Operation) -> bool:
    shape = writer.const(op, "element_shape", -1)
    writer.add(op.name, "TensorListReserve", [shape, *_inputs(writer, op)],
               {"element_dtype": _type(writer.export.list_dtype(op.outputs[0])),
                "shape_type": _type(dt.int32)}, op)
    return True


@rule("TensorListGetItem", "TensorListStack", "TensorListGather")
def write_read(writer: GraphWriter, op: Operation) -> bool:
    """These take the shape of an item as an input in TensorFlow."""
    attrs = {"element_dtype": _type(op.attrs["element_dtype"])}
    if op.type == "TensorListStack":
        count = op.attrs["num_elements"]
        attrs["num_elements"] = attr_value("int", -1 if count is None else count)
    shape = _element_shape(writer, op, op.attrs["element_shape"])
    writer.add(op.name, op.type, [*_inputs(writer, op), shape], attrs, op)
    return True


@rule("TensorListFromTensor")
def write_from_tensor(writer: GraphWriter, op: Operation) -> bool:
    rows = op.inputs[0].spec.shape
    shape = _element_shape(writer, op, None if rows is None else rows[1:])
    writer.add(op.name, op.type, [*_inputs(writer, op), shape],
               {"element_dtype": _type(op.inputs[0].dtype), "shape_type": _type(dt.int32)}, op)
    return True


@rule("TensorListSetItem", "TensorListPutItem")
def write_set_item(writer: GraphWriter, op: Operation) -> bool:
    """A list that grows is made long enough first."""
    inputs = _inputs(writer, op)
    if op.attrs["grows"]:
        one = writer.const(op, "one", 1)
        needed = writer.helper(op, "needed", "AddV2", [inputs[1], one], T=_type(dt.int32))
        inputs[0] = _resized(writer, op, inputs[0], needed)
    writer.add(op.name, "TensorListSetItem", inputs,
               {"element_dtype": _type(op.inputs[2].dtype)}, op)
    return True


@rule("TensorListScatterIntoExistingList")
def write_scatter(writer: GraphWriter, op: Operation) -> bool:
    """A list that grows is made long enough first."""
    inputs = _inputs(writer, op)
    if op.attrs["grows"]:
        one = writer.const(op, "one", 1)
        axes = writer.const(op, "axes", [0])
        longest = writer.helper(op, "longest", "Max", [inputs[2], axes], T=_type(dt.int32),
                                Tidx=_type(dt.int32), keep_dims=attr_value("bool", False))
        needed = writer.helper(op, "needed", "AddV2", [longest, one], T=_type(dt.int32))
        inputs[0] = _resized(writer, op, inputs[0], needed)
    writer.add(op.name, op.type, inputs, {"element_dtype": _type(op.inputs[1].dtype)}, op)
    return True


def _resized(writer: GraphWriter, op: Operation, items: str, needed: str) -> str:
    length = writer.helper(op, "length", "TensorListLength", [items])
    size = writer.helper(op, "size", "Maximum", [length, needed], T=_type(dt.int32))
    return writer.helper(op, "resized", "TensorListResize", [items, size])


@rule("TensorListSplit")
def write_split(writer: GraphWriter, op: Operation) -> bool:
    """TensorFlow makes the list anew; ours is written to once, too."""
    _, tensor, lengths = _inputs(writer, op)
    rows = op.inputs[1].spec.shape
    shape = _element_shape(writer, op, None if rows is None else (None, *rows[1:]))
    if op.inputs[2].dtype is not dt.int64:
        lengths = writer.helper(op, "lengths", "Cast", [lengths], SrcT=_type(op.inputs[2].dtype),
                                DstT=_type(dt.int64), Truncate=attr_value("bool", False))
    writer.add(op.name, op.type, [tensor, shape, lengths],
               {"element_dtype": _type(op.inputs[1].dtype), "shape_type": _type(dt.int32)}, op)
    return True


@rule("TensorListZerosLike")
def write_zeros_of_list(writer: GraphWriter, op: Operation) -> bool:
    """TensorFlow has one op for tensors and for lists of them."""
    writer.add(op.name, "ZerosLike", _inputs(writer, op), {"T": _type(dt.variant)}, op)
    return True


# ---- others --------------------------------------------------------------------------------------


@rule("ParseExampleV2")
def write_parse_example(writer: GraphWriter, op: Operation) -> bool:
    row = _row(op.type)
    attrs = {**attributes(op, row), "ragged_value_types": attr_value("list(type)", []),
             "ragged_split_types": attr_value("list(type)", [])}
    writer.add(op.name, row, _inputs(writer, op), attrs, op)
    return True


@rule("SparseCross")
def write_sparse_cross(writer: GraphWriter, op: Operation) -> bool:
    row = _row(op.type)
    _, values, _ = op.op_def.group(op.inputs)
    out = dt.int64 if op.attrs["hashed_output"] else dt.string
    inside = dt.string if all(value.dtype is dt.string for value in values) else dt.int64
    attrs = {**attributes(op, row), "N": attr_value("int", len(values)),
             "sparse_types": _types(values), "dense_types": attr_value("list(type)", []),
             "out_type": _type(out), "internal_type": _type(inside)}
    writer.add(op.name, row, _inputs(writer, op), attrs, op)
    return True


@rule("PyFunc", "PyFuncStateless")
def write_py_func(writer: GraphWriter, op: Operation) -> bool:
    """The function itself cannot be written; the token names it for who reads the file."""
    attrs = {"Tin": _types(op.inputs), "Tout": attr_value("list(type)", op.attrs["Tout"]),
             "token": attr_value("string", token_of(op))}
    writer.add(op.name, op.type, _inputs(writer, op), attrs, op)
    return True


@rule("OrthogonalFactor")
def write_orthogonal_factor(writer: GraphWriter, op: Operation) -> bool:
    """Q of x = QR, times the signs of R's diagonal."""
    dtype = _type(op.outputs[0].dtype)
    q = writer.helper(op, "qr", "Qr", _inputs(writer, op), T=dtype,
                      full_matrices=attr_value("bool", False))
    r = q.removesuffix(":q:0") + ":r:0" if writer.in_function else f"{q}:1"
    diagonal = writer.helper(op, "diagonal", "MatrixDiagPart", [r], T=dtype)
    signs = writer.helper(op, "signs", "Sign", [diagonal], T=dtype)
    writer.add(op.name, "Mul", [q, signs], {"T": dtype}, op)
    return True
