"""Case tables: one row per situation of an op; the test matrix runs each row in every way.

A row says how to build the op, what to feed, and what NumPy says the result is. The matrix then
runs it in the interpreter and in generated source, with passes on and off, with freed buffers
poisoned, with static and with unknown shapes, and checks its gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One situation of one op, with an independent oracle.

    Args:
        name: unique, as `"MatMul/transpose_b"`.
        build: takes one placeholder per input, returns a tensor, or a list or tuple of tensors.
        inputs: arrays (or Python values) fed to the placeholders.
        expect: the results, as an array or list of arrays, or a function from the input arrays to
            them. None when there is no oracle (random ops): then `check` must be given.
        check: function from (list of result arrays) that asserts what holds of them.
        grad: whether the gradients with respect to all floating inputs are checked against central
            differences in float64, to order 2. False says that the op has none.
        unknown_shapes: whether the row is also run with unknown sizes and unknown ranks (False when
            the op needs static shapes).
        rtol, atol: tolerance against `expect`; default from the dtype.

    Example:
        >>> import numpy as np
        >>> import flowgraph as fg
        >>> from flowgraph.testing import Case
        >>> case = Case("Exp/vector", fg.exp, (np.array([0.0, 1.0]),), np.exp, grad=True)
        >>> case.expect(*case.inputs)
        array([1.        , 2.71828183])
    """

    name: str
    build: Callable[..., Any]
    inputs: tuple[Any, ...] = ()
    expect: Any = None
    check: Callable[[list[Any]], None] | None = None
    grad: bool = False
    unknown_shapes: bool = True
    rtol: float | None = None
    atol: float | None = None


@dataclass(frozen=True)
class BadCase:
    """One wrong use of one op.

    Args:
        name: unique, as `"MatMul/inner_sizes"`.
        build: takes one placeholder (of unknown shape) per input; returns what to run.
        error: the exception class.
        words: every one must be in the message.
        inputs: arrays fed; () for an error at build time.
        phase: "build" or "run".

    Example:
        >>> import flowgraph as fg
        >>> from flowgraph.testing import BadCase
        >>> bad = BadCase("Add/shapes", lambda: fg.add([1.0, 2.0], [1.0, 2.0, 3.0]),
        ...               fg.errors.ShapeError, words=("(2,)", "(3,)"))
        >>> bad.build()
        Traceback (most recent call last):
        flowgraph.errors.ShapeError: ... (2,) ... (3,) ...
    """

    name: str
    build: Callable[..., Any]
    error: type[Exception]
    words: tuple[str, ...] = ()
    inputs: tuple[Any, ...] = ()
    phase: str = "build"
