"""benchmarks/check_corpus.py finds where `flowgraph check` and runs of programs contradict."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIELDS = ["repo", "script", "status", "where", "line", "last_error_line"]
HEAD = "import tensorflow as tf\n"
ABSENT = "AttributeError: flowgraph does not offer tf.relu: it is not there."


@pytest.mark.parametrize(("code", "status", "line", "error", "words", "exit_code"), [
    ("tf.nn.relu(1.0)", "ok", "", "", "0 contradictions, 0 lines", 0),
    ("tf.GradientTape()", "failed", "2", ABSENT, "0 contradictions, 0 lines", 0),
    ("tf.nn.relu(1.0)", "failed", "2", ABSENT, "wrong: r/p.py:2 failed", 1),
    ("tf.nn.relu(1.0)", "failed", "2", "ValueError: x", "0 contradictions", 0),
    ("tf.GradientTape()", "ok", "", "", "wrong: r/p.py:2 ran", 1),
    ("def f():\n    tf.GradientTape()", "ok", "", "", "perhaps: r/p.py:3 ran", 0),
    ("if __name__ == '__main__':\n    tf.GradientTape()", "ok", "", "", "wrong: r/p.py:3 ran", 1),
    ("tf.GradientTape()", "ran", "", "", "perhaps: r/p.py:2 ran", 0),
])
def test_contradictions(code, status, line, error, words, exit_code, tmp_path: Path) -> None:
    (tmp_path / "repos" / "r").mkdir(parents=True)
    (tmp_path / "repos" / "r" / "p.py").write_text(HEAD + code + "\n")
    with open(tmp_path / "results.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(FIELDS)
        rows.writerow(["r", "p.py", status, "p.py" if line else "", line, error])
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "check_corpus.py", tmp_path / "repos",
         tmp_path / "results.csv"], cwd=ROOT, text=True, capture_output=True, check=False,
        env={"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stderr) == (exit_code, "")
    assert words in done.stdout
    assert "1 programs were run" in done.stdout


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    results = tmp_path / "results.csv"
    with results.open("w", newline="") as file:
        table = csv.DictWriter(file, FIELDS)
        table.writeheader()
        table.writerow({"repo": "r", "script": "gone.py", "status": "ok"})
    done = subprocess.run([sys.executable, ROOT / "benchmarks" / "check_corpus.py", tmp_path,
                           results], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "wrong: r/gone.py was run and is not in" in done.stdout
