"""For tests of ops, ours and yours: case tables and a gradient checker."""

from flowgraph.testing.cases import BadCase, Case

__all__ = ["BadCase", "Case"]
