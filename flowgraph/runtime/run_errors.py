"""Errors of runs: what a kernel raised, told with the op, its inputs and the user's own line."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core.checks import FailedCheck
from flowgraph.core.shapes import compatible
from flowgraph.core.spec import shape_text
from flowgraph.errors import (
    InvalidArgumentError,
    OpError,
    OutOfRangeError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
    message,
)
from flowgraph.plan.plan import Step
from flowgraph.program.ir import Value


def explained_check(failed: FailedCheck) -> Exception:
    """The error of a check on a GPU, as it would have been raised by its kernel."""
    check = failed.check
    with check.gpu:
        error = check.error()
    return explained(error, check.step, "" if not failed.is_earlier else (
        "It was in an earlier run, which fetched nothing from the GPU, so that nothing waited for "
        "it: the variables that it writes have changed."))


def explained(error: Exception, step: Step, advice: str = "") -> Exception:
    """The error of a kernel with op, inputs and the user's line.

    TensorFlow's own classes keep their class. What NumPy raises about values becomes an
    InvalidArgumentError. What a user's function raises in a `py_func` gets TensorFlow's class for
    it and keeps its own. Anything else (MemoryError) stays as it is and gets a note.
    """
    op, instr = step.op, step.instr
    rows = input_rows(step)
    where = place(op)
    if isinstance(error, OpError):
        if error.op is not None:
            return error
        text = message(f"{where}: {error.message}", rows, advice, _section(error))
        return type(error)(None, op, text).with_traceback(error.__traceback__)
    text = message(f"{where}: {_said(error)}", rows, advice, "invalid-argument-error")
    if instr.op_def.runs_user_code:
        return as_users_error(error, op, text)
    if isinstance(error, (ValueError, IndexError, np.linalg.LinAlgError)):
        return InvalidArgumentError(None, op, text).with_traceback(error.__traceback__)
    error.add_note(message(f"raised by {where}", rows))
    return error


def place(op: Any) -> str:
    """An operation and the user's line: `MatMul 'y' (model.py:12)`."""
    return f"{op.type} {op.name!r} ({op.frame})"


def input_rows(step: Step) -> list[tuple[str, str, str]]:
    """For an error message, the inputs of a step: parameter, name, shape and dtype."""
    instr = step.instr
    inputs = [*((key, value, value) for key, value in instr.attrs.items()
                if isinstance(value, Value)),
              *zip(instr.op_def.flat_params(len(instr.inputs)), instr.inputs, _names(step),
                   strict=True)]
    return [(f"{param} =", repr(named.name.removesuffix(":0")),
             f"{shape_text(value.spec.shape)} {value.spec.dtype.name}")
            for param, value, named in inputs if value is not None]


def _names(step: Step) -> list[Any]:
    """What has the names of its inputs: the graph's own tensors, where they are what it takes.

    What the passes have put there may have another name: of equal constants there is one.
    """
    op, instr = step.op, step.instr
    if op.type != instr.op_def.type or len(op.inputs) != len(instr.inputs):
        return list(instr.inputs)
    return [tensor if value is not None and tensor.dtype.base_dtype == value.spec.dtype.base_dtype
            and compatible(tensor.spec.shape, value.spec.shape) else value
            for tensor, value in zip(op.inputs, instr.inputs, strict=True)]


def _section(error: OpError) -> str:
    """The section of `docs/errors.md` about errors of this class; "" if there is none."""
    return next((section for kind, section in (
        (InvalidArgumentError, "invalid-argument-error"), (OutOfRangeError, "out-of-range-error"))
        if isinstance(error, kind)), "")


def as_users_error(error: Exception, op: Any, text: str) -> Exception:
    """What a user's function raised, as an exception of TensorFlow's class for it and of its own.

    Args:
        error: what was raised.
        op: the operation that called the function.
        text: the message.
    """
    return _both(_class_of_users(error), error, op, text)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _class_of_users(error: Exception) -> type[OpError]:
    """The class in which TensorFlow reports what a user's function raised."""
    for kinds, cls in ((StopIteration, OutOfRangeError), (MemoryError, ResourceExhaustedError),
                       (NotImplementedError, UnimplementedError),
                       ((TypeError, ValueError), InvalidArgumentError)):
        if isinstance(error, kinds):
            return cls
    return UnknownError


def _both(cls: type[OpError], error: Exception, op: Any, text: str) -> Exception:
    """An exception of TensorFlow's class and of the user's own, with its attributes."""
    own = type(error)
    try:
        both = type(own.__name__, (cls, own), {"__str__": lambda self: self.message,
                                               "__module__": own.__module__})
        made = both.__new__(both, *error.args)
    except TypeError:  # classes that Python cannot join (OSError and the like): the user's alone
        error.add_note(text)
        return error
    vars(made).update(vars(error), _node_def=None, _op=op, _message=text)
    made.args = error.args
    made.__cause__, made.__context__ = error.__cause__, error.__context__
    return made.with_traceback(error.__traceback__)
