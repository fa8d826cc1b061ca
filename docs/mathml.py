"""Formulas as MathML, which browsers draw by themselves: the book needs no network for them.

Sphinx' own way is a script that each page fetches; without a network readers see raw TeX.
latex2mathml passes on what it does not know as text, so a backslash in its result is a warning
here, and a warning fails `make book`.
"""

from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

LOG = logging.getLogger(__name__)


def formula(node: nodes.Element, display: str) -> str:
    """One formula, `inline` or as a `block`."""
    source = node.astext().strip()
    try:
        markup = convert(source, display=display)
        problem = "an unknown command" if "\\" in markup else ""
    except Exception as error:  # the converter's errors have no class in common
        markup, problem = f"<code>{escape(source)}</code>", repr(error)
    if problem:
        LOG.warning("cannot turn this formula into MathML (%s): %s", problem, source, location=node)
    return markup


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
