"""Runs the examples, and checks that each reaches what its textbook says.

    python examples/run_all.py                    all, one after another; exits 1 on a miss
    python examples/run_all.py 04 05_mlp          only these
    python examples/run_all.py --write [NAMES]    ... and writes docs/results* and the pictures
    python examples/run_all.py --short            the short forms, two at a time, nothing checked
    python examples/run_all.py --mnist FOLDER     those that say what the full MNIST gives, with it
    python examples/run_all.py --fashion FOLDER   the same with the full Fashion-MNIST

Each example runs in build/examples/NN_name/, where its pictures stay. A line that it prints as
`result: test accuracy = 82.3 %` is held against the row of this quantity in
examples/expected/NN_name.csv, which says from where to where it may lie and who says so; with full
data sets against examples/expected/full_mnist/ or full_fashion/, where the pictures stay as well.
"""

import argparse
import csv
import datetime
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
BUILD = ROOT / "build" / "examples"
PAGE = ROOT / "docs" / "results.md"
PICTURES = ROOT / "docs" / "images" / "tutorial"
PRINTED = ROOT / "docs" / "results"  # what each printed, which its chapter shows
RESULT = re.compile(r"^result: (.+?) = (\S+)(?: (.+))?$", re.MULTILINE)
# Full data sets, which do not come with the package: where their rows and runs lie -> what it is.
FULL = {"full_mnist": "MNIST", "full_fashion": "Fashion-MNIST"}
FULL_HEAD = "### With the full "  # of its part of a section of docs/results.md


def expected(name, full=""):
    """What the rows of examples/expected/FULL/NAME.csv say: quantity -> (low, high, source)."""
    path = ROOT / "examples" / "expected" / full / f"{name}.csv"
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        return {row["quantity"]: (float(row["low"]), float(row["high"]), row["source"])
                for row in csv.DictReader(file)}


def run(example, *options, full=""):
    """Runs one example in a folder of its own; returns exit status, what it printed, seconds.

    What goes to stderr, as warnings of a picture's fonts, is shown where the example fails.
    """
    folder = BUILD / full / example.stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, os.fspath(example), *options], cwd=folder, text=True,
                          env={**os.environ, "MPLBACKEND": "Agg"}, capture_output=True,
                          encoding="utf-8", errors="replace", check=False)
    seconds = time.perf_counter() - began
    (folder / "output.txt").write_text(done.stdout, encoding="utf-8")
    return done.returncode, done.stdout + (done.stderr if done.returncode else ""), seconds


def check(name, printed, full=""):
    """Rows of quantity, measured (text), expected (text), source, and whether it is met."""
    ranges, rows = expected(name, full), []
    for quantity, number, unit in RESULT.findall(printed):
        low, high, source = ranges.pop(quantity, (math.nan, math.nan, "no row says what to expect"))
        met = low <= float(number) <= high  # false for nan, on either side
        rows.append((quantity, f"{number} {unit}".strip(), f"{low:.9g} to {high:.9g}", source, met))
    return rows + [(quantity, "not printed", f"{low:.9g} to {high:.9g}", source, False)
                   for quantity, (low, high, source) in ranges.items()]


def run_full(examples, write, full="", data=None):
    """All at full length; prints the table, and returns how many quantities were missed.

    With `full`, a key of FULL, they take that data set from the folder `data`.
    """
    missed = 0
    for example in examples:
        status, printed, seconds = run(example, *(["--folder", data] if full else []), full=full)
        rows = check(example.stem, printed, full)
        if status:
            rows.append(("exit status", str(status), "0 to 0", "a program that ends well", False))
            print(printed[-3000:])
        for quantity, measured, span, source, met in rows:
            print(f"{example.stem:22} {quantity:44} {measured:>14}  {span:18} "
                  f"{'' if met else 'MISSED '}{source}")
        print(f"{example.stem:22} {seconds:.1f} s", flush=True)
        bad = sum(not row[-1] for row in rows)
        missed += bad
        if write and not bad:
            write_section(example, rows, seconds, full)
    print(f"{len(examples)} examples{f' with the full {FULL[full]}' if full else ''}, "
          f"{missed} missed")
    return missed


def run_short(examples):
    """All in short form, two at a time; returns how many failed."""
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda example: run(example, "--short"), examples)
        for example, (status, printed, seconds) in zip(examples, runs, strict=True):
            print(f"{example.name:28} {seconds:5.1f} s{'' if status == 0 else '  FAILED'}")
            if status:
                print(printed)
                failed += 1
    return failed


def write_section(example, rows, seconds, full=""):
    """Puts an example's results into docs/results.md, in place of its older ones.

    With `full` into the last part of its section, which other runs leave as it is, and without its
    pictures: those of the page and of the chapters are of the data that come with the package.
    """
    name = example.stem
    sections = dict(re.findall(r"^## (\d\d_\w+)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8")
                               if PAGE.exists() else "", re.MULTILINE | re.DOTALL))
    usual, mark, with_full = sections.get(name, "").partition(FULL_HEAD)
    table = ["| quantity | measured | expected | says who |", "| --- | --- | --- | --- |"]
    table += [f"| {quantity} | {measured} | {span} | {source} |"
              for quantity, measured, span, source, _ in rows]
    measured_on = f"Measured on {datetime.date.today()} in {seconds:.0f} s."
    if full:
        mark, with_full = FULL_HEAD, "\n".join(
            [f"{FULL[full]}, 60,000 images to train and 10,000 to test", "",
             f"`python examples/{name}.py --folder FOLDER` {measured_on}", "", *table])
    else:
        usual = "\n".join(usual_part(example, table, measured_on, usual))
    sections[name] = f"{usual.rstrip()}\n\n{mark}{with_full}" if mark else usual
    names = [path.stem for path in EXAMPLES if path.stem in sections]
    PAGE.write_text(head() + "".join(f"\n## {name}\n{sections[name].rstrip()}\n" for name in names),
                    encoding="utf-8")


def usual_part(example, table, measured_on, older):
    """The lines on a run with the data of the package; puts what it printed and drew into docs/."""
    name, folder = example.stem, BUILD / example.stem
    title = example.read_text(encoding="utf-8").split('"""')[1].splitlines()[0]
    lines = ["", f"[{title}](../examples/{name}.py) {measured_on}", "", *table]
    PRINTED.mkdir(exist_ok=True)
    shutil.copyfile(folder / "output.txt", PRINTED / f"{name}.txt")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for picture in re.findall(r"\]\(images/tutorial/(\S+?)\)", older):
        (PICTURES / picture).unlink(missing_ok=True)
    for picture in sorted([*folder.glob("*.png"), *folder.glob("*_graph.svg")]):
        shutil.copyfile(picture, PICTURES / picture.name)
        what = picture.stem.removeprefix(name[3:] + "_").replace("_", " ")
        lines += ["", f"![{title} The {what}.](images/tutorial/{picture.name})"]
    return lines


def head():
    """The start of docs/results.md: what it is, how to repeat it, the last run's machine."""
    import numpy

    import flowgraph as fg

    processor = platform.processor()
    if Path("/proc/cpuinfo").exists():
        models = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        processor = models[0] if models else processor
    return f"""# What the examples reach

Every program in [examples/](../examples) prints its results. Here they stand beside what a
textbook, a closed form, or the same model in another library says, and with the pictures that the
programs write. Nothing on this page is typed by hand:

```
make examples                                    # all of them, checked; python examples/run_all.py
python examples/run_all.py --write               # the same, and writes this page
python examples/run_all.py --write 04 12_lenet   # some of them; the others' sections stay
make examples MNIST=FOLDER FASHION=FOLDER        # those below that also show the full data sets
```

`expected` are the rows of `examples/expected/*.csv`, with a full data set of
`examples/expected/full_*/*.csv`; a run that leaves its range fails. The four IDX files of a full
set do not come with the package: bring them yourself, plain or gzipped. The last run that wrote
here: {processor}, {os.cpu_count()} cores; Python {platform.python_version()},\
 NumPy {numpy.__version__}, flowgraph {fg.__version__}.
"""


def main():
    parser = argparse.ArgumentParser(description="Runs the examples and checks their results.")
    parser.add_argument("names", nargs="*", help="numbers or names; all, if none is given")
    parser.add_argument("--short", action="store_true", help="short forms, two at a time")
    parser.add_argument("--write", action="store_true", help="write docs/results.md")
    for full, title in FULL.items():
        parser.add_argument(f"--{full[5:]}", dest=full, metavar="FOLDER", type=os.path.abspath,
                            help=f"run with the four IDX files of the full {title}")
    options = parser.parse_args()
    fulls = {full: getattr(options, full) for full in FULL if getattr(options, full)}
    if options.short and (options.write or fulls):
        parser.error("--short trains too little to be written down or for a full data set: "
                     "leave out one of the two")
    examples = [path for path in EXAMPLES if not options.names or any(
        path.name.startswith(name) for name in options.names)]
    for name in options.names:
        if not any(path.name.startswith(name) for path in EXAMPLES):
            parser.error(f"no example is called {name}: there are "
                         + ", ".join(path.stem for path in EXAMPLES))
    chosen = {full: [path for path in examples if expected(path.stem, full)] for full in fulls}
    for full, folder in fulls.items():
        if not os.path.isdir(folder):
            parser.error(f"{folder} is not a folder: --{full[5:]} takes the one in which the four "
                         f"IDX files of {FULL[full]} lie")
        if not chosen[full]:
            parser.error(f"none of these has rows in examples/expected/{full}")
    if fulls:
        wrong = sum(run_full(chosen[full], options.write, full, folder)
                    for full, folder in fulls.items())
    else:
        wrong = run_short(examples) if options.short else run_full(examples, options.write)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
