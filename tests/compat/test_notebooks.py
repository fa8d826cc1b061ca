"""Cells of notebooks as Python: what IPython's lines become, and that lines stay where they are."""

from __future__ import annotations

import pytest

from flowgraph.compat.notebooks import python_of


@pytest.mark.parametrize(("cell", "python"), [
    ("%matplotlib inline\nx = 1", "pass  # %matplotlib inline\nx = 1"),
    ("x = 5 %2\ny = 7 ?", "x = 5 %2\ny = 7 ?"),
    ("files = !ls\nfiles?", "files = None  # !ls\npass  # files?"),
    ("if x:\n    !ls\nelse:\n    %cd a", "if x:\n    pass  # !ls\nelse:\n    pass  # %cd a"),
    ("!pip install a \\\n    b \\\n  c\nx = 1",
     "pass  # !pip install a \\\n#     b \\\n#   c\nx = 1"),
    ("files = !ls \\\n  -l\nx = 1", "files = None  # !ls \\\n#   -l\nx = 1"),
    ("%time x = f(1)", "x = f(1)"),
    ("if a:\n    y = %time f(1)", "if a:\n    y = f(1)"),
    ("\n  %matplotlib inline\n  x = 1", "\npass  # %matplotlib inline\nx = 1"),
    ("%timeit f(1)", "pass  # %timeit f(1)"),
    ("%time", "pass  # %time"),
    ("x = 5\n", "x = 5\n"),
    ("%%time\nx = 1", "pass  # %%time\nx = 1"),
])
def test_lines_of_ipython_are_left_out(cell: str, python: str) -> None:
    assert python_of(cell) == python
    assert python.count("\n") == cell.count("\n")
