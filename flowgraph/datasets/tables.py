"""Tables of numbers: iris and the houses of Boston, which come with flowgraph; CSV files.

The files are those that TensorFlow 1 had inside: a first line with the numbers of rows and columns,
then one row a line, the value to predict at its end.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flowgraph.data.idx import damaged

Array = np.ndarray[Any, Any]
FILES = Path(__file__).parent / "files"
IRIS_CLASSES = ("setosa", "versicolor", "virginica")


class Dataset(NamedTuple):
    """Rows of numbers with the value to predict of each.

    Args:
        data: array [rows, columns].
        target: array [rows].

    Example:
        >>> from flowgraph.datasets import load_iris
        >>> load_iris().target[:3]
        array([0, 0, 0])
    """

    data: Any
    target: Any


def load_iris(data_path: str | os.PathLike[str] | None = None) -> Dataset:
    """150 irises: length and width of sepal and petal in cm, and which of three species.

    Args:
        data_path: a file in the same format; None for the one that comes with flowgraph.

    Returns:
        Dataset: float64 [150, 4], int64 [150].

    Raises:
        DatasetError: the file is missing or damaged.

    Example:
        >>> from flowgraph.datasets import load_iris
        >>> iris = load_iris()
        >>> iris.data.shape, iris.data[0]
        ((150, 4), array([5.1, 3.5, 1.4, 0.2]))
    """
    return load_csv_with_header(data_path or FILES / "iris.csv", np.int64, np.float64)


def load_boston(data_path: str | os.PathLike[str] | None = None) -> Dataset:
    """Prices of 506 houses in Boston, 1978, with 13 numbers on each one's quarter.

    Old programs expect just this table. Do not build on it: its column "B" was made to measure what
    share of black neighbours does to prices, on an assumption that its authors never showed.

    Args:
        data_path: a file in the same format; None for the one that comes with flowgraph.

    Returns:
        Dataset: float64 [506, 13], float64 [506] in 1,000 dollars.

    Raises:
        DatasetError: the file is missing or damaged.

    Example:
        >>> from flowgraph.datasets import load_boston
        >>> boston = load_boston()
        >>> boston.data.shape, boston.target[:2]
        ((506, 13), array([24. , 21.6]))
    """
    return load_csv_with_header(data_path or FILES / "boston_house_prices.csv", np.float64,
                                np.float64)


def load_csv_with_header(filename: str | os.PathLike[str], target_dtype: Any, features_dtype: Any,
                         target_column: int = -1) -> Dataset:
    """Reads a CSV file whose first line says how many rows and columns there are.

    Args:
        filename: the file.
        target_dtype: dtype of what is to be predicted.
        features_dtype: dtype of the other columns.
        target_column: which column is to be predicted.

    Returns:
        Dataset.

    Raises:
        DatasetError: the file is missing, or its rows are not what the first line says.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from flowgraph.datasets import load_csv_with_header
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "rows.csv")
        ...     _ = path.write_text("2,2,a,b\\n1,2,0\\n3,4,1\\n")
        ...     load_csv_with_header(path, np.int64, np.float32)
        Dataset(data=array([[1., 2.],
               [3., 4.]], dtype=float32), target=array([0, 1]))
    """
    lines = _lines(filename)
    try:
        rows, columns = int(lines[0][0]), int(lines[0][1])
    except (IndexError, ValueError):
        raise damaged(filename, "does not begin with its numbers of rows and columns",
                      "A file without them is read by load_csv_without_header, or by "
                      "numpy.loadtxt.") from None
    found = load_rows(filename, lines[1:], target_dtype, features_dtype, target_column, 2)
    if found.data.shape != (rows, columns):
        # scikit-learn's file of Boston has a line with the names of the columns besides.
        raise damaged(filename, f"should hold {rows} rows of {columns} numbers and the value to "
                                f"predict; it holds an array of the shape {found.data.shape}")
    return found


def load_csv_without_header(filename: str | os.PathLike[str], target_dtype: Any,
                            features_dtype: Any, target_column: int = -1) -> Dataset:
    """Reads a CSV file of numbers.

    Args:
        filename: the file.
        target_dtype: dtype of what is to be predicted.
        features_dtype: dtype of the other columns.
        target_column: which column is to be predicted.

    Returns:
        Dataset.

    Raises:
        DatasetError: the file is missing, or a row differs from the others.

    Example:
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from flowgraph.datasets import load_csv_without_header
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "rows.csv")
        ...     _ = path.write_text("1,2,0\\n3,4,1\\n")
        ...     load_csv_without_header(path, np.int64, np.float32, target_column=0).target
        array([1, 3])
    """
    return load_rows(filename, _lines(filename), target_dtype, features_dtype, target_column, 1)


def load_rows(filename: Any, lines: list[list[str]], target_dtype: Any, features_dtype: Any,
              target_column: int, first: int) -> Dataset:
    """The table of lines already cut at commas; `first` is the number of the first line."""
    data, target = [], []
    for number, row in enumerate(lines, first):
        try:
            target.append(np.asarray(row.pop(target_column), target_dtype))
            data.append(np.asarray(row, features_dtype))
        except (ValueError, IndexError) as error:
            raise damaged(filename, f"has no row of numbers in line {number}: {error}",
                          "Say with target_dtype and features_dtype what it holds.") from None
        if len(row) != len(data[0]):
            raise damaged(filename, f"has {len(row) + 1} columns in line {number}, but "
                                    f"{len(data[0]) + 1} in the first row")
    return Dataset(np.array(data, features_dtype), np.array(target, target_dtype))


def _lines(filename: str | os.PathLike[str]) -> list[list[str]]:
    try:
        with open(filename, newline="", encoding="utf-8") as file:
            return [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise damaged(filename, "does not exist", "Check the folder and the name.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise damaged(filename, f"cannot be read as CSV: {error}") from None
