"""What a picture of curves shows, before it is known whether it becomes a picture or a page.

    Sheet
      panels   one per tag, each with lines: one per run
      names    of the lines, in the order of their colours, which are the same in all panels
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowgraph.core.frames import located

# Okabe and Ito's colours, the darker ones: all can be told apart by colour-blind people, and have
# 3:1 contrast on white but the last two, which come last.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a8538a", "#56452c", "#5b5fc7", "#cc7a00", "#2b94d6")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_PANELS = 60
MOST_POINTS = 4000  # of a line in a picture: more than it has pixels


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a panel: what it is called, and float64 arrays of one length.

    Attributes:
        name: the run.
        steps: x.
        values: y.
        times: when, in seconds since 1970; None where that is not known.
    """

    name: str
    steps: np.ndarray
    values: np.ndarray
    times: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over one pair of axes."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All panels of a picture, and how they are drawn.

    Attributes:
        panels: the panels.
        title: above all of them.
        xlabel: what steps are.
        x: "step", "time" or "relative".
        smoothing: weight of the moving average; 0 for none.
        log: whether y is logarithmic.
    """

    panels: tuple[Panel, ...]
    title: str = ""
    xlabel: str = "step"
    x: str = "step"
    smoothing: float = 0.0
    log: bool = False

    @property
    def names(self) -> list[str]:
        """The names of all lines, each once."""
        return list(dict.fromkeys(line.name for panel in self.panels for line in panel.lines))


def checked(sheet: Sheet) -> Sheet:
    """The sheet, if its options can be drawn.

    Raises:
        ValueError: one cannot.
    """
    if not 0 <= sheet.smoothing < 1:
        raise ValueError(located(f"smoothing must be in [0, 1), got {sheet.smoothing:g}",
                                 "0 draws the values as they are, 0.6 is what TensorBoard does."))
    if sheet.x not in ("step", "time", "relative"):
        raise ValueError(located(f"x must be 'step', 'time' or 'relative', not {sheet.x!r}"))
    if sheet.x != "step" and any(line.times is None for line in _lines(sheet)):
        raise ValueError(located(f"x={sheet.x!r} needs to know when each value was written",
                                 "Event files tell: see plot_runs."))
    if not sheet.panels:
        raise ValueError(located("there are no curves to draw"))
    for panel in sheet.panels:
        if not panel.lines:
            raise ValueError(located(f"there is no curve in the panel {panel.title!r}"))
    if len(sheet.panels) > MOST_PANELS:
        raise ValueError(located(
            f"{len(sheet.panels)} panels are more than can be read; {MOST_PANELS} are the most",
            "Choose some by the regular expression `tags`."))
    return sheet


def _lines(sheet: Sheet) -> Iterator[Line]:
    return (line for panel in sheet.panels for line in panel.lines)


def line(name: str, given: Any, where: str) -> Line:
    """A Line from values, from a pair (steps, values), or from a Curve.

    Args:
        name: of the line.
        given: what the caller gave.
        where: the panel, for messages.
    """
    times = getattr(given, "times", None)
    if hasattr(given, "steps") and hasattr(given, "values"):
        steps, values = given.steps, given.values
    elif isinstance(given, tuple) and len(given) == 2 and all(np.ndim(part) == 1 for part in given):
        steps, values = given
    else:
        steps, values = None, given
    try:
        y = np.asarray(values, np.float64)
        x = np.arange(1, len(y) + 1, dtype=np.float64) if steps is None else np.asarray(
            steps, np.float64)
    except (TypeError, ValueError):
        raise ValueError(located(f"the values of {name or where!r} must be numbers, not "
                                 f"{given!r:.60}")) from None
    if y.ndim != 1 or x.shape != y.shape:
        raise ValueError(located(
            f"the values of {name or where!r} must be of shape (n,), and their steps too, got "
            f"{y.shape} and {x.shape}", "Give a list of numbers, or a tuple (steps, values)."))
    return Line(name, x, y, None if times is None else np.asarray(times, np.float64))


def thinned(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """A line that looks the same with fewer points: of each stretch its ends, least and greatest.

    Example:
        >>> import numpy as np
        >>> x, y = thinned(np.arange(1000.0), np.sin(np.arange(1000.0)), 100)
        >>> len(x) <= 100, float(y.max()) == float(np.sin(np.arange(1000.0)).max())
        (True, True)
    """
    if len(x) <= most:
        return x, y
    size = math.ceil(len(x) / (most // 4))
    keep: set[int] = set()
    for start in range(0, len(x), size):
        part = y[start:start + size]
        keep |= {start, start + len(part) - 1}
        finite = np.flatnonzero(np.isfinite(part))
        if len(finite):
            keep |= {start + int(finite[part[finite].argmin()]),
                     start + int(finite[part[finite].argmax()])}
    kept = np.array(sorted(keep))
    return x[kept], y[kept]
