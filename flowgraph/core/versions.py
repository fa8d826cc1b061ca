"""Which TensorFlow this is like, and the switches by which programs choose a behaviour.

flowgraph behaves as TensorFlow 1.15 does. A switch that asks for that does nothing; one that asks
for something else says that it is not offered.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import Any

from flowgraph.core.logger import logger

VERSION = "1.15.5"
GIT_VERSION = "v1.15.5"
GRAPH_DEF_VERSION = 134
GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0


def disable_eager_execution() -> None:
    """Does nothing: there is no eager execution.

    Example:
        >>> import flowgraph as fg
        >>> fg.disable_eager_execution()
    """


def disable_v2_behavior() -> None:
    """Does nothing: the behaviour is TensorFlow 1's.

    Example:
        >>> import flowgraph as fg
        >>> fg.disable_v2_behavior()
    """


def executing_eagerly() -> bool:
    """False: ops are built into a graph, which a Session runs.

    Example:
        >>> import flowgraph as fg
        >>> fg.executing_eagerly()
        False
    """
    return False


def enable_resource_variables() -> None:
    """Does nothing: there is one kind of variable.

    Example:
        >>> import flowgraph as fg
        >>> fg.enable_resource_variables()
    """


def resource_variables_enabled() -> bool:
    """False, as in TensorFlow 1: variables are reference variables.

    Example:
        >>> import flowgraph as fg
        >>> fg.resource_variables_enabled()
        False
    """
    return False


def enable_control_flow_v2() -> None:
    """Does nothing: branches and loops are functional always, as that switch makes them.

    Example:
        >>> import flowgraph as fg
        >>> fg.enable_control_flow_v2()
    """


def control_flow_v2_enabled() -> bool:
    """False, as in TensorFlow 1: programs see its names.

    Example:
        >>> import flowgraph as fg
        >>> fg.control_flow_v2_enabled()
        False
    """
    return False


def get_logger() -> logging.Logger:
    """The logger of TensorFlow's name, to which warnings of deprecation go.

    Example:
        >>> import flowgraph as fg
        >>> fg.get_logger().name
        'tensorflow'
    """
    return logger()


def forward_compatible(year: int, month: int, day: int) -> bool:
    """False: nothing is made for readers of a later version.

    Args:
        year, month, day: the date asked about.

    Example:
        >>> import flowgraph as fg
        >>> fg.compat.forward_compatible(2019, 1, 1)
        False
    """
    return False


@contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Any:
    """A context in which nothing changes; see `forward_compatible`.

    Args:
        year, month, day: the date.

    Example:
        >>> import flowgraph as fg
        >>> with fg.compat.forward_compatibility_horizon(2019, 1, 1):
        ...     x = fg.constant(1.0)
    """
    yield
