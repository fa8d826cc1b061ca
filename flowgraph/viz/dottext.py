"""Small pieces of DOT text: attribute lists and labels, all escaping done here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowgraph.viz import labels


class Html(str):
    """Text that is an HTML-like label already, and so stands in DOT without quotes."""

    __slots__ = ()


Line = tuple[str, bool, int, str]  # text, bold, size in points, colour


def html_label(lines: Iterable[Line]) -> Html:
    """A label of several lines.

    Example:
        >>> html_label([("a < b", True, 12, "#000000")])
        '<<FONT POINT-SIZE="12" COLOR="#000000"><B>a &lt; b</B></FONT>>'
    """
    parts = []
    for text, bold, size, colour in lines:
        inner = labels.html(text) or " "
        inner = f"<B>{inner}</B>" if bold else inner
        parts.append(f'<FONT POINT-SIZE="{size}" COLOR="{colour}">{inner}</FONT>')
    return Html(f"<{'<BR/>'.join(parts)}>")


def attributes(marks: Mapping[str, str]) -> str:
    """An attribute list with a space before it; nothing when there are none.

    Example:
        >>> print(attributes({"label": 'say "hi"', "style": "dotted"}))
         [label="say \\"hi\\"" style="dotted"]
    """
    if not marks:
        return ""
    written = (f"{key}={text if isinstance(text, Html) else labels.quote(text)}"
               for key, text in marks.items())
    return f" [{' '.join(written)}]"
