"""For tests of ops, ours and yours: case tables and a gradient checker."""

from flowgraph.testing.cases import BadCase, Case
from flowgraph.testing.gradients import check_gradients

__all__ = ["BadCase", "Case", "check_gradients"]
