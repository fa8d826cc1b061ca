"""Exceptions of flowgraph, and the one builder of their messages.

Two families. Errors of *building* a graph are flowgraph's own classes which also are the builtin
class that TensorFlow 1 raises there (`ShapeError` is a `ValueError`, `DTypeError` a `TypeError`).
Errors of *running* a graph are TensorFlow 1's classes under `tf.errors`, all of them `OpError`s.

Every message has the same form, made by `message`:

    MatMul 'layer2/MatMul' (model.py:21) cannot multiply (?, 128) by (64, 10)
      a = 'layer1/Relu:0'  (?, 128) float32   model.py:18
      b = 'layer2/w:0'     (64, 10) float32   model.py:20
      The inner sizes 128 and 64 must be equal.   docs: errors#shape-error
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

DOCS = "docs/errors.md"


def message(headline: str, rows: Iterable[tuple[str, ...]] = (), advice: str = "",
            section: str = "") -> str:
    """Lays out an error message: headline, an aligned row per input, what to do, where to read.

    Args:
        headline: what failed, one sentence naming the op and the user's line.
        rows: one tuple of columns per input; columns are aligned.
        advice: the rule that failed and what to write instead.
        section: anchor in `docs/errors.md`.
    """
    rows = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0)
              for i in range(max((len(row) for row in rows), default=0))]
    lines = [headline]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  " + "  ".join(cells).rstrip())
    tail = [part for part in (advice, f"docs: errors#{section}" if section else "") if part]
    if tail:
        lines.append("  " + "   ".join(tail))
    return "\n".join(lines)


class FlowgraphError(Exception):
    """Base of the errors raised while a graph is built, drawn, or handed to a Session."""


class ShapeError(FlowgraphError, ValueError):
    """The shapes of an op's inputs break the op's rule."""


class DTypeError(FlowgraphError, TypeError):
    """The dtypes of an op's inputs do not go together, or the op does not take them."""


class ConversionError(DTypeError, ValueError):
    """A tensor does not have the dtype that was asked for."""


class OtherDTypeError(FlowgraphError, ValueError):
    """`tf.convert_to_tensor` was given a tensor of another dtype than it was asked for."""


class GraphError(FlowgraphError, ValueError):
    """A tensor or operation belongs to another graph, or a name is not in this one."""


class FinalizedGraphError(FlowgraphError, RuntimeError):
    """An op was added to a graph after `Graph.finalize()`."""


class ClosedSessionError(FlowgraphError, RuntimeError):
    """A Session was used after `Session.close()`."""


class FetchError(FlowgraphError, ValueError):
    """What was asked of `Session.run` is not in the Session's graph."""


class FetchTypeError(FlowgraphError, TypeError):
    """What was asked of `Session.run` cannot be a fetch at all."""


class FeedError(FlowgraphError, ValueError):
    """A value in `feed_dict` does not fit the tensor it is fed to."""


class FeedTypeError(FlowgraphError, TypeError):
    """A key or value in `feed_dict` is of a kind that cannot be fed."""


class TensorUseError(FlowgraphError, TypeError):
    """A symbolic Tensor was used as if it held values: `if tensor:`, `for`, `len`, `t[0] = 1`."""


class TensorToArrayError(TensorUseError, NotImplementedError):
    """NumPy was asked to read the values of a symbolic Tensor: `np.sin(tensor)`."""


class DatasetError(FlowgraphError, OSError):
    """A data file is missing, truncated, or not what its name says."""


class MissingDependencyError(FlowgraphError, ImportError):
    """An optional package, or a program it needs, is not installed."""


class ProgramError(FlowgraphError, RuntimeError):
    """The checker found a Program that breaks the IR's rules: a bug in a pass, not the user's."""


class OpDefError(FlowgraphError, TypeError):
    """A class statement under `OpDef` breaks the contract of ops."""


def without_docs(error: Exception) -> str:
    """An error's text for use inside another one: without where to read about it."""
    text = str(error.args[0]) if error.args else str(error)
    return re.sub(r"\s*docs: errors#[\w-]+$", "", text)


# TensorFlow's numeric status codes.
OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS = range(7)
PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE = range(7, 12)
UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED = range(12, 17)


class OpError(Exception):
    """An operation failed while a graph ran. Base of `tf.errors.*`.

    Args:
        node_def: NodeDef of the failed operation, or None.
        op: the failed `Operation`, or None when it is not known yet.
        message: what happened, as text.
        error_code: one of this module's status codes; the subclasses know theirs.
    """

    code: int = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__(message)
        self._node_def, self._op, self._message = node_def, op, message
        if error_code is not None:
            self.code = error_code

    @property
    def message(self) -> str:
        """What happened, as text."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def node_def(self) -> Any:
        """NodeDef of the operation that failed, or None."""
        return self._node_def

    @property
    def error_code(self) -> int:
        """TensorFlow's numeric status code."""
        return self.code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (None, None, self._message)


class CancelledError(OpError):
    """The operation was cancelled."""

    code = CANCELLED


class UnknownError(OpError):
    """An error of no known class."""

    code = UNKNOWN


class InvalidArgumentError(OpError):
    """An operation received an invalid value, or a placeholder was not fed."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    """Time ran out."""

    code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    """A file or entity was not found."""

    code = NOT_FOUND


class AlreadyExistsError(OpError):
    """The entity exists already."""

    code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    """The caller may not do this."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(OpError):
    """Memory or another resource has run out."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    """The session was not ready: a variable has no value yet."""

    code = FAILED_PRECONDITION


class AbortedError(OpError):
    """The operation was aborted."""

    code = ABORTED


class OutOfRangeError(OpError):
    """The operation went past the end of its input."""

    code = OUT_OF_RANGE


class UnimplementedError(OpError):
    """This is not offered."""

    code = UNIMPLEMENTED


class InternalError(OpError):
    """An invariant of the engine was broken."""

    code = INTERNAL


class UnavailableError(OpError):
    """The runtime is unavailable."""

    code = UNAVAILABLE


class DataLossError(OpError):
    """Data was lost or is damaged."""

    code = DATA_LOSS


class UnauthenticatedError(OpError):
    """The caller is not known."""

    code = UNAUTHENTICATED


_BY_CODE = {cls.code: cls for cls in OpError.__subclasses__()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class for one of TensorFlow's status codes."""
    return _BY_CODE[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int:
    """TensorFlow's status code of an exception class."""
    return cls.code
