"""Makes the tables of docs/migrating.md: what differs, and what to use for what is missing.

    python docs/migrating.py --write    # writes them into the page; without it the page is printed
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from flowgraph.compat.check.differences import DIFFERENCES
from flowgraph.core.api import REASONS, UNLISTED, Reason, reason_for, tensorflow_names

PAGE = Path(__file__).with_name("migrating.md")
_MOST = 4  # names of a row


def differences() -> list[str]:
    """The rows of what differs."""
    rows = ["| name | what differs |", "| --- | --- |"]
    for difference in DIFFERENCES:
        patterns = difference.patterns.split()
        names = ", ".join(f"`{pattern}`" for pattern in patterns[:_MOST])
        more = ", …" if len(patterns) > _MOST else ""
        page, _, anchor = difference.docs.partition("#")
        link = f" [{page}.md]({page}.md#{anchor})" if page != "migrating" else ""
        rows.append(f"| {names}{more} | {difference.what}{link} |")
    return rows


def is_missing(name: str) -> bool:
    """Whether a dotted name, as `tf.nn.relu`, is not found under flowgraph."""
    import flowgraph
    found: object = flowgraph
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            return True
    return False


def missing() -> list[str]:
    """The rows of what is missing: a row for each reason that a name meets."""
    met = {reason_for(name) for name in tensorflow_names() if is_missing(name)}
    rows: dict[tuple[str, str], list[str]] = {}
    for reason in REASONS:
        if reason in met or _is_unlisted(reason):
            rows.setdefault((reason.why, reason.instead), []).append(f"`{reason.pattern}`")
    return ["| name | it | use |", "| --- | --- | --- |"] + [
        f"| {', '.join(names)} | {why} | {instead} |" for (why, instead), names in rows.items()]


def _is_unlisted(reason: Reason) -> bool:
    """Whether a reason is about what is missing of a part that TensorFlow's listing leaves out."""
    return reason.pattern.startswith((*UNLISTED, "tf.estimator.Head.")) and is_missing(
        reason.pattern.rstrip("*"))


def page() -> str:
    """The page with its tables as they are now."""
    text = PAGE.read_text(encoding="utf-8")
    for name, rows in (("differences", differences()), ("missing", missing())):
        table = "\n".join(rows)
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->",
                      lambda _, name=name, table=table: f"<!-- {name} -->\n{table}\n<!-- end -->",
                      text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
