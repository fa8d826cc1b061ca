"""Makes flowgraph/io/graphs/tf115_ops.json, the table of TensorFlow's op types. Needs TensorFlow.

    python tests/io/make_op_table.py ops.pbtxt

`ops.pbtxt` is TensorFlow 1.15's tensorflow/core/ops/ops.pbtxt. What came later is taken from the
installed TensorFlow: attributes that have a default, and the op types that flowgraph knows.

One line per op type:

    "MatMul": [["a:T", "b:T"], ["product:T"], {"transpose_a": ["bool", false], ..., "T": ["type"]}]

An input or output is `name:dtype`; the dtype is a name, or that of the attribute that holds it.
`2*T` would be a fixed number of tensors, `N*T` as many as the attribute N says, `[T]` a list of
dtypes; `&` stands before a reference. An attribute is its kind, its default if it has one, and
"later" if TensorFlow 1.15 does not have it. A fourth entry says "stateful".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from flowgraph.core.message_text import merge_text
from flowgraph.core.tensor_message import DATA_TYPES
from flowgraph.io.graphs import op_table
from flowgraph.io.graphs.graph_messages import AttrValue
from flowgraph.io.graphs.op_messages import ArgDef, OpDefMessage, OpList
from flowgraph.io.importing.rules import rules
from flowgraph.io.op_types import load_every_op
from flowgraph.opdef.opdef import REGISTRY
from flowgraph.ops.make_tensor_proto import make_ndarray

_DTYPE_NAMES = {number: name for name, number in DATA_TYPES.items()}


def argument(arg: ArgDef) -> str:
    """An input or output as text."""
    dtype = arg.type_attr or _DTYPE_NAMES[arg.type]
    if arg.type_list_attr:
        dtype = f"[{arg.type_list_attr}]"
    if arg.number_attr:
        dtype = f"{arg.number_attr}*{dtype}"
    return f"{arg.name}:{'&' * arg.is_ref}{dtype}"


def plain(value: AttrValue, kind: str) -> Any:
    """A default as a JSON value; dtypes by name, shapes as lists of sizes or null."""
    if kind.startswith("list("):
        kind = kind[5:-1]
        fields = {"string": "s", "int": "i", "float": "f", "bool": "b"}
        return [_one(item, kind) for item in getattr(value.list, fields.get(kind, kind))]
    field = {"string": "s", "int": "i", "float": "f", "bool": "b"}.get(kind, kind)
    return _one(getattr(value, field), kind)


def _one(value: Any, kind: str) -> Any:
    if kind == "string":
        return value.decode("latin-1")
    if kind == "type":
        return _DTYPE_NAMES[value]
    if kind == "shape":
        return None if value.unknown_rank else [dim.size for dim in value.dim]
    if kind == "tensor":
        array = make_ndarray(value)
        return [array.dtype.name, array.tolist()]
    return value


def row(op: OpDefMessage, later: OpDefMessage | None) -> list[Any]:
    """The table's entry for an op type."""
    attrs = {}
    known = {attr.name for attr in op.attr}
    more = [attr for attr in later.attr
            if attr.name not in known and attr.HasField("default_value")] if later else []
    for attr in [*op.attr, *more]:
        attrs[attr.name] = [attr.type] if not attr.HasField("default_value") else [
            attr.type, plain(attr.default_value, attr.type)]
        if attr in more:
            attrs[attr.name].append("later")
    entry = [[argument(a) for a in op.input_arg], [argument(a) for a in op.output_arg], attrs]
    return [*entry, "stateful"] if op.is_stateful else entry


def installed_ops() -> OpList:
    """The op types of the installed TensorFlow."""
    from tensorflow.python.client import pywrap_tf_session  # type: ignore[import-untyped]
    return OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))


def main() -> None:
    """Writes the table."""
    ops = OpList()
    merge_text(Path(sys.argv[1]).read_text(), ops)
    table = {op.name: op for op in ops.op}
    later = {op.name: op for op in installed_ops().op}
    load_every_op()
    for name in (*REGISTRY, *rules()):
        inner = name.startswith("_")  # TensorFlow changes those without notice
        if name not in table and name in later and not inner:
            table[name] = later[name]
    lines = [f'"{name}": ' + json.dumps(row(op, later.get(name)))
             for name, op in sorted(table.items())]
    target = Path(op_table.__file__).with_name("tf115_ops.json")
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
