"""Chinese pages: a line that ends in the source is no space between two Chinese characters.

Markdown turns it into one, as English wants it. Here it goes where Chinese stands on both sides, or
Chinese punctuation on one, and stays between Chinese and Latin letters.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

CHINESE = re.compile(r"[“”‘’\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PUNCTUATION = re.compile(r"[\u3000-\u303f\uff00-\uffef]")


def is_space(before: str, after: str) -> bool:
    """Whether a line's end between these two texts is to be read as a space."""
    left, right = before[-1:], after[:1]
    if PUNCTUATION.match(left) or PUNCTUATION.match(right):
        return False
    return not (CHINESE.match(left) and CHINESE.match(right))


class JoinLines(SphinxTransform):
    """Takes out the line ends that are no spaces."""

    default_priority = 200

    def apply(self, **_: Any) -> None:
        if not self.env.docname.startswith("zh/"):
            return
        for text in list(self.document.findall(nodes.Text)):
            if text != "\n" or isinstance(text.parent, nodes.FixedTextElement):
                continue
            line = text.parent
            place = next(i for i, node in enumerate(line.children) if node is text)
            before, after = ("".join(node.astext() for node in part)
                             for part in (line.children[:place], line.children[place + 1:]))
            if not is_space(before, after):
                del line[place]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(JoinLines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
