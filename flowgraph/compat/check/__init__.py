"""`flowgraph check`: which names of TensorFlow a program uses, and which of them flowgraph offers.

    files      which files there are, and their syntax trees
    reading    the uses in a tree: chains of names, followed through imports and assignments
    resolve    what a chain leads to in flowgraph
    verdicts   what is said of each use
    report     all of it, for people and for programs

Programs are read, never run or imported.
"""

from flowgraph.compat.check.checking import check

__all__ = ["check"]
