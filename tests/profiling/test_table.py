"""Tables: as text, for notebooks, as CSV."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ElementTree

from flowgraph.profiling import Table
from flowgraph.profiling.table import Column

TABLE = Table("costs", [Column("op", left=True), Column("share", lambda share: f"{share:.0%}")],
              [("a<b", 0.25), ('say "x", y', 0.75)], ("total", 1.0))


def test_text_is_aligned() -> None:
    assert str(TABLE) == ("op          share\n"
                          "a<b           25%\n"
                          'say "x", y    75%\n'
                          "total        100%")


def test_html_is_well_formed_and_escaped() -> None:
    root = ElementTree.fromstring(TABLE._repr_html_())
    cells = [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]
    assert cells == [["op", "share"], ["a<b", "25%"], ['say "x", y', "75%"], ["total", "100%"]]


def test_csv_has_numbers_in_full_and_comes_back(tmp_path) -> None:
    path = tmp_path / "costs.csv"
    text = TABLE.to_csv(path)
    assert path.read_text() == text
    assert list(csv.reader(text.splitlines())) == [
        ["op", "share"], ["a<b", "0.25"], ['say "x", y', "0.75"]]


def test_rows_as_dicts() -> None:
    assert list(TABLE) == [{"op": "a<b", "share": 0.25}, {"op": 'say "x", y', "share": 0.75}]
    assert len(TABLE) == 2


def test_a_table_without_rows() -> None:
    assert str(Table("none", TABLE.columns, [])) == "op  share"
