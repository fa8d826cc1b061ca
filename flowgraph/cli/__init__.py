"""The command line: `flowgraph render train.py -o graph.svg`, or `python -m flowgraph render ...`.

A command takes a program, runs it until its graph is complete, and tells about the graph or the
runs. To read it, start with `main`, then `program` (running the user's program, and stopping it),
`watch` (which runs it makes), then one file per command.
"""

from __future__ import annotations


def main(argv: list[str] | None = None) -> int:
    """Runs a command line.

    Args:
        argv: the arguments after the program's name; default those of the process.

    Returns:
        The exit code: 0 if all went well, 1 if the user's program or file failed, 2 for wrong
        usage, 130 after Ctrl-C.
    """
    from flowgraph.cli.main import main as run
    return run(argv)


def script() -> None:
    """What the command `flowgraph` calls: `main`, and the end of the process."""
    from flowgraph.cli.main import leave
    from flowgraph.cli.main import main as run
    leave(run(None))
