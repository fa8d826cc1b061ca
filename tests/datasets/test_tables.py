"""The tables that come with flowgraph, and CSV files of one's own."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from flowgraph.datasets import (
    load_boston,
    load_csv_with_header,
    load_csv_without_header,
    load_iris,
    make_tables,
)
from flowgraph.datasets.tables import FILES
from flowgraph.errors import DatasetError


def test_iris_is_fishers() -> None:
    iris = load_iris()
    assert (iris.data.shape, iris.data.dtype, iris.target.dtype) == ((150, 4), np.float64, np.int64)
    assert list(np.bincount(iris.target)) == [50, 50, 50]
    # The means that Fisher's article states for setosa, versicolor and virginica.
    np.testing.assert_allclose([iris.data[iris.target == k].mean(0) for k in range(3)], [
        [5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]],
        rtol=1e-12)


def test_boston_is_the_table_of_old_programs() -> None:
    boston = load_boston()
    assert (boston.data.shape, boston.target.shape) == ((506, 13), (506,))
    assert (boston.target.min(), boston.target.max()) == (5.0, 50.0)
    assert round(boston.target.mean(), 4) == 22.5328  # as published with the data


def test_the_tables_are_what_the_script_makes(tmp_path) -> None:
    """From files in the form that scikit-learn has them."""
    source = tmp_path / "sklearn" / "datasets" / "data"
    source.mkdir(parents=True)
    (source / "iris.csv").write_text((FILES / "iris.csv").read_text())
    lines = (FILES / "boston_house_prices.csv").read_text().splitlines()
    names = ",".join(f'"{name}"' for name in lines[0].split(",")[2:])
    (source / "boston_house_prices.csv").write_text(
        "\n".join(["506,13,,,,,,,,,,,,", names, *lines[1:]]) + "\n")
    make_tables.main(str(tmp_path), tmp_path)
    for name in ("iris.csv", "boston_house_prices.csv"):
        assert (tmp_path / name).read_bytes() == (FILES / name).read_bytes()


@pytest.mark.parametrize(("name", "digest"), [
    ("iris.csv", "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449"),
    ("boston_house_prices.csv",
     "b635e7edab6546fc207db86e3b23f06a7410035a52f02cc17c0f262ca7bbd4ba")])
def test_no_number_of_the_tables_changes(name, digest) -> None:
    assert hashlib.sha256((FILES / name).read_bytes()).hexdigest() == digest


def test_the_licence_lies_beside_the_data() -> None:
    text = (FILES / "TABLES_LICENSE.txt").read_text()
    for words in ("BSD 3-Clause", "Fisher", "Harrison", "scikit-learn 1.1.3"):
        assert words in text


@pytest.mark.parametrize(("load", "text", "words"), [
    (load_csv_with_header, "a,b\n1,2\n", "does not begin with its numbers"),
    (load_csv_with_header, "", "does not begin with its numbers"),
    (load_csv_with_header, "3,1\n1,2\n", "should hold 3 rows of 1 numbers"),
    (load_csv_with_header, "1,1\n1,two\n", "no row of numbers in line 2"),
    (load_csv_without_header, "1,2\n1,2,3\n", "has 3 columns in line 2, but 2"),
    (load_csv_without_header, "x,2\n", "no row of numbers in line 1"),
])
def test_other_files_are_refused(tmp_path, load, text, words) -> None:
    (tmp_path / "rows.csv").write_text(text)
    with pytest.raises(DatasetError, match=words):
        load(tmp_path / "rows.csv", np.float64, np.float64)


def test_a_missing_file_is_told(tmp_path) -> None:
    with pytest.raises(DatasetError, match="does not exist"):
        load_iris(tmp_path / "none.csv")
