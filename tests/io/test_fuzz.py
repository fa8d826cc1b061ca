"""A sample of the damaged files of `fuzz.py`: only flowgraph's own errors come out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("fuzz.py")


@pytest.mark.slow
def test_damaged_files_are_refused_in_flowgraphs_own_words() -> None:
    done = subprocess.run([sys.executable, str(PROGRAM), "210"], capture_output=True, text=True,
                          cwd=PROGRAM.parents[2], env={**os.environ, "PYTHONPATH": "."},
                          timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "210 cases, 0 failures" in done.stdout
