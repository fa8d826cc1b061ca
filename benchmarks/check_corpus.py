"""Compares what `flowgraph check` says of programs with what happened when they ran.

    python benchmarks/check_corpus.py repos results.csv
    python benchmarks/check_corpus.py repos results.csv --legacy

`repos` holds a folder for each repository. A row of results.csv is a program that was run, with the
columns repo, script, status ("ok", "ran" for one that was stopped while it went on, else it
failed), where and line (of the program's own line that raised), and last_error_line.

Two things must not be, and the exit code tells whether they are:

    - a program stopped at a name, a module or a parameter that is not there, at a line of which
      `check` says nothing;
    - a program ended well, and `check` calls something missing at a line that it must have run:
      one outside of functions, branches and loops.

What is called missing in branches and functions of programs that run is listed too: those lines may
not have been run.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
import time
from collections import Counter

from flowgraph.compat.check import check
from flowgraph.compat.check.report import FileReport
from flowgraph.compat.check.verdicts import MISSING, Verdict

NOT_THERE = re.compile(
    r"does not offer|flowgraph has no |^AttributeError: module '(flowgraph|tensorflow)"
    r"|No module named '(tensorflow|flowgraph)|cannot import name .* from '(tensorflow|flowgraph)"
    r"|unexpected keyword argument|takes .*positional arguments? but")


def file_of(row: dict[str, str]) -> str:
    """The file that a row is about: where it raised, else the program; of a notebook its code."""
    if row["where"]:
        return row["where"]
    script = row["script"]
    return script.removesuffix(".ipynb") + ".nb.py" if script.endswith(".ipynb") else script


def missing(report: FileReport) -> list[Verdict]:
    """What is called missing in a file."""
    return [verdict for verdict in report.found if verdict.status == MISSING]


def told_of(row: dict[str, str], reports: dict[str, FileReport]) -> list[str]:
    """What is wrong about a row, or may be: lines that start with "wrong" or "perhaps"."""
    name = file_of(row)
    report = reports.get(f"{row['repo']}/{name}")
    if report is None:
        return []
    place = f"{row['repo']}/{name}"
    if row["status"] in ("ok", "ran"):
        return [f"{'perhaps' if verdict.is_conditional or row['status'] == 'ran' else 'wrong'}: "
                f"{place}:{verdict.line} ran, and {verdict.symbol} is called missing: "
                f"{verdict.text}" for verdict in missing(report)]
    error = row["last_error_line"]
    if not NOT_THERE.search(error) or not row["line"]:
        return []
    lines = {verdict.line for verdict in missing(report)}
    line = int(row["line"])
    if line in lines or any(p.line == line for p in report.problems):
        return []
    near = any(abs(other - line) <= 3 for other in lines)  # of a call over several lines
    return [f"{'perhaps' if near else 'wrong'}: {place}:{line} failed, and nothing is called "
            f"missing there: {error}"]


def main() -> int:
    """Prints the comparison; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repos", help="a folder with a folder for each repository")
    parser.add_argument("results", help="the results of the runs, a CSV file")
    parser.add_argument("--legacy", action="store_true", help="how the programs were run")
    options = parser.parse_args()
    with open(options.results, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    paths = {f"{row['repo']}/{file_of(row)}" for row in rows}
    there = [path for path in sorted(paths) if os.path.isfile(os.path.join(options.repos, path))]
    begun = time.perf_counter()
    found = check([os.path.join(options.repos, path) for path in there], options.legacy)
    seconds = time.perf_counter() - begun
    lost = sorted(paths - set(there))
    reports = {os.path.relpath(report.path, options.repos).replace(os.sep, "/"): report
               for report in found}
    told = [line for row in rows for line in told_of(row, reports)]
    told += [f"wrong: {path} was run and is not in {options.repos}" for path in lost]
    print("\n".join(sorted(told, reverse=True)))
    statuses = Counter(row["status"] for row in rows)
    fine = sum(report.is_fine for report in found)
    wrong = sum(line.startswith("wrong") for line in told)
    print(f"{len(rows)} programs were run: " + ", ".join(f"{count} {name}" for name, count
                                                         in sorted(statuses.items())))
    print(f"{len(there)} files checked in {seconds:.1f} s: nothing is missing in {fine}")
    print(f"{wrong} contradictions, {len(told) - wrong} lines that may not have been run")
    return 1 if wrong or not there else 0


if __name__ == "__main__":
    sys.exit(main())
