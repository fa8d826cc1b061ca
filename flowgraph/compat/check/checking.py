"""Checks files and folders, one after another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import import_module

from flowgraph.compat.check.files import Problem, programs_under, python_2, read
from flowgraph.compat.check.reading import Reader
from flowgraph.compat.check.report import FileReport
from flowgraph.compat.check.resolve import Resolver
from flowgraph.compat.check.verdicts import Judge
from flowgraph.compat.hook import TensorFlowFinder


def check(paths: Iterable[str], legacy: bool = False) -> list[FileReport]:
    """Says of each use of a name of TensorFlow whether flowgraph offers it.

    Args:
        paths: programs, notebooks (.ipynb), folders; a folder stands for all programs in it.
        legacy: whether to take the names and orders of arguments of before TensorFlow 1.0 too, as
            `flowgraph run --legacy` does.

    Returns:
        A report for each file, in this order; none for files of folders that do not name
        TensorFlow.

    Raises:
        FileNotFoundError: a path is not there.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "old.py")
        >>> with open(path, "w") as file:
        ...     _ = file.write("import tensorflow as tf\\ntf.nn.relu(1.0)\\ntf.GradientTape()\\n")
        >>> report, = check([path])
        >>> [(verdict.line, verdict.symbol, verdict.status) for verdict in report.found]
        [(2, 'tf.nn.relu', 'offered'), (3, 'tf.GradientTape', 'missing')]
    """
    checker = _Checker(legacy)
    reports = []
    for path, is_named in _files(paths):
        report = checker.report(path, is_named)
        if is_named or report.found or report.problems:
            reports.append(report)
    return reports


def _files(paths: Iterable[str]) -> Iterator[tuple[str, bool]]:
    seen = set()
    for path in paths:
        if not os.path.exists(path):
            raise FileNotFoundError(2, os.strerror(2), path)
        found = programs_under(path) if os.path.isdir(path) else [path]
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file, file == path


class _Checker:
    """What all files of one check share."""

    def __init__(self, legacy: bool) -> None:
        overrides = import_module("flowgraph.compat.legacy").overrides() if legacy else {}
        finder = TensorFlowFinder(overrides)
        self._resolver = Resolver(finder.tensorflow, finder._module)
        self._judge = Judge(self._resolver, legacy)

    def report(self, path: str, is_named: bool) -> FileReport:
        """Reads and judges one file."""
        report = FileReport(path, is_named=is_named)
        parts = read(path)
        report.problems = [part.problem for part in parts if part.problem is not None]
        try:
            reader = Reader(self._resolver.exports)
            reader.read((part.cell, part.tree) for part in parts if part.tree is not None)
            report.problems += _left_overs(reader.python_2)
            report.found = self._judge.verdicts(reader.uses, reader.defined)
        except RecursionError:
            report.problems.append(Problem(0, "it is nested too deeply to be read"))
        return report


def _left_overs(names: list[tuple[int, int, str]]) -> list[Problem]:
    """The first use of each name that only Python 2 has."""
    first: dict[str, Problem] = {}
    for cell, line, name in sorted(names, key=lambda row: row[:2]):
        first.setdefault(name, python_2(line, name, cell, is_read=True))
    return list(first.values())
