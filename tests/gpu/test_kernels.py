"""Every row of the case tables on a device that is not there: kernels ask only for what CuPy has.

The array module that kernels get is `no_gpu.cupy`. One test goes through all rows of a table, so
that one mistake in a kernel is told once, with the op, the kernel's line and what to write instead.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.pool import at_most
from flowgraph.errors import OpError
from flowgraph.gradients.gradients import gradients
from flowgraph.testing import BadCase, Case
from tests.cases.tables import BAD, CASES
from tests.gpu.no_gpu import NotInCuPy
from tests.gpu.on_device import on_device
from tests.test_cases import arrays_of, assert_same, flat, run

OPTIONS = {"runner": "interpreter", "passes": []}


def results_of(case: Case) -> None:
    """The oracle's numbers."""
    with on_device():
        outputs, results = run(case, OPTIONS)
    assert_same(case, outputs, results, "on the device")


def slopes_of(case: Case, there: Callable[[], Any] = on_device,
              options: dict[str, Any] = OPTIONS) -> None:
    """The same gradients, and gradients of those, as on the host."""
    arrays = [a.astype(float) if a.dtype.kind == "f" else a for a in arrays_of(case)]
    with fg.Graph().as_default():
        xs = [fg.placeholder(fg.as_dtype(a.dtype), a.shape) for a in arrays]
        ys = flat(case.build(*xs))
        slopes = []
        for _ in range(2):
            ys = [fg.convert_to_tensor(dx) for dx in gradients(
                [y for y in ys if y.dtype.base_dtype.is_floating],
                [x for x in xs if x.dtype.is_floating]) if dx is not None]
            slopes += ys
        found = []
        for device in (there(), at_most(1)):
            with device, fg.Session(**options) as session:
                session.run(fg.global_variables_initializer())
                found.append(session.run(slopes, dict(zip(xs, arrays, strict=True))))
    for device, host in zip(*found, strict=True):
        np.testing.assert_allclose(device, host, 1e-9, 1e-12)


def mistake_in(bad: BadCase) -> None:
    """The same error as on the host."""
    arrays = arrays_of(bad)
    with fg.Graph().as_default():
        xs = [fg.placeholder(fg.as_dtype(a.dtype)) for a in arrays]
        fetches = bad.build(*xs)
        with on_device(), fg.Session(**OPTIONS) as session:
            try:
                session.run(fetches, dict(zip(xs, arrays, strict=True)))
            except bad.error as error:
                missing = [word for word in bad.words if word not in str(error)]
                assert not missing, f"the message lacks {missing}: {error}"
            else:
                raise AssertionError(f"no {bad.error.__name__} is raised on the device")


def table_of(row: Case | BadCase) -> str:
    """The file of a row's table."""
    build = row.build
    while isinstance(build, partial):
        build = build.func
    code = getattr(build, "__code__", None)
    file = Path(code.co_filename) if code else Path()
    return file.stem if file.parent.name == "cases" else row.name.partition("/")[0]


def tables(rows) -> dict[str, list]:
    found: dict[str, list] = {}
    for row in rows:
        found.setdefault(table_of(row), []).append(row)
    return found


RESULTS = tables(CASES)
# Of each op the first row will do: what gradients are made of is for the most part in the tables.
# Lists are the exception.
SLOPES = tables({case.name.partition("/" if "Array" not in case.name else "//")[0]: case
                 for case in reversed(CASES) if case.grad}.values())
MISTAKES = tables([bad for bad in BAD if bad.phase == "run"])


def told(error: Exception) -> str:
    """What went wrong, in which kernel: the same text for all rows that come upon one mistake."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(f.filename).name}:{f.lineno} ({f.line})" for f in frames
              if "/flowgraph/ops/" in f.filename or "/flowgraph/data/" in f.filename]
    notes = [note.partition("\n")[0] for note in getattr(error, "__notes__", [])]
    what = str(error).partition("\n  ")[0] if isinstance(error, OpError) else str(error)
    return f"{type(error).__name__}: {what.strip()}\n  in " + " <- ".join(
        places[::-1] or ["no kernel"]) + "".join(f"\n  {note}" for note in notes[:1])


def check_all(check, rows) -> None:
    """Goes through all rows; the mistakes are told together."""
    mistakes: dict[str, list[str]] = {}
    for row in rows:
        try:
            check(row)
        except (NotInCuPy, AssertionError, ArithmeticError, LookupError, TypeError, ValueError,
                AttributeError, OpError) as error:
            text = told(error)
            mistakes.setdefault(text.split("\n  raised")[0], [text]).append(row.name)
    assert not mistakes, "\n\n".join(
        f"{text}\n  rows: {', '.join(names[:4])}" + (f" and {len(names) - 4} more"
                                                     if len(names) > 4 else "")
        for text, *names in mistakes.values())


@pytest.mark.parametrize("table", RESULTS)
def test_kernels_give_the_oracles_numbers_with_what_cupy_has(table: str) -> None:
    check_all(results_of, RESULTS[table])


@pytest.mark.parametrize("table", SLOPES)
def test_gradients_are_the_hosts(table: str) -> None:
    check_all(slopes_of, SLOPES[table])


@pytest.mark.parametrize("table", MISTAKES)
def test_mistakes_are_seen_on_the_device_too(table: str) -> None:
    check_all(mistake_in, MISTAKES[table])
