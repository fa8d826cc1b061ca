"""The conformance vectors with all kernels on the stand-in: python -m tests.gpu.conformance math nn

Without names it takes every family: about a minute. A case that fails there and not on the host is
told with its id; what kernels ask for and CuPy has not, with the kernel's line. The exit status is
1 if there is any.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any

import flowgraph as fg
from tests.conformance.replay import problems
from tests.conformance.test_conformance import DIFFERENT
from tests.conformance.vectors import FAMILIES, cases, ops
from tests.gpu.on_device import on_device
from tests.gpu.test_kernels import OPTIONS, told


@contextmanager
def interpreted() -> Iterator[None]:
    """Sessions that are made inside run every operation by itself, by its kernel."""
    before = fg.Session.__init__

    def init(self: fg.Session, *args: Any, **kwargs: Any) -> None:
        before(self, *args, **{**OPTIONS, **kwargs})

    fg.Session.__init__ = init  # type: ignore[method-assign]
    try:
        yield
    finally:
        fg.Session.__init__ = before  # type: ignore[method-assign]


@contextmanager
def on_the_stand_in() -> Iterator[None]:
    """Kernels ask for CuPy's functions and get those of the stand-in."""
    with on_device(), interpreted():
        yield


def mistakes_in(family: str, there: Callable[[], AbstractContextManager[None]] = on_the_stand_in,
                of_each_op: int | None = None) -> tuple[int, dict[str, str]]:
    """How many cases were tried, and {id: what is wrong} of those that fail.

    Args:
        family: of the conformance vectors.
        there: makes the context in which a case runs.
        of_each_op: how many cases of each op are tried; None for all.
    """
    count, wrong = 0, {}
    for op in ops(family):
        for case in islice(cases(family, op), of_each_op):
            count += 1
            try:
                with there():
                    found = "; ".join(problems(case))
            except Exception as error:
                found = told(error)
            if bool(found) != (case["id"] in DIFFERENT):
                wrong[case["id"]] = found or "agrees, where the host's does not"
    return count, wrong


def main() -> None:
    """Goes through the families named in the command."""
    warnings.simplefilter("ignore")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    failed = 0
    for family in sys.argv[1:] or FAMILIES:
        start = time.perf_counter()
        count, wrong = mistakes_in(family)
        failed += len(wrong)
        print(f"{family:12} {count - len(wrong):5} of {count:5} agree, "
              f"{time.perf_counter() - start:.1f} s", flush=True)
        for name, found in wrong.items():
            print(f"  {name}: {found}")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
