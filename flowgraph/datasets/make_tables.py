"""Makes the CSV files under `files/` from an unpacked wheel of scikit-learn.

Not used at run time; it stands here so that everyone can make the files again and compare:

    pip download --no-deps --python-version 3.11 --only-binary=:all: scikit-learn==1.1.3
    python -m zipfile -e scikit_learn-1.1.3-*.whl some/folder
    python -m flowgraph.datasets.make_tables some/folder

scikit-learn 1.1 is the last one with the houses of Boston. Their file has a line with the names of
the columns below the first one; TensorFlow's had them in the first line, and so have ours.
"""

from __future__ import annotations

import sys
from pathlib import Path

from flowgraph.datasets.tables import FILES


def main(folder: str, out: Path = FILES) -> None:
    """Writes the two tables.

    Args:
        folder: the unpacked wheel.
        out: where to write.
    """
    source = Path(folder, "sklearn", "datasets", "data")
    iris = (source / "iris.csv").read_text().splitlines()
    houses = (source / "boston_house_prices.csv").read_text().splitlines()
    names = houses.pop(1).replace('"', "")
    houses[0] = ",".join(houses[0].split(",")[:2]) + "," + names
    for name, lines in ("iris.csv", iris), ("boston_house_prices.csv", houses):
        rows = [line.rstrip(",") for line in lines if line.strip(", ")]
        (out / name).write_text("\n".join(rows) + "\n")
        print(f"{out / name}: {len(rows) - 1} rows")


if __name__ == "__main__":
    main(sys.argv[1])
