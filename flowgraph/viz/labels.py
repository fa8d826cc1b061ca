"""Text in pictures: shapes, values and names, short and safe.

Three steps, always in this order. `printable` makes hidden characters visible (a name may hold line
ends, or marks that turn the reading direction and so fake another name), `shorten` cuts, and `html`
or `quote` escapes for the place in the DOT text where it stands.
"""

from __future__ import annotations

import hashlib
import html as _html
import re
from typing import Any

from flowgraph.core.printable import printable
from flowgraph.core.spec import Shape, Spec

_REPLACED = re.compile(r"\\(?=[NGETHL])")


def shorten(text: str, limit: int = 32) -> str:
    """`text`, its middle left out when it is longer than `limit`.

    Example:
        >>> shorten("a_very_long_name_of_an_operation", 16)
        'a_very_l…eration'
    """
    if len(text) <= limit:
        return text
    return f"{text[:limit // 2]}…{text[len(text) - (limit - limit // 2 - 1):]}"


def key(name: str, limit: int = 200) -> str:
    """`name` as an id: a very long one is cut, with a sum that keeps it apart from others.

    Graphviz does not read strings of more than 16 kB.

    Example:
        >>> key("layer/MatMul"), len(key("x" * 10_000))
        ('layer/MatMul', 113)
    """
    if len(name) <= limit:
        return name
    return f"{name[:limit // 2]}…{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:12]}"


def wrap(text: str, limit: int = 22) -> list[str]:
    """`text` in lines of about `limit` characters, cut where a word of a CamelCase name begins.

    Example:
        >>> wrap("SparseSoftmaxCrossEntropyWithLogits")
        ['SparseSoftmaxCross', 'EntropyWithLogits']
    """
    lines = [""]
    for word in re.split(r"(?<=[a-z0-9])(?=[A-Z])", text):
        if lines[-1] and len(lines[-1]) + len(word) > limit:
            lines.append("")
        lines[-1] += word
    return lines


def html(text: Any) -> str:
    """`text` for an HTML-like label of Graphviz.

    Example:
        >>> html('<b> & "c"')
        '&lt;b&gt; &amp; &quot;c&quot;'
    """
    # Graphviz puts the node's name for a backslash and N, also in labels of this kind, and knows no
    # way to write the two: another sign that looks the same stands there.
    return _html.escape(_REPLACED.sub("\u2216", printable(text)))


def quote(text: Any) -> str:
    """`text` as a quoted DOT string: a node's id, or an attribute in which `\\n` ends a line.

    Example:
        >>> print(quote('say "hi"'))
        "say \\"hi\\""
    """
    # Graphviz reads entities as &lt; in every string, so a plain & has to be one itself.
    lines = [printable(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
             for line in str(text).split("\n")]
    return '"' + "\\n".join(lines) + '"'


def shape(dims: Shape) -> str:
    """A shape as it stands on edges.

    Example:
        >>> shape((None, 784)), shape(()), shape(None)
        ('?×784', 'scalar', 'any shape')
    """
    if dims is None:
        return "any shape"
    return "×".join("?" if n is None else str(n) for n in dims) or "scalar"


def spec(what: Spec, always_dtype: bool = False) -> str:
    """Shape, and dtype where it is not float32.

    Args:
        what: the Spec.
        always_dtype: whether float32 is written too.

    Example:
        >>> from flowgraph.core import dtypes
        >>> spec(Spec(dtypes.int64, (None,))), spec(Spec(dtypes.float32, (2, 3)))
        ('? int64', '2×3')
    """
    dtype = what.dtype.name
    return shape(what.shape) if dtype == "float32" and not always_dtype else (
        f"{shape(what.shape)} {dtype}")


def value(array: Any, limit: int = 24) -> str | None:
    """What a small constant holds, as text; None when it is too long to be read in a picture.

    Example:
        >>> import numpy as np
        >>> value(np.float32(0.1)), value(np.array([0, 1])), value(np.zeros(100))
        ('0.1', '[0, 1]', None)
    """
    if getattr(array, "size", 1) > 6:
        return None
    plain = array.tolist() if hasattr(array, "tolist") else array
    single = str(getattr(array, "dtype", "")) == "float32"
    text = _plain(plain, single)
    return text if len(text) <= limit else None


def _plain(item: Any, single: bool) -> str:
    if isinstance(item, (list, tuple)):
        return f"[{', '.join(_plain(part, single) for part in item)}]"
    if isinstance(item, bytes):
        return f'"{item.decode(errors="backslashreplace")}"'
    if isinstance(item, float):
        return f"{item:.7g}" if single else repr(item)
    return str(item)
