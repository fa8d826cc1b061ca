"""The colours of `style` as CSS variables, for a light and for a dark page.

    --fill-variable: #fde8c8; --line-variable: #b35900;

A dark page shows the same hues: the fill becomes a dark shade of the line's hue, the line a light
one, so that a kind is known by its colour on both.
"""

from __future__ import annotations

import colorsys

from flowgraph.viz import style

_PAGE = {
    "light": {"bg": "#ffffff", "panel": "#f8f9fa", "ink": style.INK, "soft": style.SOFT_INK,
              "line": style.LINE, "hair": "#dadce0", "accent": "#00578a", "focus": "#0b57d0",
              "ref": style.REF_LINE, "group-line": style.GROUP_LINE,
              "shadow": "rgba(32, 33, 36, 0.25)", "back": "#96467a"},
    "dark": {"bg": "#17191c", "panel": "#202328", "ink": "#e8eaed", "soft": "#bdc1c6",
             "line": "#9aa0a6", "hair": "#3c4043", "accent": "#8ab4f8", "focus": "#a8c7fa",
             "ref": "#f0a050", "group-line": "#80868b",
             "shadow": "rgba(0, 0, 0, 0.6)", "back": "#e3a0cb"},
}
_DARK_GROUPS = ("#1f2226", "#272b30", "#30353b")


def css_variables() -> str:
    """The style sheet's head: variables for both themes, chosen by the system or by data-theme.

    Returns:
        CSS.

    Example:
        >>> "--fill-variable: #fde8c8;" in css_variables()
        True
    """
    light, dark = _variables("light"), _variables("dark")
    return (f":root {{ color-scheme: light; {light} }}\n"
            f"@media (prefers-color-scheme: dark) {{\n"
            f"  :root:not([data-theme=light]) {{ color-scheme: dark; {dark} }}\n}}\n"
            f":root[data-theme=dark] {{ color-scheme: dark; {dark} }}\n")


def _variables(theme: str) -> str:
    values = dict(_PAGE[theme])
    for i, light in enumerate(style.GROUP_FILLS):
        values[f"group-{i}"] = light if theme == "light" else _DARK_GROUPS[i]
    for kind, look in style.LOOKS.items():
        fill, line = (look.fill, look.line) if theme == "light" else (
            _shade(look.fill, look.line), _light(look.line))
        values[f"fill-{kind}"], values[f"line-{kind}"] = fill, line
    return " ".join(f"--{name}: {value};" for name, value in values.items())


def _shade(fill: str, line: str) -> str:
    """A dark fill of the hue of `line`; grey for a fill that is grey."""
    hue, _, saturation = _hls(line)
    _, _, colour = _hls(fill)
    return _hex(hue, 0.22 if colour else 0.2, min(saturation, 0.45) if colour else 0.04)


def _light(line: str) -> str:
    hue, _, saturation = _hls(line)
    return _hex(hue, 0.68, min(saturation, 0.75))


def _hls(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)


def _hex(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
