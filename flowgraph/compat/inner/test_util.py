"""`tensorflow.python.framework.test_util`: what of it is not public."""

from __future__ import annotations

from typing import Any

from flowgraph.testing.base import TestCase

TensorFlowTestCase = TestCase


def _leaves_it(*args: Any, **kwargs: Any) -> Any:
    """Gives back what it decorates: there is but one mode, that of graphs."""
    if len(args) == 1 and callable(args[0]) and not kwargs:
        return args[0]
    return lambda function: function


run_in_graph_and_eager_modes = run_all_in_graph_and_eager_modes = _leaves_it
run_deprecated_v1 = run_v1_only = run_all_in_deprecated_graph_mode_only = _leaves_it
enable_control_flow_v2 = disable_control_flow_v2 = assert_no_new_tensors = _leaves_it


def IsMklEnabled() -> bool:
    """False: there is no MKL-DNN here."""
    return False
