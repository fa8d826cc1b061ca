"""Curves as one HTML file that needs nothing else: values under the pointer, smoothing, zoom.

The numbers stand in the page as JSON, and its own script draws them. Names that come from files
only ever become text: in the JSON no character can end its element, and the script sets
`textContent`.
"""

from __future__ import annotations

import html
import json
import math
from importlib import resources
from typing import Any

import numpy as np

from flowgraph.core.printable import printable
from flowgraph.plots.sheet import COLOURS, Line, Sheet

_MOST_POINTS = 20_000  # of a line: more make the page slow, and nobody sees them
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<noscript>This page draws its curves with JavaScript, which is turned off.</noscript>
<script type="application/json" id="curves">{data}</script>
<script>
{script}</script>
</body>
</html>
"""


def page(sheet: Sheet) -> str:
    """The page of a sheet.

    Args:
        sheet: what to draw.
    """
    assets = resources.files("flowgraph.plots") / "assets"
    data = json.dumps(_payload(sheet), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return _PAGE.format(
        title=html.escape(printable(sheet.title or "Curves")),
        css=(assets / "curves.css").read_text(encoding="utf-8"),
        script=(assets / "curves.js").read_text(encoding="utf-8"),
        data=data.translate(_ESCAPES))


def _payload(sheet: Sheet) -> dict[str, Any]:
    names = sheet.names
    return {
        "title": printable(sheet.title), "xlabel": printable(sheet.xlabel), "x": sheet.x,
        "smoothing": sheet.smoothing, "log": sheet.log, "colours": COLOURS,
        "names": [printable(name) for name in names],
        "panels": [{"title": printable(panel.title),
                    "lines": [_line(line, names.index(line.name)) for line in panel.lines]}
                   for panel in sheet.panels],
    }


def _line(line: Line, name: int) -> dict[str, Any]:
    every = max(math.ceil(len(line.steps) / _MOST_POINTS), 1)
    kept = np.unique(np.append(np.arange(0, len(line.steps), every), len(line.steps) - 1)
                     ) if every > 1 else slice(None)
    told: dict[str, Any] = {"name": name, "x": [_number(x) for x in line.steps[kept].tolist()],
                            "y": [_number(y) for y in line.values[kept].tolist()]}
    if line.times is not None:
        told["t"] = [round(time, 3) for time in line.times[kept].tolist()]
    return told


def _number(value: float) -> Any:
    """A number as JSON has it: whole ones without a point, others with 7 digits."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value == int(value) and abs(value) < 1e15 else float(f"{value:.7g}")
