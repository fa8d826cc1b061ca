"""What a Saver saves under which name: variables from a list or dict, and parts of variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowgraph.core.dtypes import DType
from flowgraph.core.frames import located
from flowgraph.errors import FlowgraphError
from flowgraph.graph.tensor import Tensor
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.ops.partitioned_variable import PartitionedVariable
from flowgraph.ops.reshape import reshape
from flowgraph.ops.shape import shape
from flowgraph.ops.state import assign
from flowgraph.ops.variable import Variable


@dataclass(frozen=True, eq=False)
class Saved:
    """A variable that is saved, or a part of one.

    Attributes:
        name: the name it is saved under.
        variable: the tensor that the variable is.
        value: what is saved: the variable, or the value of a part.
        part: which part of the whole it is, as SaveSliceInfo writes it; "" for all.
    """

    name: str
    variable: Tensor
    value: Tensor
    part: str = ""

    @property
    def dtype(self) -> DType:
        """The variable's dtype."""
        return self.variable.dtype.base_dtype

    def restore(self, restored: Tensor, reshaped: bool = False) -> Tensor:
        """Sets the variable.

        Args:
            restored: its new value, of a shape that is not known yet.
            reshaped: whether to give the value the shape of the variable.

        Returns:
            The variable after that.
        """
        known = self.variable.spec.is_static
        if reshaped:
            sizes = self.variable.get_shape().as_list() if known else shape(self.variable)
            restored = reshape(restored, sizes)
        return assign(self.variable, restored, validate_shape=known and not reshaped)


def saved_variables(var_list: Any) -> list[Saved]:
    """What is saved, sorted by name.

    Args:
        var_list: list, tuple or set of variables; or a dict of them by the names to save them
            under. In place of a variable a PartitionedVariable, or in a dict a list of the parts of
            one, may stand.

    Raises:
        TypeError: something is no variable, or a name is no text.
        ValueError: two are saved under one name, or one under two names.
    """
    named = var_list if isinstance(var_list, dict) else variables_by_name(var_list)
    for name in named:
        if not isinstance(name, str):
            raise TypeError(located("names_to_saveables must be a dict mapping string names to "
                                    f"variables. Name is not a string: {name!r:.100}"))
    found: list[Saved] = []
    for name in sorted(named):
        found += _saved(name, named[name])
    seen = set()
    for saved in found:
        if saved.variable in seen:
            raise ValueError(located("The same saveable will be restored with two names: "
                                     f"{saved.name}"))
        seen.add(saved.variable)
    return found


def variables_by_name(variables: Any) -> dict[str, Any]:
    if not isinstance(variables, (list, tuple, set)):
        raise TypeError(located("Variables to save should be passed in a dict or a list: "
                                f"{variables!r:.100}"))
    named: dict[str, Any] = {}
    for variable in sorted(variables, key=lambda v: getattr(v, "name", "")):
        part = getattr(variable, "_save_slice_info", None)
        if isinstance(variable, Variable) and part is not None:
            parts = named.setdefault(part.full_name, [])
            if not isinstance(parts, list):
                raise ValueError(located("Mixing slices and non-slices with the same name: "
                                         f"{part.full_name}"))
            parts.append(variable)
            continue
        name = (variable.name if isinstance(variable, PartitionedVariable)
                else _variable_tensor(variable).op.name)
        if name in named:
            raise ValueError(located(f"At least two variables have the same name: {name}"))
        named[name] = variable
    return named


def _saved(name: str, value: Any) -> list[Saved]:
    if not isinstance(value, (list, tuple, PartitionedVariable)):
        tensor = _variable_tensor(value)
        return [Saved(name, tensor, tensor)]
    wholes = set()
    for variable in value:
        if not isinstance(variable, Variable):
            raise ValueError(located(f"Slices must all be Variables: {variable!r:.100}"))
        if not variable._save_slice_info:
            raise ValueError(located(f"Slices must all be slices: {variable!r:.100}"))
        wholes.add(variable._save_slice_info.full_name)
    if len(wholes) > 1:
        raise ValueError(located(f"Slices must all be from the same tensor: {sorted(wholes)}"))
    return [Saved(name, variable._ref(), variable.value(), variable._save_slice_info.spec)
            for variable in value]


def _variable_tensor(value: Any) -> Tensor:
    """The tensor that a variable is."""
    if hasattr(value, "_ref"):
        return value._ref()
    try:
        tensor = value if isinstance(value, Tensor) else convert_to_tensor(value)
    except (FlowgraphError, TypeError, ValueError):
        raise _no_variable(value) from None
    if tensor.op.type != "VariableV2":
        raise _no_variable(tensor)
    return tensor


def _no_variable(value: Any) -> TypeError:
    return TypeError(located("names_to_saveables must be a dict mapping string names to Variables, "
                             f"or a list of them. Not a variable: {value!r:.100}"))
