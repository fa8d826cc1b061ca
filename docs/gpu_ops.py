"""Makes docs/gpu_ops.md: which ops have no kernel for a GPU, or wait for it, and why.

    python docs/gpu_ops.py            # prints what is out of date; status 1 if anything is
    python docs/gpu_ops.py --write    # writes the page

All of it comes from `host_only` and `waits_for_gpu` of the classes of the ops.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from flowgraph.io.op_types import load_every_op  # noqa: E402
from flowgraph.opdef.opdef import REGISTRY  # noqa: E402

load_every_op()

PAGE = DOCS / "gpu_ops.md"
HEAD = """\
# Ops that stay on the CPU

Made by `python docs/gpu_ops.py --write` from the classes of the ops.

A kernel gets the array module that it computes with, and asks it only for what NumPy and CuPy both
have. Tests see to that without a GPU: `tests/gpu` runs each kernel on a stand-in that has CuPy's
names, parameters and dtypes and no others. Tensors of text are for the CPU whatever the op, since
CuPy has no arrays of them. These ops have no kernel for a GPU:

| why | ops |
| --- | --- |
"""

WAITS = """
## Ops for which the host waits

A run tells the GPU what to do and goes on; it waits at the end, for what is fetched. What kernels
check (indices in range, labels that are classes, no division by zero) is looked at then, before
variables change. A run that fetches nothing does not wait, and what it has checked is told before
the next run that does begins. In the midst of a run the host waits only for values that an op of
the CPU takes, and for these ops:

| why | ops |
| --- | --- |
"""


def page() -> str:
    """The page as it should be."""
    return HEAD + table("host_only") + WAITS + table("waits_for_gpu")


def table(fact: str) -> str:
    """Rows of the ops that give a reason, those with most ops first."""
    reasons: dict[str, list[str]] = {}
    for name, op_def in REGISTRY.items():
        if getattr(op_def, fact):
            reasons.setdefault(getattr(op_def, fact), []).append(name)
    rows = sorted(reasons.items(), key=lambda row: (-len(row[1]), row[0]))
    return "".join(
        f"| {why} | {', '.join(f'`{name}`' for name in sorted(names))} |\n" for why, names in rows)


def main() -> int:
    made = page()
    there = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if "--write" in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        there.splitlines(keepends=True), made.splitlines(keepends=True), "as it is", "made now"))
    return int(there != made)


if __name__ == "__main__":
    sys.exit(main())
