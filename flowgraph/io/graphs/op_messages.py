"""OpDef as a message: the inputs, outputs and attributes of an op type, or of a function.

The class is `OpDefMessage`; `OpDef` is the class that flowgraph's own ops derive from.
"""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part, Parts, Skipped
from flowgraph.core.message_scalar import BOOL, INT, TEXT, Repeated, Scalar
from flowgraph.core.tensor_message import DATA_TYPE


class ArgDef(Message):
    """An input or output: a dtype, or the attribute that says it; several tensors if counted."""

    name = Scalar(1, TEXT)
    description = Scalar(2, TEXT)
    type = Scalar(3, DATA_TYPE)
    type_attr = Scalar(4, TEXT)
    number_attr = Scalar(5, TEXT)
    type_list_attr = Scalar(6, TEXT)
    handle_data = Skipped(7)
    is_ref = Scalar(16, BOOL)
    experimental_full_type = Skipped(17)


class AttrDef(Message):
    """An attribute: its kind as "int" or "list(shape)", default, and what it may hold.

    `default_value` and `allowed_values` are AttrValues; `io/graph_messages` says so.
    """

    name = Scalar(1, TEXT)
    type = Scalar(2, TEXT)
    default_value = Part(3, None)
    description = Scalar(4, TEXT)
    has_minimum = Scalar(5, BOOL)
    minimum = Scalar(6, INT)
    allowed_values = Part(7, None)


class OpDeprecation(Message):
    """From which version of graphs on an op type may not be used, and what to use."""

    version = Scalar(1, INT)
    explanation = Scalar(2, TEXT)


class OpDefMessage(Message):
    """TensorFlow's OpDef: what an op type, or a function, takes and gives."""

    ArgDef = ArgDef
    AttrDef = AttrDef
    name = Scalar(1, TEXT)
    input_arg = Parts(2, ArgDef)
    output_arg = Parts(3, ArgDef)
    attr = Parts(4, AttrDef)
    summary = Scalar(5, TEXT)
    description = Scalar(6, TEXT)
    deprecation = Part(8, OpDeprecation)
    is_aggregate = Scalar(16, BOOL)
    is_stateful = Scalar(17, BOOL)
    is_commutative = Scalar(18, BOOL)
    allows_uninitialized_input = Scalar(19, BOOL)
    control_output = Repeated(20, TEXT)
    is_distributed_communication = Skipped(21)


class OpList(Message):
    """Several op types, as the `stripped_op_list` of a MetaGraphDef."""

    op = Parts(1, OpDefMessage)
