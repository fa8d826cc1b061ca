"""`import flowgraph.compat.v1 as tf` gives flowgraph itself."""

import sys

import flowgraph

sys.modules[__name__] = flowgraph
