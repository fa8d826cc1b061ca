"""`tf.logging`: the logger "tensorflow" of Python's logging, with functions of its own.

The lines look like "INFO:tensorflow:message" and go to stderr; below WARN nothing is written until
`set_verbosity` says so.
"""

from __future__ import annotations

import logging as _logging
import sys
from typing import Any

from flowgraph.core.logger import logger

DEBUG, INFO, WARN = _logging.DEBUG, _logging.INFO, _logging.WARNING
ERROR, FATAL = _logging.ERROR, _logging.CRITICAL

_calls: dict[tuple[str, int], int] = {}  # how often a line of the user's was there


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs a message.

    Args:
        level: how important it is: DEBUG, INFO, WARN, ERROR or FATAL.
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.log(fg.logging.DEBUG, "loss %g", 0.5)
    """
    logger().log(level, msg, *args, stacklevel=2, **kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what helps to find mistakes.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.debug("loss %g", 0.5)
    """
    logger().debug(msg, *args, stacklevel=2, **kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what is good to know.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.info("loss %g", 0.5)
    """
    logger().info(msg, *args, stacklevel=2, **kwargs)


def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what may be wrong.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.warn("loss %g", 0.5)
    """
    logger().warning(msg, *args, stacklevel=2, **kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what may be wrong.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.warning("loss %g", 0.5)
    """
    logger().warning(msg, *args, stacklevel=2, **kwargs)


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what went wrong.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.error("loss %g", 0.5)
    """
    logger().error(msg, *args, stacklevel=2, **kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs what went so wrong that the program should end; the program goes on.

    Args:
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.fatal("loss %g", 0.5)
    """
    logger().critical(msg, *args, stacklevel=2, **kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Logs a message; the same as `log`.

    Args:
        level: how important it is.
        msg: the message; %s and so on stand for args.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.vlog(fg.logging.DEBUG, "loss %g", 0.5)
    """
    logger().log(level, msg, *args, stacklevel=2, **kwargs)


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Logs a message if a condition holds.

    Args:
        level: how important it is.
        msg: the message; %s and so on stand for args.
        condition: the condition.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.log_if(fg.logging.WARN, "loss %g", 0.5 > 1, 0.5)
    """
    if condition:
        logger().log(level, msg, *args, stacklevel=2)


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs a message every n-th time that the program comes to this line, first the first time.

    Args:
        level: how important it is.
        msg: the message; %s and so on stand for args.
        n: how often.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> for step in range(100):
        ...     fg.logging.log_every_n(fg.logging.INFO, "step %d", 10, step)
    """
    if _count() % n == 0:
        logger().log(level, msg, *args, stacklevel=2)


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Logs a message the first n times that the program comes to this line.

    Args:
        level: how important it is.
        msg: the message; %s and so on stand for args.
        n: how often.
        *args: values.

    Example:
        >>> import flowgraph as fg
        >>> for step in range(100):
        ...     fg.logging.log_first_n(fg.logging.INFO, "step %d", 3, step)
    """
    if _count() < n:
        logger().log(level, msg, *args, stacklevel=2)


def _count() -> int:
    """How often the line that called the caller was there before."""
    frame = sys._getframe(2)
    key = (frame.f_code.co_filename, frame.f_lineno)
    _calls[key] = _calls.get(key, -1) + 1
    return _calls[key]


def TaskLevelStatusMessage(msg: Any) -> None:
    """Logs what went wrong, as `error`.

    Args:
        msg: the message.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.TaskLevelStatusMessage("no data")
    """
    logger().error(msg, stacklevel=2)


def flush() -> None:
    """Writes what is not written yet.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.flush()
    """
    for handler in logger().handlers:
        handler.flush()


def get_verbosity() -> int:
    """How important a message must be to be written.

    Returns:
        A level: DEBUG, INFO, WARN, ERROR or FATAL.

    Example:
        >>> import flowgraph as fg
        >>> fg.logging.get_verbosity() == fg.logging.WARN
        True
    """
    return logger().getEffectiveLevel()


def set_verbosity(v: int | str) -> None:
    """Says how important a message must be to be written.

    Args:
        v: a level: DEBUG, INFO, WARN, ERROR or FATAL, or its name.

    Example:
        >>> import flowgraph as fg
        >>> before = fg.logging.get_verbosity()
        >>> fg.logging.set_verbosity(fg.logging.ERROR)
        >>> fg.logging.set_verbosity(before)
    """
    logger().setLevel(v)
