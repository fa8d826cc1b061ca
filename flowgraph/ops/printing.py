"""`tf.print`: writes values whenever it runs."""

from __future__ import annotations

import logging
import pprint
import sys
from typing import Any

from flowgraph.core import dtypes as dt
from flowgraph.core import nest
from flowgraph.core.frames import located
from flowgraph.core.logger import logger
from flowgraph.core.spec import Spec
from flowgraph.errors import ShapeError
from flowgraph.graph.graph import name_scope
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import is_tensor_like
from flowgraph.opdef import shape_rules
from flowgraph.opdef.convert import convert_to_tensor
from flowgraph.opdef.opdef import NotDifferentiable, OpDef
from flowgraph.ops.string_format import string_format

_PLACE = "\0tensor\0"  # where a value goes; no text of a user's holds it
_LEVELS = {"log(info)": logging.INFO, "log(warning)": logging.WARNING, "log(error)": logging.ERROR}


_STREAMS = ("stdout", "stderr")


class PrintV2(OpDef):
    """Writes a text, and `end` after it, to a stream or file."""

    dtypes = {"input": dt.STRING}
    multiple = True
    effects = "io"
    host_only = "writes text"
    grad = NotDifferentiable

    def infer(self, input: Spec, *, output_stream="stderr", end="\n"):
        shape_rules.require_rank(input, 0, "a text to print")
        if output_stream not in (*_STREAMS, *_LEVELS) and not output_stream.startswith("file://"):
            raise ShapeError(f"cannot print to {output_stream!r}", "It must be "
                             f"{', '.join(_STREAMS)}, {', '.join(_LEVELS)} or file://...")
        return ()

    def kernel(self, xp, input, *, output_stream="stderr", end="\n"):
        text = input.item() if hasattr(input, "item") else input
        text = text.decode("utf-8", "backslashreplace")
        if output_stream in _LEVELS:
            logger().log(_LEVELS[output_stream], text)
        elif output_stream.startswith("file://"):
            with open(output_stream.removeprefix("file://"), "a", encoding="utf-8") as file:
                file.write(text + end)
        else:
            stream = sys.stdout if output_stream == "stdout" else sys.stderr
            print(text, end=end, file=stream, flush=True)
        return ()


def print_values(*inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ",
                 end: str = "\n", name: str | None = None) -> Operation:
    """Writes its inputs whenever it runs (`tf.print`).

    Args:
        inputs: tensors, nests of tensors, and any other objects, which are written as Python does.
        output_stream: `sys.stderr` (the default), `sys.stdout`, a `tf.logging` level's stream as
            "log(info)", or "file://" with a path to append to.
        summarize: how many elements at each end of a dimension are written; -1 for all.
        sep: text between inputs.
        end: text after the last.
        name: name of the node.

    Returns:
        The Operation. It prints only when it runs: fetch it, or put it into
        `tf.control_dependencies`.

    Raises:
        ValueError: the output stream is something else.

    Example:
        >>> import sys, flowgraph as fg
        >>> show = fg.print("x =", fg.constant([1, 2, 3]), output_stream=sys.stdout)
        >>> fg.Session().run(show)
        x = [1 2 3]
    """
    stream = _stream(output_stream)
    with name_scope(name, "print", None):
        tensors: list[Any] = []
        texts = [_text(value, tensors) for value in inputs]
        if len(texts) == 1 and len(tensors) == 1 and _is_text(tensors[0]):
            text = tensors[0]
        else:
            text = string_format(sep.join(texts), tensors, placeholder=_PLACE, summarize=summarize)
        return PrintV2.build(text, output_stream=stream, end=end, name="PrintV2")


def _stream(output_stream: Any) -> str:
    if output_stream is None or output_stream is sys.stderr:
        return "stderr"
    if output_stream is sys.stdout:
        return "stdout"
    if isinstance(output_stream, str) and (output_stream.startswith("file://")
                                           or output_stream in (*_LEVELS, "stdout", "stderr")):
        return output_stream
    raise ValueError(located("output_stream must be sys.stdout, sys.stderr, 'log(info)', "
                             "'log(warning)', 'log(error)' or 'file://...', not "
                             f"{output_stream!r:.100}"))


def _text(value: Any, tensors: list[Any]) -> str:
    """One input as a template; its tensors are appended to `tensors`."""
    def leaf(item: Any) -> Any:
        if is_tensor_like(item):
            tensors.append(convert_to_tensor(item))
            return _Place()
        return item

    if isinstance(value, str):
        return value
    if not nest.is_nested(value):
        found = leaf(value)
        return _PLACE if isinstance(found, _Place) else str(value)
    return pprint.pformat(nest.map_structure(leaf, value), sort_dicts=True)


class _Place:
    """Written where a tensor's value goes."""

    def __repr__(self) -> str:
        return _PLACE


def _is_text(tensor: Any) -> bool:
    return tensor.dtype is dt.string and tensor.spec.rank == 0
