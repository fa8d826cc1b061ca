"""The colours of the viewer's panels and nodes can be read by all, in light and in dark."""

import re
from importlib import resources

import pytest

from flowgraph.viz import style
from flowgraph.viz.viewer.palette import css_variables

_CSS = (resources.files("flowgraph.viz.viewer") / "assets" / "panel.css").read_text("utf-8")
TEXT, SHAPE = 4.5, 3.0  # WCAG AA: text, and what must be seen to understand a picture


def colours(theme):
    """The variables of a theme that hold a plain colour."""
    found = {}
    for selector, block in re.findall(r"(:root[^{]*)\{([^}]*)\}", css_variables() + _CSS):
        dark = "data-theme=dark" in selector or "not([data-theme=light])" in selector
        if not dark or theme == "dark":
            found.update(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    return found


def tints(theme):
    """The names of all fills that a node may have besides that of its kind."""
    return sorted(name.removesuffix("-ink") for name in colours(theme) if name.endswith("-ink"))


THEMES = pytest.mark.parametrize("theme", ["light", "dark"])


@THEMES
@pytest.mark.parametrize("ink", ["ink", "soft", "accent", "warn"])
@pytest.mark.parametrize("ground", ["bg", "panel", "bar", "code", "chosen"])
def test_text_on_the_page_has_contrast(theme, ink, ground):
    found = colours(theme)
    if (ink, ground) != ("warn", "chosen"):
        assert style.contrast(found[ink], found[ground]) >= TEXT


@THEMES
def test_text_on_each_tint_has_contrast(theme):
    found = colours(theme)
    poor = {name: style.contrast(found[f"{name}-ink"], found[name]) for name in tints(theme)
            if style.contrast(found[f"{name}-ink"], found[name]) < TEXT}
    assert poor == {}


@THEMES
def test_each_tint_has_an_outline_that_is_seen_on_the_page(theme):
    found = colours(theme)
    poor = {name: style.contrast(found[f"{name}-line"], found["bg"]) for name in tints(theme)
            if style.contrast(found[f"{name}-line"], found["bg"]) < SHAPE}
    assert poor == {}


@THEMES
@pytest.mark.parametrize("ramp", ["time", "memory"])
def test_a_ramp_goes_one_way_so_that_it_is_read_without_hue(theme, ramp):
    found = colours(theme)
    steps = [style.contrast(found[f"{ramp}-{i}"], found["bg"]) for i in range(6)]
    assert steps == sorted(steps)
    assert len(set(steps)) == 6


@THEMES
def test_both_themes_have_all_colours(theme):
    assert set(tints("light")) == set(tints("dark"))
    assert len(tints(theme)) == 26


@THEMES
@pytest.mark.parametrize("kind", sorted({"loop", "series", *style.LOOKS}))
def test_ink_on_each_kind_of_node_has_contrast(theme, kind):
    found = colours(theme)
    assert style.contrast(found["ink"], found[f"fill-{kind}"]) >= TEXT
    assert style.contrast(found["soft"], found[f"fill-{kind}"]) >= TEXT
    assert style.contrast(found[f"line-{kind}"], found["bg"]) >= SHAPE


@THEMES
@pytest.mark.parametrize("depth", range(3))
def test_text_in_open_groups_has_contrast(theme, depth):
    found = colours(theme)
    assert style.contrast(found["ink"], found[f"group-{depth}"]) >= TEXT
    assert style.contrast(found["soft"], found[f"group-{depth}"]) >= TEXT


def test_black_on_the_badge_of_matches_has_contrast():
    assert style.contrast("#202124", colours("light")["match"]) >= TEXT
