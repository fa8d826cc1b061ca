"""VariableDef: a variable as a message, by the names of its nodes."""

from __future__ import annotations

from flowgraph.core.message import Message
from flowgraph.core.message_fields import Part
from flowgraph.core.message_scalar import BOOL, INT, TEXT, Repeated, Scalar, enum


class SaveSliceInfoDef(Message):
    """Which part of a larger variable a variable is."""

    full_name = Scalar(1, TEXT)
    full_shape = Repeated(2, INT)
    var_offset = Repeated(3, INT)
    var_shape = Repeated(4, INT)


SYNCHRONIZATIONS = {f"VARIABLE_SYNCHRONIZATION_{name}": number for number, name in
                    enumerate(("AUTO", "NONE", "ON_WRITE", "ON_READ"))}
AGGREGATIONS = {f"VARIABLE_AGGREGATION_{name}": number for number, name in
                enumerate(("NONE", "SUM", "MEAN", "ONLY_FIRST_REPLICA"))}


class VariableDef(Message):
    """A variable; `Variable.to_proto` makes one, `Variable.from_proto` finds its nodes again."""

    variable_name = Scalar(1, TEXT)
    initializer_name = Scalar(2, TEXT)
    snapshot_name = Scalar(3, TEXT)
    save_slice_info_def = Part(4, SaveSliceInfoDef)
    is_resource = Scalar(5, BOOL)
    initial_value_name = Scalar(6, TEXT)
    trainable = Scalar(7, BOOL)
    synchronization = Scalar(8, enum(SYNCHRONIZATIONS))
    aggregation = Scalar(9, enum(AGGREGATIONS))
