"""Table: rows of named columns, for reading, for notebooks, for spreadsheets."""

from __future__ import annotations

import csv
import html
import io
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from flowgraph.core.durable import write_file


class Column(NamedTuple):
    """A column: its name, how its values are written for people, whether they are text."""

    name: str
    text: Callable[[Any], str] = str
    left: bool = False


class Table:
    """Rows of named columns.

    Args:
        title: what the rows are about.
        columns: the columns.
        rows: per row one value for each column.
        total: a last row, of sums; None for none.

    Attributes:
        title, columns, rows, total: as given.

    Example:
        >>> from flowgraph.profiling.table import Column, Table
        >>> print(Table("costs", [Column("op", left=True), Column("calls")], [("MatMul", 2)]))
        op      calls
        MatMul      2
    """

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[tuple[Any, ...]],
                 total: tuple[Any, ...] | None = None) -> None:
        self.title = title
        self.columns = tuple(columns)
        self.rows = list(rows)
        self.total = total

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict by name of the column."""
        names = [column.name for column in self.columns]
        return (dict(zip(names, row, strict=True)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _texts(self) -> list[list[str]]:
        rows = [*self.rows, self.total] if self.total is not None else self.rows
        return [[column.text(value) for column, value in zip(self.columns, row, strict=True)]
                for row in rows]

    def __str__(self) -> str:
        lines = [[column.name for column in self.columns], *self._texts()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(f"{text:<{width}}" if column.left else f"{text:>{width}}"
                      for text, width, column in zip(line, widths, self.columns, strict=True)
                      ).rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The table for a notebook."""
        head = "".join(f"<th>{html.escape(column.name)}</th>" for column in self.columns)
        texts = self._texts()
        body = []
        for i, row in enumerate(texts):
            tag = "th" if self.total is not None and i == len(texts) - 1 else "td"
            body.append("<tr>" + "".join(
                f'<{tag} style="text-align:{"left" if column.left else "right"}">'
                f"{html.escape(text)}</{tag}>"
                for column, text in zip(self.columns, row, strict=True)) + "</tr>")
        return (f"<table><caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
                f"<tbody>{''.join(body)}</tbody></table>")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The rows as CSV, numbers in full: seconds, bytes, shares from 0 to 1.

        Args:
            path: where to write it; None to write no file.

        Returns:
            The text.
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerows(self.rows)
        if path is not None:
            write_file(os.fspath(path), file.getvalue().encode())
        return file.getvalue()
