"""Makes docs/ops: one page per file of ops, with shapes, gradient and an example of each op.

    python docs/op_pages.py            # prints what is out of date; status 1 if anything is
    python docs/op_pages.py --write    # writes the pages

All of it comes from the classes of the ops and from their test cases: shapes from each op's
`infer`, gradients by tracing them, examples from docstrings.
"""

from __future__ import annotations

import difflib
import logging
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

from flowgraph.io.op_types import load_every_op  # noqa: E402

load_every_op()  # before the cases are read: op_page lists the ops that are there

from op_page import cases, entry  # noqa: E402

FOLDER = DOCS / "ops"
HEAD = """\
# The ops

Every kind of node that a graph can have, by subject. Each entry says what builds the op, which
dtypes and shapes it takes, how its gradient is computed, and shows an example.

Made by `python docs/op_pages.py --write` from the classes in `flowgraph/ops` and the cases in
`tests/cases`. A size that is not known is written `?`. In the gradients `dy` is the gradient of the
result, `grad(x)` that of the input `x`, and `let` names a part; functions are those of `tf`, and
names with capitals are ops of these pages.

"""


def pages() -> dict[str, str]:
    """The text of every page, by file name."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # cases use deprecated names too
    nodes, errors = cases.nodes_by_type(), cases.shape_errors()
    entries = {kind: entry.Entry(kind, nodes[kind], errors.get(kind, "")) for kind in cases.OPS}
    used_by: dict[str, list[str]] = {kind: [] for kind in entries}
    for kind in sorted(entries):
        for other in entries[kind].types_in_formula():
            if other != kind:
                used_by[other].append(entry.link(kind))
    by_page: dict[str, list[str]] = {}
    for kind in entries:
        by_page.setdefault(entry.page_of(kind), []).append(kind)
    made = {"README.md": _index(by_page)}
    for page, kinds in by_page.items():  # in the order of their classes in the file
        sections = [entries[kind].markdown(used_by[kind]) for kind in kinds]
        made[f"{page}.md"] = "\n\n".join([
            f"# {_title(page)}", *(entry.escaped(p) for p in _about(kinds[0]).split("\n\n")),
            _contents(kinds), *sections]) + "\n"
    return made


def _index(by_page: dict[str, list[str]]) -> str:
    lines = [HEAD + "What the names of sets of dtypes mean:", ""]
    lines += [f"- {dtypes.name}: {', '.join(dtype.name for dtype in dtypes.members)}"
              for dtypes in entry.named_sets() if len(dtypes.members) > 2]
    lines.append("")
    for page in sorted(by_page):
        first = _about(by_page[page][0]).split("\n\n")[0]
        lines += [f"## [{_title(page)}]({page}.md)", "", entry.escaped(first), ""]
        lines += [f"- {entry.link(kind)}: {entry.meaning(kind)}" for kind in sorted(by_page[page])]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _title(page: str) -> str:
    """`conv_nd` as "Conv nd"."""
    return page.replace("_", " ").capitalize()


def _about(kind: str) -> str:
    """What the docstring of an op's file says."""
    return (sys.modules[cases.file_of(kind)].__doc__ or "").strip()


def _contents(kinds: list[str]) -> str:
    return "Ops: " + ", ".join(f"[{kind}](#{kind.lower()})" for kind in kinds) + "."


def main() -> int:
    made = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if "--write" in sys.argv:
        FOLDER.mkdir(exist_ok=True)
        for name in there.keys() - made.keys():
            (FOLDER / name).unlink()
        for name, text in made.items():
            if there.get(name) != text:
                (FOLDER / name).write_text(text, encoding="utf-8")
        return 0
    for name in sorted(there.keys() | made.keys()):
        sys.stdout.writelines(difflib.unified_diff(
            there.get(name, "").splitlines(keepends=True),
            made.get(name, "").splitlines(keepends=True), f"{name} as it is", f"{name} made now"))
    return int(there != made)


if __name__ == "__main__":
    sys.exit(main())
