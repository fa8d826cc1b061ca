"""Build: a NodeDef on its way to become an op; what the rules work with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import located
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor
from flowgraph.io.graphs.attr_values import dtype_of, from_table, python_value
from flowgraph.io.graphs.graph_messages import AttrValue, NodeDef
from flowgraph.io.graphs.op_table import MISSING, Arg, Signature
from flowgraph.opdef.opdef import REGISTRY, REQUIRED, OpDef

if TYPE_CHECKING:
    from flowgraph.io.importing.nodes import Importer

_CPP_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
# Attributes of later versions that change nothing here.
_IGNORED = {"validate_shape", "debug_name", "allowed_devices", "grad_a", "grad_b", "grad_x",
            "grad_y", "metadata", "bad_indices_policy", "sparse_gradient", "Tsegmentids"}
# Text that kernels take as bytes.
_BYTES = {"field_delim", "na_value", "xmp_metadata", "separator", "pattern", "rewrite",
          "placeholder", "template"}


class Build:
    """A node that is being built: what rules work with.

    Attributes:
        importer: who builds it.
        node: the NodeDef.
        row: its op type in TensorFlow's registry, if it is there.
        inputs: its input tensors.
        name: the name that the op gets, made unique if it is taken.
        operation: the op that stands for the node, where it is not that of the first output.
    """

    def __init__(self, importer: Importer, node: NodeDef, row: Signature | None,
                 inputs: list[Tensor]) -> None:
        self.importer = importer
        self.node = node
        self.row = row
        self.inputs = inputs
        self.name = importer.prefix + node.name
        self.operation: Operation | None = None

    def wrong(self, problem: str) -> ValueError:
        """An error that names the node.

        Args:
            problem: reads after the node's name.
        """
        return ValueError(located(f"{self.node.op} {self.node.name!r} {problem}"))

    def attr(self, name: str, kind: str = "") -> Any:
        """The Python value of an attribute, or of its default; text as str.

        Args:
            name: its name.
            kind: its kind; default the registry's.
        """
        entry = self.row.attrs.get(name) if self.row is not None else None
        kind = kind or (entry.kind if entry is not None else "")
        if name in self.node.attr:
            message: AttrValue = self.node.attr[name]
            try:
                return self._text(name, python_value(kind or _kind(message), message))
            except ValueError as error:
                raise self.wrong(f"has a wrong attribute {name!r}: {error}") from None
        if entry is None or entry.default is MISSING:
            raise self.wrong(f"has no attribute {name!r}")
        return self._text(name, from_table(kind, entry.default))

    def _text(self, name: str, value: Any) -> Any:
        if isinstance(value, bytes) and name not in _BYTES:
            return value.decode("utf-8", "surrogateescape")
        if isinstance(value, tuple) and value and isinstance(value[0], bytes):
            return tuple(item.decode("utf-8", "surrogateescape") for item in value)
        return value

    def check(self, row: Signature) -> None:
        """Checks the number and the dtypes of the inputs against the node's attributes."""
        at = 0
        for arg in row.inputs:
            count = arg.count(self.attr)
            if count < 0 or at + count > len(self.inputs):
                break
            types = self.attr(arg.list_attr) if arg.list_attr else ()
            for k in range(count):
                tensor = self.inputs[at + k]
                expected = (types[k] if arg.list_attr else self._declared(arg.type_attr)
                            if arg.type_attr else dtype_of(arg.dtype))
                if not (_fits(tensor, expected) or (arg.dtype and self._takes(row, arg, tensor))):
                    source = self.node.input[at + k]
                    source = source if ":" in source else f"{source}:0"
                    raise ValueError(located(
                        f"Input {at + k} of node {self.name} was passed {_cpp(tensor.dtype)} from "
                        f"{self.importer.prefix}{source} incompatible with expected "
                        f"{_cpp(expected)}."))
            at += count
        else:
            if at == len(self.inputs):
                return
        raise self.wrong(f"takes {', '.join(arg.name for arg in row.inputs) or 'no inputs'}; "
                         f"NodeDef expected inputs do not match {len(self.inputs)} inputs "
                         "specified")

    def _takes(self, row: Signature, arg: Arg, tensor: Tensor) -> bool:
        """Whether our op takes a dtype that TensorFlow's does not: RFFT of float64."""
        op_def = REGISTRY.get(row.name)
        if op_def is None:  # later TensorFlows say in an attribute what was int32 always
            later = self.node.attr.get(f"T{arg.name.replace('_', '')}")
            return later is not None and dtype_of(later.type) is tensor.dtype
        if len(op_def.params) <= row.inputs.index(arg):
            return False
        allowed = op_def.dtypes[op_def.params[row.inputs.index(arg)]]
        allowed = getattr(op_def, allowed) if isinstance(allowed, str) else allowed
        return allowed is not dt.ANY and tensor.dtype.base_dtype in allowed.members

    def _declared(self, name: str) -> dt.DType:
        entry = self.row.attrs[name] if self.row is not None else None
        if name in self.node.attr or (entry is not None and entry.default is not MISSING):
            dtype: dt.DType = self.attr(name)
            return dtype
        raise self.wrong(f"has no attribute {name!r}")

    def groups(self, inputs: Sequence[Tensor] | None = None) -> list[Any]:
        """The inputs, one entry per argument of the op type; a list for several.

        Args:
            inputs: other tensors in their place.
        """
        flat = list(self.inputs if inputs is None else inputs)
        assert self.row is not None
        groups: list[Any] = []
        at = 0
        for arg in self.row.inputs:
            count = arg.count(self.attr)
            several = arg.number_attr or arg.list_attr
            groups.append(flat[at:at + count] if several else flat[at])
            at += count
        return groups

    def attrs(self, op_def: OpDef, skip: Iterable[str] = ()) -> dict[str, Any]:
        """The attributes that an op of ours takes, as Python values.

        Args:
            op_def: the op.
            skip: names of those to leave out.
        """
        values = {}
        for name, default in op_def.attr_defaults.items():
            known = self.row is not None and name in self.row.attrs
            if name in skip:
                continue
            if known or name in self.node.attr:
                values[name] = self.attr(name)
                if isinstance(default, list) or (default is REQUIRED and _is_int_list(
                        self.row, name)):
                    values[name] = list(values[name])
            elif default is REQUIRED:
                raise self.wrong(f"has no attribute {name!r}")
        return values

    def plain(self, op_type: str, *groups: Any, **attrs: Any) -> Any:
        """Builds an op of ours under the node's name.

        Args:
            op_type: its type.
            groups: its inputs; default the node's.
            attrs: attributes; those left out are the node's.
        """
        op_def = REGISTRY[op_type]
        if self.row is not None:
            self._check_attributes(self.row)
        given = list(groups)
        if not groups and op_def.params:
            given = (self.groups() if self.row is not None and op_type == self.node.op
                     else list(op_def.group(self.inputs)))
        if len(given) > len(op_def.params):
            extra = [group for group in given[len(op_def.params):] if group != []]
            if extra:
                raise self.wrong(f"takes more inputs here than {', '.join(op_def.params)}")
            del given[len(op_def.params):]
        values = {**self.attrs(op_def, attrs), **attrs}
        return op_def.build(*given, name=self.name + "/", **values)

    def _check_attributes(self, row: Signature) -> None:
        """Attributes of later versions must have their defaults, others must be known."""
        for name in self.node.attr:
            entry = row.attrs.get(name)
            if entry is None and not name.startswith("_"):
                raise self.wrong(
                    f"mentions attr {name!r}, which is not in Op<name={row.name}>. (Check whether "
                    "your GraphDef-interpreting binary is up to date with your "
                    "GraphDef-generating binary.)")
            ours = name in _IGNORED or name in _own_attrs(row.name)
            if entry is not None and entry.later and not ours and (
                    self.attr(name) != self._text(name, from_table(entry.kind, entry.default))):
                raise self.wrong(f"has {name} = {self.attr(name)!r}, which came after TensorFlow "
                                 "1.15 and is not offered")

    def sub(self, op_type: str, *groups: Any, part: str, **attrs: Any) -> Any:
        """Builds one more op beside the node.

        Args:
            op_type: its type.
            groups: its inputs.
            part: what is put behind the node's name.
            attrs: its attributes.
        """
        return REGISTRY[op_type].build(*groups, name=f"{self.name}/{part}", **attrs)


def _own_attrs(op_type: str) -> Iterable[str]:
    """The attributes that our op has, its dtypes among them."""
    op_def = REGISTRY.get(op_type)
    return () if op_def is None else {*op_def.attr_defaults, *(
        name for name in op_def.dtypes.values() if isinstance(name, str))}


def _is_int_list(row: Signature | None, name: str) -> bool:
    return row is not None and name in row.attrs and row.attrs[name].kind == "list(int)"


def _kind(message: AttrValue) -> str:
    """The kind of an attribute that no registry knows, by what it holds."""
    fields = {"s": "string", "i": "int", "f": "float", "b": "bool"}
    held = message.WhichOneof("value")
    if held == "list":
        for field in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
            if getattr(message.list, field):
                return f"list({fields.get(field, field)})"
        return "list(int)"
    return fields.get(held or "", held or "none")


def _fits(tensor: Tensor, expected: dt.DType) -> bool:
    actual = tensor.dtype.base_dtype
    if actual is expected:
        return True
    if expected is dt.resource:  # a variable stands for its handle, an object for its name
        return tensor.dtype._is_ref_dtype
    # the handle of a v1 queue or table is a string, the flow of a TensorArray a float
    return actual in (dt.resource, dt.variant) and expected in (dt.string, dt.float32, dt.resource,
                                                                 dt.variant)


def _cpp(dtype: dt.DType) -> str:
    name = dtype.base_dtype.name
    return _CPP_NAMES.get(name, name)
