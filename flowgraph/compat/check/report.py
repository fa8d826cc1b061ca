"""What `flowgraph check` found, for people and for programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flowgraph.compat.check.files import Problem
from flowgraph.compat.check.verdicts import DIFFERS, MISSING, OFFERED, Verdict
from flowgraph.core.printable import printable
from flowgraph.core.text import counted

_STATUSES = (OFFERED, DIFFERS, MISSING)
_LABELS = {OFFERED: "offered", DIFFERS: "offered, differs", MISSING: "missing"}
_MOST_ROWS = 20


@dataclass
class FileReport:
    """What was found in one file.

    Attributes:
        path: the file.
        found: what is said of each use, by line.
        problems: what cannot be read.
        is_named: whether it was named itself, rather than found in a folder.
    """

    path: str
    found: list[Verdict] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_named: bool = True

    @property
    def is_fine(self) -> bool:
        """Whether nothing is missing and everything can be read."""
        return not self.problems and all(v.status != MISSING for v in self.found)


def is_fine(reports: Sequence[FileReport]) -> bool:
    """Whether nothing is missing anywhere.

    Args:
        reports: of all files.
    """
    return all(report.is_fine for report in reports)


# ---- for people ----------------------------------------------------------------------------------


def lines(reports: Sequence[FileReport], show: str = "") -> list[str]:
    """The report for people: what was found by file and line, then a summary.

    Args:
        reports: of all files.
        show: "all" for each use; "problems" for those alone that are not simply offered; "" for
            each use in files that were named, and problems in those found in a folder.
    """
    text = [line for report in reports for line in _of_file(report, show)]
    return [printable(line) for line in [*text, *([""] if text else []), *_summary(reports)]]


def _of_file(report: FileReport, show: str) -> list[str]:
    everything = show == "all" or (not show and report.is_named)
    text = [(problem.cell, problem.line,
             f"{_place(report.path, problem.cell, problem.line)}: "
             f"{'problem' if problem.is_read else 'not read'}: {problem.message}")
            for problem in report.problems]
    text += [(verdict.cell, verdict.line, _row(report.path, verdict))
             for verdict in report.found if everything or verdict.status != OFFERED]
    return [line for _, _, line in sorted(text, key=lambda row: row[:2])]


def _place(path: str, cell: int, line: int) -> str:
    return f"{path}[{cell}]:{line}" if cell else f"{path}:{line}" if line else path


def _row(path: str, verdict: Verdict) -> str:
    what = _named(verdict)
    text = f"{_place(path, verdict.cell, verdict.line)}: {verdict.status}: {what}"
    if verdict.text:
        text += f": {verdict.text}"
    return text + (f"  docs: {verdict.docs}" if verdict.docs else "")


def _named(verdict: Verdict) -> str:
    if verdict.parameter:
        return f"parameter {verdict.parameter!r} of {verdict.symbol}"
    return verdict.symbol


def _summary(reports: Sequence[FileReport]) -> list[str]:
    figures = summary(reports)
    text = [f"{'':<18}{'symbols':>8}{'uses':>8}{'files':>8}"]
    for status in _STATUSES:
        row = figures[status]
        text.append(f"{_LABELS[status]:<18}{row['symbols']:>8}{row['uses']:>8}{row['files']:>8}")
    files = figures["files"]
    text.append(f"{'files read':<18}{'':>8}{'':>8}{files['read']:>8}")
    if files["not_read"]:
        text.append(f"{'files not read':<18}{'':>8}{'':>8}{files['not_read']:>8}")
    if files["python2"]:
        text.append(f"{'files of Python 2':<18}{'':>8}{'':>8}{files['python2']:>8}")
    rows = figures["missing_symbols"]
    if rows:
        text += ["", f"{'missing':<58}{'uses':>8}{'files':>8}"]
        text += [f"{row['symbol']:<58}{row['uses']:>8}{row['files']:>8}"
                 for row in rows[:_MOST_ROWS]]
        if len(rows) > _MOST_ROWS:
            text.append(f"... and {counted(len(rows) - _MOST_ROWS, 'more name')}")
    return text


# ---- for programs --------------------------------------------------------------------------------


def summary(reports: Sequence[FileReport]) -> dict[str, Any]:
    """Counts of symbols, uses and files by status, and the missing names, most used first.

    Args:
        reports: of all files.
    """
    uses: Counter[str] = Counter()
    symbols: dict[str, set[str]] = defaultdict(set)
    files: dict[str, set[str]] = defaultdict(set)
    missing_uses: Counter[str] = Counter()
    missing_files: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        for verdict in report.found:
            uses[verdict.status] += 1
            symbols[verdict.status].add(_named(verdict))
            files[verdict.status].add(report.path)
            if verdict.status == MISSING:
                missing_uses[_named(verdict)] += 1
                missing_files[_named(verdict)].add(report.path)
    rows = [{"symbol": name, "uses": missing_uses[name], "files": len(missing_files[name])}
            for name in sorted(missing_uses, key=lambda n: (-len(missing_files[n]), n))]
    not_read = sum(any(not p.is_read for p in report.problems) for report in reports)
    python_2 = sum(any(p.is_python_2 for p in report.problems) for report in reports)
    return {status: {"symbols": len(symbols[status]), "uses": uses[status],
                     "files": len(files[status])} for status in _STATUSES} | {
        "files": {"read": len(reports) - not_read, "not_read": not_read,
                  "python2": python_2},
        "missing_symbols": rows}


def as_json(reports: Sequence[FileReport]) -> dict[str, Any]:
    """The report for programs.

    Args:
        reports: of all files.
    """
    return {"ok": is_fine(reports), "files": [_file_as_json(report) for report in reports],
            "summary": summary(reports)}


def _file_as_json(report: FileReport) -> dict[str, Any]:
    return {
        "path": report.path, "ok": report.is_fine,
        "problems": [{"cell": problem.cell, "line": problem.line, "message": problem.message,
                      "python2": problem.is_python_2} for problem in report.problems],
        "symbols": [{"cell": verdict.cell, "line": verdict.line, "column": verdict.column,
                     "symbol": verdict.symbol, "status": verdict.status, "text": verdict.text,
                     "docs": verdict.docs, "parameter": verdict.parameter,
                     "conditional": verdict.is_conditional, "import": verdict.is_import}
                    for verdict in report.found]}
