"""Curves as a matplotlib Figure: panels in a grid, one legend for all."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

import numpy as np

from flowgraph.core.printable import printable
from flowgraph.core.text import counted
from flowgraph.plots.sheet import COLOURS, MARKERS, Line, Panel, Sheet, thinned
from flowgraph.plots.smoothing import smooth

_WIDTH, _HEIGHT = 4.8, 3.3  # inches of a panel
_UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("days", 86400.0))
_SOFT = "#5f6368"
_MARKS = 8  # markers along a line of many points
_ALL_MARKED = 30  # a line of so few points has a marker at each


def figure(matplotlib: Any, sheet: Sheet) -> Any:
    """The Figure of a sheet.

    Args:
        matplotlib: the module, under the settings of `output`.
        sheet: what to draw.
    """
    count = len(sheet.panels)
    columns = count if count < 4 else 2 if count == 4 else 3
    rows = math.ceil(count / columns)
    made = matplotlib.figure.Figure(figsize=(max(_WIDTH * columns, 6.4), _HEIGHT * rows + 0.5),
                                    layout="constrained")
    names = sheet.names
    unit = _unit(sheet)
    handles: dict[str, Any] = {}
    for number, panel in enumerate(sheet.panels):
        axis = made.add_subplot(rows, columns, number + 1)
        for line in panel.lines:
            handle = _draw_line(axis, line, names.index(line.name), sheet, unit[1])
            handles.setdefault(line.name, handle)
        _dress(axis, panel, sheet, unit[0], matplotlib)
    shown = [name for name in names if name]
    if shown:
        made.legend([handles[name] for name in shown], [label(name) for name in shown],
                    loc="outside lower center", ncols=min(len(shown), 2 * columns), frameon=False)
    if sheet.title:
        made.suptitle(label(sheet.title, 100), fontsize=13)
    return made


def _draw_line(axis: Any, line: Line, index: int, sheet: Sheet, unit: float) -> Any:
    """Draws one line; gives what the legend shows of it."""
    colour = COLOURS[index % len(COLOURS)]
    style = ("-", "--", ":", "-.")[index // len(COLOURS) % 4]
    x = _x(line, sheet, unit)
    if sheet.smoothing:
        axis.plot(*thinned(x, _shown(line.values, sheet)), color=colour, alpha=0.28, lw=0.9,
                  zorder=2)
    y = _shown(smooth(line.values, sheet.smoothing), sheet)
    few = len(x) <= _ALL_MARKED
    thin_x, thin_y = thinned(x, y)
    marked = np.flatnonzero(np.isfinite(thin_y))
    if not few:
        ends = np.linspace(0, len(marked) - 1, _MARKS + 1) + index * 0.13 * len(marked) / _MARKS
        marked = marked[np.unique(np.clip(ends, 0, len(marked) - 1).astype(int))] if len(
            marked) else marked
    handle, = axis.plot(thin_x, thin_y, color=colour, ls=style, lw=1.7, ms=4.5 if few else 5,
                        marker=MARKERS[index % len(MARKERS)], markevery=marked.tolist(), zorder=3)
    broken = ~np.isfinite(line.values)
    if broken.any():
        places = np.flatnonzero(broken)
        places = places[np.unique(np.linspace(0, len(places) - 1, _MARKS + 1).astype(int))]
        axis.plot(x[places], np.full(len(places), 0.03), ls="", marker="x", ms=5, mew=1.4,
                  color=colour, transform=axis.get_xaxis_transform(), zorder=4)
    return handle


def _shown(values: np.ndarray, sheet: Sheet) -> np.ndarray:
    """Values with NaN where they have no place on the axis."""
    hidden = ~np.isfinite(values)
    if sheet.log:
        hidden |= np.nan_to_num(values, nan=1.0) <= 0
    return np.where(hidden, np.nan, values)


def _x(line: Line, sheet: Sheet, unit: float) -> np.ndarray:
    if sheet.x == "step" or line.times is None:
        return line.steps
    if sheet.x == "relative":
        return (line.times - line.times[:1]) / unit
    return np.array([datetime.datetime.fromtimestamp(time, datetime.UTC) for time in line.times])


def _unit(sheet: Sheet) -> tuple[str, float]:
    """The unit of relative times: that in which the longest run has a number below 100 or so."""
    if sheet.x != "relative":
        return _UNITS[0]
    longest = max((float(np.ptp(line.times)) for panel in sheet.panels for line in panel.lines
                   if line.times is not None and len(line.times)), default=0.0)
    return next((unit for unit in _UNITS if longest < 120 * unit[1]), _UNITS[-1])


def _dress(axis: Any, panel: Panel, sheet: Sheet, unit: str, matplotlib: Any) -> None:
    """Title, labels, grid and notes of a panel."""
    axis.set_title(label(panel.title, 44), fontsize=11)
    axis.grid(color="#d5d8dc", lw=0.6)
    axis.set_axisbelow(True)
    if sheet.x == "step":
        axis.set_xlabel(sheet.xlabel)
        whole = all((line.steps % 1 == 0).all() for line in panel.lines)
        axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(
            nbins=7, steps=[1, 2, 5, 10], integer=whole))
        axis.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(_step_text))
    elif sheet.x == "relative":
        axis.set_xlabel(f"time since the run began, {unit}")
    else:
        import matplotlib.dates as dates  # late: only this axis needs it
        zone = datetime.datetime.now().astimezone().tzinfo
        locator = dates.AutoDateLocator(tz=zone, maxticks=7)
        axis.xaxis.set_major_locator(locator)
        axis.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))
    if sheet.log:
        axis.set_yscale("log")
        low, high = axis.get_ylim()
        digits = "123456789" if high < 3 * low else "1235" if high < 20 * low else "1"
        for formatter in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
            formatter(matplotlib.ticker.FuncFormatter(
                lambda value, _: f"{value:g}" if f"{value:e}"[0] in digits else ""))
    notes = _notes(panel, sheet)
    if notes:
        axis.text(0.99, 0.98, notes, transform=axis.transAxes, ha="right", va="top",
                  fontsize=8, color=_SOFT)


def _notes(panel: Panel, sheet: Sheet) -> str:
    """What a panel cannot show, in words."""
    notes = []
    broken = np.concatenate([line.steps[~np.isfinite(line.values)] for line in panel.lines])
    if len(broken):
        notes.append(f"× NaN or infinite: {counted(len(broken), 'value')}, "
                     f"from {sheet.xlabel} {broken.min():g}")
    if sheet.log:
        low = sum(int((line.values <= 0).sum()) for line in panel.lines)
        if low:
            notes.append(f"{counted(low, 'value')} not above 0 left out")
    return "\n".join(notes)


def _step_text(value: float, position: int | None = None) -> str:
    """A step for people: 12000 is `12k`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            scale = size / (10 if letter == "k" else 1)
            return f"{value / scale:.4g}{letter}"
    return f"{value:g}"


def label(text: str, width: int = 60) -> str:
    """A name for a picture: nothing hidden in it, broken where it is too long for a line.

    Args:
        text: the name.
        width: how many characters a line may have.
    """
    lines: list[str] = []
    for given in text.splitlines():
        lines.append("")
        for word in re.findall(r"[^/_\s-]*[/_\s-]?", printable(given)):
            for start in range(0, len(word), width):
                part = word[start:start + width]
                if lines[-1] and len(lines[-1]) + len(part) > width:
                    lines.append("")
                lines[-1] += part
    shown = [*lines[:2], "…"] if len(lines) > 3 else lines
    return "\n".join(shown).replace("$", r"\$")  # matplotlib takes $ for the edge of a formula
