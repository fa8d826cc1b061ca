"""Whoever kills a program while it saves loses nothing that was saved before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowgraph.io.checkpoints.npz import write_npz

PROGRAM = Path(__file__).with_name("killed_program.py")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_two_hundred_kills_lose_no_saved_step_and_leave_nothing_unreadable(tmp_path) -> None:
    done = subprocess.run([sys.executable, str(PROGRAM), str(tmp_path), "200", "7"],
                          capture_output=True, text=True, cwd=PROGRAM.parents[2],
                          env={**os.environ, "PYTHONPATH": "."}, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 kills" in done.stdout
    left = [file for file in tmp_path.iterdir() if ".tempstate" in file.name]
    assert left, "a save that is killed leaves a temporary file"
    for file in left:
        os.utime(file, (0, 0))  # as if an hour had gone
    write_npz(str(tmp_path / "model.npz"), {})
    assert not [file for file in tmp_path.iterdir() if ".tempstate" in file.name]
