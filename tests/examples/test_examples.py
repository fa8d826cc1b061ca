"""Each example runs in short form, keeps its promises, and can be read in one sitting."""

from __future__ import annotations

import ast
import csv
import math
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
NAMES = [example.name for example in EXAMPLES]
RUN_ALL = runpy.run_path(os.fspath(ROOT / "examples" / "run_all.py"))
PACKAGES = {"flowgraph", "numpy", "matplotlib"} | sys.stdlib_module_names


def run(name: str, folder: Path, *options: str, without: tuple[str, ...] = ()) -> str:
    """What an example prints, run in `folder`, as if the modules `without` were not installed."""
    code = ("import runpy, sys; sys.argv = sys.argv[1:]; "
            f"sys.modules.update(dict.fromkeys({without!r})); "
            "runpy.run_path(sys.argv[0], run_name='__main__')")
    environment = {**os.environ, "MPLBACKEND": "Agg"}
    if without:
        environment["PATH"] = os.fspath(folder)  # no `dot` either
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, os.fspath(ROOT / "examples" / name), *options],
        cwd=folder, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(pattern: str, text: str) -> list[float]:
    return [float(number) for number in re.findall(pattern, text)]


def imported(tree: ast.AST) -> set[str]:
    names = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for name in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_is_short_stands_alone_and_says_what_one_learns(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert text.count("\n") < 150
    docstring = text.split('"""')[1]
    assert "You learn" in docstring
    assert f"python examples/{example.name}" in docstring
    allowed = PACKAGES | ({"pandas"} if example.stem == "22_table" else set())
    assert imported(ast.parse(text)) <= allowed


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_prints_results_and_writes_pictures(example: Path, tmp_path: Path) -> None:
    printed = run(example.name, tmp_path, "--short")
    assert "\r" not in printed, "a progress bar is for terminals"
    results = [quantity for quantity, _, _ in RUN_ALL["RESULT"].findall(printed)]
    assert 1 <= len(results) <= 6
    assert len(re.findall("(?m)^result:", printed)) == len(results), (
        "the form is `result: <quantity> = <number>`")
    assert all(math.isfinite(float(number))
               for _, number, _ in RUN_ALL["RESULT"].findall(printed))
    assert sorted(results) == sorted(RUN_ALL["expected"](example.stem))
    name = example.stem[3:]
    graph = tmp_path / f"{name}_graph.svg"
    pictures = sorted(tmp_path.glob("*.png"))
    assert b"<svg" in graph.read_bytes() and pictures
    docstring = example.read_text(encoding="utf-8").split('"""')[1]
    for picture in [graph, *pictures]:
        assert picture.name.startswith(name + "_")
        assert picture.stat().st_size < 80_000, picture.name  # labels large enough to read
        assert picture.name in docstring, "says which files it writes"


FULL = sorted((ROOT / "examples" / "expected").glob("*/*.csv"))
EXPECTED = [ROOT / "examples" / "expected" / f"{example.stem}.csv" for example in EXAMPLES] + FULL


@pytest.mark.parametrize("path", EXPECTED, ids=[f"{path.parent.name}-{path.stem}"
                                                for path in EXPECTED])
def test_what_is_expected_has_its_source(path: Path) -> None:
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert list(row) == ["quantity", "low", "high", "source"]
        assert float(row["low"]) <= float(row["high"])
        assert len(row["source"].split()) >= 2


@pytest.mark.parametrize("path", FULL, ids=[f"{path.parent.name}-{path.stem}" for path in FULL])
def test_with_a_full_data_set_the_same_is_expected_of_an_example_that_takes_it(path: Path) -> None:
    full, name = path.parent.name, path.stem
    assert full in RUN_ALL["FULL"]
    assert set(RUN_ALL["expected"](name, full)) == set(RUN_ALL["expected"](name))
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    assert '"--folder"' in text
    assert {"full_mnist": "load_mnist", "full_fashion": "load_fashion_mnist"}[full] in text


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_asks_for_pictures_kindly(example: Path) -> None:
    tree = ast.parse(example.read_text(encoding="utf-8"))
    guarded = {node for block in ast.walk(tree) if isinstance(block, ast.Try)
               for node in ast.walk(block)}
    for node in ast.walk(tree):
        code = ast.unparse(node) if isinstance(node, (ast.Import, ast.Call)) else ""
        asks = re.match(r"import matplotlib|(\w+\.)*(render|plots\.plot_\w+)\(", code)
        asks = asks and ".dot" not in code  # text, which needs no engine
        assert not asks or node in guarded, f"line {node.lineno} fails where nothing can draw"


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_results_are_printed_before_pictures_are_written(example: Path) -> None:
    """So that a folder which cannot be written costs the pictures, not the results."""
    main, = (node for node in ast.parse(example.read_text(encoding="utf-8")).body
             if isinstance(node, ast.FunctionDef) and node.name == "main")
    calls = [(node.lineno, ast.unparse(node)) for node in ast.walk(main)
             if isinstance(node, ast.Call)]
    results = [line for line, code in calls if re.match(r"print\(f?['\"]result: ", code)]
    pictures = [line for line, code in calls if re.match(r"draw\w*\(|[\w.]+\.render\(", code)]
    assert results and pictures
    assert max(results) < min(pictures)


@pytest.mark.parametrize("name", ["00_hello_graph.py", "04_softmax_regression.py",
                                  "23_tensorboard.py", "29_classics.py"])
def test_an_example_runs_without_engine_and_matplotlib(name: str, tmp_path: Path) -> None:
    printed = run(name, tmp_path, "--short", without=("pygraphviz", "matplotlib"))
    assert "pip install" in printed, "says how to get the pictures"
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".svg", ".png")]


def test_hello_graph_shows_runs_and_stages(tmp_path: Path) -> None:
    printed = run("00_hello_graph.py", tmp_path, "--short")
    assert "[ 32.   68.   98.6 212. ]" in printed
    assert "fahrenheit     = Add(mul:0, fahrenheit/y:0)" in printed
    assert "Fed half-way: 70.0" in printed
    assert "np.multiply(celsius" in printed
    assert (tmp_path / "hello_graph.dot").read_text(encoding="utf-8").startswith("digraph")


@pytest.mark.slow
def test_the_demo_reads_at_least_93_percent(tmp_path: Path) -> None:
    printed = run("05_mlp.py", tmp_path, "--demo")
    assert numbers(r"The model reads (\S+)%", printed)[0] >= 93
    assert (tmp_path / "mlp_curves.png").read_bytes().startswith(b"\x89PNG")


def test_seeds_make_an_example_repeat_its_numbers(tmp_path: Path) -> None:
    first, second = (run("02_linear_regression.py", tmp_path, "--short") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("printed", "met"), [
    ("result: warmest = 212 °F\n", [True]),
    ("result: warmest = 213 °F\n", [False]),
    ("result: warmest = nan °F\n", [False]),
    ("", [False]),
    ("result: warmest = 212 °F\nresult: coldest = 1\n", [True, False])])
def test_a_result_out_of_its_range_is_missed(printed, met, monkeypatch) -> None:
    monkeypatch.setitem(RUN_ALL["check"].__globals__, "expected",
                        lambda name, full: {"warmest": (211.9, 212.1, "closed form")})
    assert [row[-1] for row in RUN_ALL["check"]("00_hello_graph", printed)] == met


def test_results_with_and_without_a_full_data_set_leave_each_other_as_they_are(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"BUILD": tmp_path / "build", "PAGE": tmp_path / "results.md",
              "PRINTED": tmp_path / "printed", "PICTURES": tmp_path / "pictures"}
    for name, place in places.items():
        monkeypatch.setitem(RUN_ALL["write_section"].__globals__, name, place)
    example = next(example for example in EXAMPLES if example.stem == "12_lenet")
    folder = places["BUILD"] / "12_lenet"
    folder.mkdir(parents=True)
    (folder / "output.txt").write_text("printed", encoding="utf-8")
    (folder / "lenet_maps.png").write_bytes(b"picture")

    def write(measured: str, *full: str) -> str:
        row = ("test accuracy", measured, "97 to 99", "LeCun and others 1998", True)
        RUN_ALL["write_section"](example, [row], 5.0, *full)
        return places["PAGE"].read_text(encoding="utf-8")

    write("98.0 %")
    (folder / "output.txt").write_text("printed with the full set", encoding="utf-8")
    page = write("99.0 %", "full_mnist")
    assert page.index("98.0 %") < page.index("lenet_maps.png") < page.index("99.0 %")
    assert "--folder FOLDER" in page
    assert (places["PRINTED"] / "12_lenet.txt").read_text(encoding="utf-8") == "printed"
    assert write("99.0 %", "full_mnist") == page, "twice is once"
    page = write("98.1 %")
    assert "98.0 %" not in page and page.index("98.1 %") < page.index("99.0 %")
    page = write("99.1 %", "full_mnist")
    assert "99.0 %" not in page and "98.1 %" in page
    assert page.count("## 12_lenet") == page.count("### ") == 1


@pytest.mark.parametrize(("options", "words"), [
    (["--mnist", "no-such-folder"], "no-such-folder is not a folder"),
    (["--mnist", ".", "00_hello_graph"], "none of these has rows in examples/expected/full_mnist"),
    (["--mnist", ".", "--short"], "--short trains too little")])
def test_a_full_data_set_that_cannot_be_used_is_told_before_anything_runs(
        options, words, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, os.fspath(ROOT / "examples" / "run_all.py"), *options],
                          cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert not done.stdout
