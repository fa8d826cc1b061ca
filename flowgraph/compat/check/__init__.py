"""`flowgraph check`: which names of TensorFlow a program uses, and which of them flowgraph offers.

    files      which files there are, and their syntax trees
    values     what expressions may be: chains of names, and the uses of them
    reading    statements: imports, assignments, branches, functions
    resolve    what a chain leads to in flowgraph
    verdicts   what is said of each use
    report     all of it, for people and for programs

Programs are read, never run or imported.
"""

from flowgraph.compat.check.checking import check

__all__ = ["check"]
