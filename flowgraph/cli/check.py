"""`flowgraph check`: which names of TensorFlow programs use, and which are offered."""

from __future__ import annotations

import argparse
import json
import os

from flowgraph.cli.failure import FAILED, OK, Usage, note
from flowgraph.compat.check.checking import check
from flowgraph.compat.check.files import programs_under
from flowgraph.compat.check.report import as_json, is_fine, lines


def run(options: argparse.Namespace) -> int:
    """Prints what was found; 1 if a name is missing or a file cannot be read.

    Args:
        options: the command line.

    Raises:
        Usage: a path is not there, or a folder holds no program.
    """
    for path in options.paths:
        if not os.path.exists(path):
            raise Usage(f"there is no file or folder {path!r}")
        if os.path.isdir(path) and next(programs_under(path), None) is None:
            raise Usage(f"the folder {path!r} holds no program (.py, .ipynb)")
    reports = check(options.paths, options.legacy)
    if options.json:
        print(json.dumps(as_json(reports), indent=2))
    else:
        show = "all" if options.all else "problems" if options.problems else ""
        print("\n".join(lines(reports, show)))
    if not any(report.found or report.problems for report in reports):
        note("nothing in it names TensorFlow")
    return OK if is_fine(reports) else FAILED
