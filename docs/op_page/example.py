"""An example of an op with its output: of its public function's docstring, or made from a case."""

from __future__ import annotations

import inspect
import pprint
import re

import numpy as np

import flowgraph as fg
from flowgraph.core.dtypes import DType
from flowgraph.opdef.opdef import OpDef

from .cases import Node
from .names import builders

EXAMPLE = re.compile(r"^Example:\n(?P<code>(?:    .*\n|\n)*)", re.MULTILINE)
SIZE = 60  # elements of the inputs, and of the results
WIDTH = 88
DIGITS = 3  # of numbers that are not exact
PLAIN = ("float32", "float64", "int32", "bool", "string")  # what a list of numbers becomes


def example_of(op_def: OpDef, nodes: list[Node]) -> str:
    """The example as in an interactive session; "" where there is none."""
    for value in builders()[op_def.type]:
        found = EXAMPLE.search(inspect.cleandoc(value.__doc__ or "") + "\n")
        if found:
            return inspect.cleandoc(found["code"]).rstrip()
    if op_def.effects or op_def.refs or op_def.bodies or op_def.takes_state:
        return ""
    for node in sorted(nodes, key=lambda node: (_is_bare(node), _size(node)))[:4]:
        made = _made_from(op_def, node)
        if made:
            return made
    return ""


def _size(node: Node) -> int:
    """How many elements the inputs have; far too many when that is not known, or none."""
    sizes = [x.spec.size for x in node.op.inputs]
    return 10**9 if None in sizes or 0 in sizes else sum(sizes)


def _is_bare(node: Node) -> bool:
    """Whether each input has only one element, which shows little."""
    return _size(node) == len(node.op.inputs)


def _made_from(op_def: OpDef, node: Node) -> str:
    """A call of `build` with a node's inputs, run now; "" when its values do not fit a page."""
    if _size(node) > SIZE or any(x.dtype.kind in "rq" for x in node.op.inputs):
        return ""
    try:
        with fg.Session(graph=node.op.graph) as session:
            values = session.run(list(node.op.inputs), node.feeds)
    except Exception:  # inside a branch or loop, or the row is of a wrong use
        return ""
    cls = type(op_def)
    lines = ["import flowgraph as fg", f"from {cls.__module__} import {cls.__name__}"]
    texts = [_value_text(value, x.dtype.base_dtype)
             for value, x in zip(values, node.op.inputs, strict=True)]
    args = [f"[{', '.join(group)}]" if param in op_def.lists else group
            for param, group in zip(op_def.params, op_def.group(texts), strict=True)]
    if any("np." in arg for arg in args):
        lines.insert(0, "import numpy as np")
    lines += [_wrapped(f"{param} = ", arg) for param, arg in zip(op_def.params, args, strict=True)]
    given = []
    for key, value in node.op.attrs.items():
        if key not in op_def.attr_defaults or repr(value) == repr(op_def.attr_defaults[key]):
            continue
        text = f"fg.{value.name}" if isinstance(value, DType) else repr(value)
        if " at 0x" in text or "array(" in text:
            return ""
        given.append(f"{key}={text}")
    call = f"fg.Session().run({cls.__name__}.build({', '.join([*op_def.params, *given])}))"
    namespace: dict = {}
    try:
        with fg.Graph().as_default():
            exec("\n".join(lines), namespace)
            result = eval(call, namespace)
    except Exception:  # Python values do not tell every dtype
        return ""
    results = result if isinstance(result, list) else [result]
    if any(np.asarray(r).dtype.kind in "fc" and not np.array_equal(r, np.round(r, DIGITS))
           for r in results):  # the last digits may be others on another machine
        call = f"[x.round({DIGITS}) for x in {call}]" if isinstance(result, list) else (
            f"{call}.round({DIGITS})")
        result = eval(call, namespace)
    if sum(np.size(r) for r in results) > SIZE or " at 0x" in repr(result):
        return ""
    code = [f">>> {line}".replace("\n", "\n... ") for line in [*lines, call]]
    return "\n".join([*code, repr(result)])


def _wrapped(start: str, value: str) -> str:
    """An assignment of nested lists in lines of a page's width."""
    if len(start + value) <= WIDTH or "np." in value:
        return start + value
    made = pprint.pformat(eval(value), width=WIDTH - len(start), compact=True)
    return start + made.replace("\n", "\n" + " " * len(start))


def _value_text(value, dtype: DType) -> str:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        array = np.round(array.astype(np.float64), DIGITS)
    text = repr(array.tolist())
    return text if dtype.name in PLAIN else f"np.array({text}, np.{dtype.name})"
