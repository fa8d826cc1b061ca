"""Finding the elements of a graph: by name, or by what stands for them."""

from __future__ import annotations

from typing import Any

from flowgraph.core import frames
from flowgraph.core.frames import located
from flowgraph.errors import GraphError, message
from flowgraph.graph.operation import Operation
from flowgraph.graph.tensor import Tensor


class Lookup:
    """The part of Graph that finds its elements; Graph inherits these methods."""

    outer: Any
    _operations: list[Operation]
    _by_name: dict[str, Operation]

    def get_operations(self) -> list[Operation]:
        """All operations in the order in which they were built."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation called `name`. Raises KeyError when there is none."""
        if not isinstance(name, str):
            raise TypeError(located(f"an operation's name is a string, not {name!r}"))
        return self.as_graph_element(name, allow_tensor=False, allow_operation=True)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor called `name`, as `"MatMul:0"`.

        Raises:
            KeyError: there is no such operation, or it has fewer outputs.
            ValueError: `name` has no output number.
        """
        if not isinstance(name, str):
            raise TypeError(located(f"a tensor's name is a string, not {name!r}"))
        return self.as_graph_element(name, allow_tensor=True, allow_operation=False)

    def as_graph_element(self, obj: Any, allow_tensor: bool = True,
                         allow_operation: bool = True) -> Any:
        """The Tensor or Operation that `obj` stands for.

        Args:
            obj: a Tensor, Operation, Variable, or a name of one.
            allow_tensor: whether the answer may be a Tensor.
            allow_operation: whether the answer may be an Operation.

        Raises:
            TypeError: `obj` cannot stand for an allowed element.
            ValueError: `obj` is from another graph, or a malformed name.
            KeyError: no element has this name.
        """
        if not allow_tensor and not allow_operation:
            raise ValueError(located("allow_tensor and allow_operation cannot both be False"))
        try:
            return self.find_element(obj, allow_tensor, allow_operation)
        except GraphError:
            raise
        except KeyError as error:  # a KeyError shows its message on one line
            raise KeyError(f"{error.args[0]} ({frames.user_frame()})") from None
        except (TypeError, ValueError) as error:
            raise type(error)(located(str(error))) from None

    def find_element(self, obj: Any, allow_tensor: bool = True,
                     allow_operation: bool = True) -> Any:
        """`as_graph_element` with the bare reason, for callers that say where it happened.

        Args:
            obj: a Tensor, Operation, Variable, or a name of one.
            allow_tensor: whether the answer may be a Tensor.
            allow_operation: whether the answer may be an Operation.
        """
        wanted = " or ".join(kind for kind, allowed in
                             (("Tensor", allow_tensor), ("Operation", allow_operation)) if allowed)
        if not isinstance(obj, (Tensor, Operation)):
            convert = getattr(obj, "_as_graph_element", None)
            if convert is not None:
                obj = convert()
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            obj = self._element_by_name(obj, allow_tensor, allow_operation)
        if (isinstance(obj, Tensor) and allow_tensor) or (isinstance(obj, Operation)
                                                          and allow_operation):
            if obj.graph is not self:
                frame = obj.op.frame if isinstance(obj, Tensor) else obj.frame
                raise GraphError(message(
                    f"{type(obj).__name__} {obj.name!r} ({frame}) is not an element of this graph",
                    advice="It was built in another tf.Graph; use the session or graph it belongs "
                           "to." if obj.graph.outer is None else
                           "It is inside a branch of tf.cond or a tf.while_loop: return it from "
                           "the function there, and use the result.", section="graph-error"))
            return obj
        raise TypeError(f"cannot convert a {type(obj).__name__} into a {wanted}: {obj!r:.200}")

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        if ":" in name and allow_tensor:
            op_name, _, number = name.partition(":")
            if not number.isdigit():
                raise ValueError(f"the name {name!r} looks like a Tensor's, which must be "
                                 "'<operation name>:<output number>'")
            op = self._by_name.get(op_name)
            if op is None:
                raise KeyError(f"the name {name!r} refers to a Tensor of an operation "
                               f"{op_name!r} that is not in the graph{self._similar(op_name)}")
            if int(number) >= len(op.outputs):
                raise KeyError(f"the name {name!r} refers to output {number}, but operation "
                               f"{op_name!r} has {len(op.outputs)} output(s)")
            return op.outputs[int(number)]
        if ":" in name and not allow_tensor:
            raise ValueError(f"the name {name!r} looks like a Tensor's, not an Operation's")
        if not allow_operation:
            hint = f"; did you mean '{name}:0'?" if name in self._by_name else ""
            raise ValueError(f"the name {name!r} is not a Tensor's, which has the form "
                             f"'<operation name>:<output number>'{hint}")
        if name not in self._by_name:
            raise KeyError(f"the name {name!r} refers to an Operation that is not in the graph"
                           f"{self._similar(name)}")
        return self._by_name[name]

    def _similar(self, name: str) -> str:
        import difflib
        close = difflib.get_close_matches(name, self._by_name, n=3)
        return f"; did you mean {', '.join(map(repr, close))}?" if close else ""
