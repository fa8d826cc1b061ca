"""docs/gpu_ops.md lists the ops without a kernel for a GPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, "docs/gpu_ops.py"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, (
        f"{done.stdout[:5000]}{done.stderr}\nIf the new text is right: "
        "python docs/gpu_ops.py --write")
