"""Variables as messages, and Variables made of nodes that are in the graph already."""

from __future__ import annotations

from typing import Any

from flowgraph.core.frames import located
from flowgraph.core.variable_message import SaveSliceInfoDef, VariableDef
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.names import in_scope, without_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.variable_handles import is_used_inside


def variable_def(variable: Any, export_scope: str | None = None) -> VariableDef | None:
    """A variable as a message.

    Args:
        variable: the Variable.
        export_scope: a name scope to take off the names; the result is None if the variable is
            not in it.
    """
    names = [variable.name, variable.initializer.name, variable.value().name,
             variable.initial_value.name if variable.initial_value is not None else ""]
    stripped = [without_scope(name, export_scope) for name in names]
    if stripped[0] is None:
        return None
    name, initializer, snapshot, initial_value = (
        text if text is not None else whole
        for text, whole in zip(stripped, names, strict=True))
    message = VariableDef(
        variable_name=name, initializer_name=initializer, snapshot_name=snapshot,
        initial_value_name=initial_value, trainable=variable.trainable,
        is_resource=is_used_inside(variable._ref()),
        synchronization=variable.synchronization.value, aggregation=variable.aggregation.value)
    part = slice_def(variable._save_slice_info, export_scope)
    if part is not None:
        message.save_slice_info_def.CopyFrom(part)
    return message


def slice_def(info: Any, export_scope: str | None = None) -> SaveSliceInfoDef | None:
    """Which part of a larger variable a variable is, as a message.

    Args:
        info: SaveSliceInfo, or None.
        export_scope: a name scope to take off the name of the whole; the result is None if that is
            not in it.
    """
    full_name = without_scope(info.full_name, export_scope) if info else None
    if full_name is None:
        return None
    return SaveSliceInfoDef(full_name=full_name, full_shape=info.full_shape,
                            var_offset=info.var_offset, var_shape=info.var_shape)


def nodes_of(message: Any, import_scope: str | None) -> tuple[Any, ...]:
    """The nodes of a variable that are in the default graph.

    Args:
        message: VariableDef.
        import_scope: the name scope that they are in.

    Returns:
        (variable, initializer, value, initial value); the last one may be None.

    Raises:
        TypeError: the message is of another class.
        KeyError: a node is not in the graph.
        ValueError: the nodes are not those of a variable.
    """
    if not isinstance(message, VariableDef):
        raise TypeError(located(f"variable_def must be a VariableDef, not {message!r:.100}"))
    graph = get_default_graph()

    def find(name: str) -> Any:
        return graph.as_graph_element(in_scope(name, import_scope))

    variable, initializer = find(message.variable_name), find(message.initializer_name)
    snapshot = find(message.snapshot_name)
    initial = find(message.initial_value_name) if message.initial_value_name else None
    if not (isinstance(variable, Tensor) and variable.dtype._is_ref_dtype
            and isinstance(initializer, Operation) and isinstance(snapshot, Tensor)
            and (initial is None or isinstance(initial, Tensor))):
        raise ValueError(located(f"the nodes named for the variable {message.variable_name!r} are "
                                 "not those of a variable, its initializer and its value"))
    return variable, initializer, snapshot, initial
