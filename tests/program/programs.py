"""Helpers of the tests of Programs: extract, and print without padding."""

from __future__ import annotations

import re
import textwrap

from flowgraph.program.extract import extract
from flowgraph.program.ir import Program
from flowgraph.program.specs import specialise


def program_of(fetches, feeds=(), shapes=None) -> Program:
    """The Program of some fetches and feeds; `shapes` of the feeds make it concrete."""
    fetches = fetches if isinstance(fetches, list) else [fetches]
    program = extract([getattr(f, "_variable", f) for f in fetches], list(feeds))
    return program if shapes is None else specialise(program, shapes)


def text(program: Program) -> str:
    """The printed Program, runs of blanks as one blank."""
    return "\n".join(re.sub(" +", " ", line).strip() for line in str(program).splitlines())


def body(program: Program) -> str:
    """The printed Program without its feeds."""
    return "\n".join(line for line in text(program).splitlines() if not line.startswith("feed "))


def lines(expected: str) -> str:
    """An indented block of expected text."""
    return textwrap.dedent(expected).strip()
