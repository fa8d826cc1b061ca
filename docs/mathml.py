"""Formulas as MathML, which browsers draw by themselves: the book needs no network for them.

Sphinx' own way is a script that each page fetches; without a network readers see raw TeX.
latex2mathml passes on what it does not know as text, so a backslash in its result is a warning
here, and a warning fails `make book`.
"""

import re
from html import escape
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

MATHML = "http://www.w3.org/1998/Math/MathML"
ROWS = {f"{{{MATHML}}}{tag}" for tag in ("math", "mrow", "mtd", "mstyle")}
SPACED = {f"{{{MATHML}}}mo", f"{{{MATHML}}}mspace"}  # have spaces of their own, or are some
ElementTree.register_namespace("", MATHML)
LOG = logging.getLogger(__name__)


def formula(node: nodes.Element, display: str) -> str:
    """One formula, `inline` or as a `block`."""
    source = node.astext().strip()
    try:
        markup = spaced(convert(source, display=display))
        problem = "an unknown command" if "\\" in markup else ""
    except Exception as error:  # the converter's errors have no class in common
        markup, problem = f"<code>{escape(source)}</code>", repr(error)
    if problem:
        LOG.warning("cannot turn this formula into MathML (%s): %s", problem, source, location=node)
    return markup


def spaced(markup: str) -> str:
    """Thin spaces around names of functions, which TeX has and the converter leaves out: log p."""
    root = ElementTree.fromstring(markup)
    for row in root.iter():
        if row.tag not in ROWS:  # elsewhere the number of children has a meaning
            continue
        children = list(row)
        for before, after in reversed(list(pairwise(children))):
            is_beside = is_function(before) or is_function(after)
            if is_beside and SPACED.isdisjoint((before.tag, after.tag)):
                space = ElementTree.Element(f"{{{MATHML}}}mspace", {"width": "0.167em"})
                row.insert(children.index(after), space)
    return ElementTree.tostring(root, encoding="unicode")


def is_function(element: ElementTree.Element) -> bool:
    """Whether it is a name of several letters, as sin, also one with an index or a power."""
    if element.tag in (f"{{{MATHML}}}msub", f"{{{MATHML}}}msup", f"{{{MATHML}}}msubsup"):
        return is_function(element[0])
    return element.tag == f"{{{MATHML}}}mi" and bool(re.fullmatch("[a-z]{2,}", element.text or ""))


def visit_inline(self: Any, node: nodes.math) -> None:
    self.body.append(formula(node, "inline"))
    raise nodes.SkipNode


def visit_block(self: Any, node: nodes.math_block) -> None:
    # A wide formula scrolls to the right; themes would give high ones a bar of their own too.
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight",
                                   style="overflow-y: hidden; padding: 0.4em 0"))
    self.body.append(formula(node, "block") + "</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
