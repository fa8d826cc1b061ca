"""Each example runs in short form, keeps its promises, and can be read in one sitting."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))
NAMES = [example.name for example in EXAMPLES]


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


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_an_example_is_under_120_lines_and_says_what_one_learns(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert text.count("\n") < 120
    docstring = text.split('"""')[1]
    assert "You learn" in docstring
    assert f"python examples/{example.name}" in docstring


def test_hello_graph_shows_runs_stages_and_pictures(tmp_path: Path) -> None:
    printed = run("01_hello_graph.py", tmp_path, "--short")
    assert "[ 32.   68.   98.6 212. ]" in printed
    assert "fahrenheit     = Add(mul:0, fahrenheit/y:0)" in printed
    assert "Fed half-way: 70.0" in printed
    assert "np.multiply(celsius" in printed
    assert (tmp_path / "hello.dot").read_text(encoding="utf-8").startswith("digraph")
    assert b"<svg" in (tmp_path / "hello.svg").read_bytes()


def test_linear_regression_finds_the_truth(tmp_path: Path) -> None:
    printed = run("02_linear_regression.py", tmp_path)
    losses = numbers(r"loss (\S+)", printed)
    assert len(losses) == 3
    assert 4.5e-5 < losses[-1] < 6.5e-5
    errors = numbers(r"(?m)^(?:w1|w2|b) .* (\S+)$", printed)
    assert len(errors) == 3
    assert max(errors) < 1e-3
    assert b"<svg" in (tmp_path / "linear_regression.svg").read_bytes()


def test_softmax_regression_tells_clothes_apart(tmp_path: Path) -> None:
    printed = run("03_softmax_regression.py", tmp_path, "--short")
    assert numbers(r"test accuracy (\S+)%", printed)[-1] > 70
    assert (tmp_path / "clothes.png").read_bytes().startswith(b"\x89PNG")


def test_perceptron_reads_digits(tmp_path: Path) -> None:
    printed = run("04_mlp.py", tmp_path, "--short")
    assert numbers(r"test loss .* accuracy (\S+)%", printed)[-1] > 88
    assert "\r" not in printed, "the progress bar is for terminals"
    assert b"<svg" in (tmp_path / "graph.svg").read_bytes()
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert os.fspath(tmp_path / "curves.png") in printed


@pytest.mark.slow
def test_the_demo_reads_at_least_93_percent(tmp_path: Path) -> None:
    printed = run("04_mlp.py", tmp_path, "--demo")
    assert numbers(r"The model reads (\S+)%", printed)[0] >= 93


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_without_engine_and_matplotlib(name: str, tmp_path: Path) -> None:
    printed = run(name, tmp_path, "--short", without=("pygraphviz", "matplotlib"))
    assert "pip install" in printed, "says how to get the pictures"
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".dot"]


def test_seeds_make_an_example_repeat_its_numbers(tmp_path: Path) -> None:
    first, second = (run("02_linear_regression.py", tmp_path, "--short") for _ in range(2))
    assert first == second
