"""How pictures look: TensorBoard's visual language, readable on white, in print, and colour-blind.

Colours come from the Okabe-Ito set, as pale fills under dark lines: every kind also has a shape of
its own, so that nothing is said by colour alone. Text has at least 7:1 contrast against its fill,
lines at least 3:1 (WCAG AA).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FONT = "Helvetica,Arial,sans-serif"
INK = "#202124"  # titles
SOFT_INK = "#404448"  # names and details under them
LINE = "#5f6368"  # edges
REF_LINE = "#b35900"  # edges that hand over a variable itself
NEXT_LINE = "#96467a"  # edges to the next round or repetition
FETCHED_WIDTH = "2.5"  # outline of what was asked for
GROUP_LINE = "#80868b"
GROUP_FILLS = ("#f6f7f8", "#ebedf0", "#e1e4e8")  # by depth: an inner group is darker


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind of node is drawn.

    Attributes:
        shape: Graphviz shape.
        fill: colour inside.
        line: colour of the outline.
        says: what the legend says about it.
        style: Graphviz style.
        more: further Graphviz attributes.
    """

    shape: str
    fill: str
    line: str
    says: str
    style: str = "filled"
    more: tuple[tuple[str, str], ...] = ()


LOOKS = {
    "placeholder": Look("polygon", "#d6e9f8", "#00578a", "placeholder: fed in each run",
                        more=(("sides", "4"), ("skew", "0.3"), ("margin", "0.02,0"))),
    "variable": Look("cylinder", "#fde8c8", "#b35900", "variable: kept between runs"),
    "constant": Look("box", "#ffffff", "#80868b", "constant", "filled,rounded,dashed"),
    "op": Look("ellipse", "#ffffff", "#5f6368", "operation"),
    "loop_variable": Look("box", "#fbf6c8", "#766b00", "loop variable: changes each round",
                          "filled,rounded"),
    "condition": Look("hexagon", "#fbf6c8", "#766b00", "condition: decides what runs"),
    "choice": Look("hexagon", "#fbf6c8", "#766b00", "condition: decides what runs"),
    "summary": Look("note", "#d7f0e6", "#00664b", "summary: logged"),
    "gradient": Look("ellipse", "#f6e4ef", "#96467a", "operation of a gradient"),
    "update": Look("ellipse", "#fbe0d3", "#a33c00", "operation of an optimizer"),
    "scope": Look("folder", "#e1e4e8", "#5f6368", "closed scope"),
    "series": Look("box3d", "#e1e4e8", "#5f6368", "the same many times, closed"),
    "loop": Look("box", "#fbf6c8", "#766b00", "while loop, closed", more=(("peripheries", "2"),)),
    "branches": Look("box", "#fbf6c8", "#766b00", "cond, closed", more=(("peripheries", "2"),)),
    "gradients": Look("box", "#f6e4ef", "#96467a", "gradients, closed", "filled,rounded"),
    "optimizer": Look("box", "#fbe0d3", "#a33c00", "optimizer, closed", "filled,rounded"),
    "save": Look("box", "#eeeeee", "#5f6368", "upkeep, closed", "filled,rounded"),
    "init": Look("box", "#eeeeee", "#5f6368", "upkeep, closed", "filled,rounded"),
}

GROUP_LOOKS = {"loop": ("#fdfbe6", "#766b00", "1.5"), "branches": ("#fdfbe6", "#766b00", "1.5"),
               "branch": ("#ffffff", "#766b00", "1"), "series": ("#eaf3fb", "#00578a", "1.5")}
MUTED_INK = "#6b7075"  # what is not needed: text, and lines
MUTED_LINE = "#8a9096"
RAMP = ("#fdf1e8", "#fbdcc4", "#f8c39b", "#f4ae79", "#f1a066")  # little to much; dark text on all
DEVICES = ("#d6e9f8", "#fde8c8", "#d7f0e6", "#f6e4ef", "#fbf6c8", "#fbe0d3")
SEVERAL_DEVICES = "#e1e4e8"

FETCHED = Look("ellipse", "#ffffff", "#5f6368", "asked for", more=(("penwidth", FETCHED_WIDTH),))


def edge_width(size: int | None) -> float:
    """Width of an edge for a tensor of `size` elements, on a logarithmic scale.

    Example:
        >>> edge_width(1), edge_width(1000), edge_width(10**9)
        (1.0, 2.2, 4.0)
    """
    return round(min(4.0, 1.0 + 0.4 * math.log10(max(1, size or 1))), 2)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG, from 1 to 21.

    Example:
        >>> round(contrast("#000000", "#ffffff"))
        21
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
