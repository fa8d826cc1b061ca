"""Makes docs/api_coverage.md: which public names of TensorFlow 1.15 flowgraph offers.

    python docs/api_coverage.py --write    # writes the page; without --write it prints it
"""

from __future__ import annotations

import sys
from pathlib import Path

import flowgraph as fg
from flowgraph.core.api import reason_for, tensorflow_names

PAGE = Path(__file__).with_name("api_coverage.md")
HEAD = """\
# Which names of TensorFlow 1.15 there are

Made by `python docs/api_coverage.py --write` from the list of TensorFlow 1.15's public names and
from what `import flowgraph` offers. A name that is missing raises an AttributeError with the reason
given here, and says what to use instead.
"""


def is_offered(name: str) -> bool:
    """Whether a dotted name, as `tf.nn.relu`, is found under flowgraph."""
    found: object = fg
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            return False
    return True


def by_namespace() -> dict[str, tuple[list[str], list[str]]]:
    """Per namespace the names offered and the names missing."""
    result: dict[str, tuple[list[str], list[str]]] = {}
    for name in sorted(tensorflow_names()):
        offered, missing = result.setdefault(name.rpartition(".")[0], ([], []))
        (offered if is_offered(name) else missing).append(name)
    return result


def page() -> str:
    """The text of the page."""
    spaces = by_namespace()
    lines = [HEAD, "| namespace | offered | missing |", "| --- | ---: | ---: |"]
    lines += [f"| `{space}` | {len(offered)} | {len(missing)} |"
              for space, (offered, missing) in spaces.items()]
    lines.append(f"| all | {sum(len(o) for o, _ in spaces.values())} "
                 f"| {sum(len(m) for _, m in spaces.values())} |")
    for space, (_, missing) in spaces.items():
        if not missing:
            continue
        lines += ["", f"## {space}", ""]
        reasons: dict[str, list[str]] = {}
        for name in missing:
            reason = reason_for(name)
            text = ("Not there yet." if reason is None else
                    f"It {reason.why}. {reason.instead}".strip())
            reasons.setdefault(text, []).append(f"`{name.rpartition('.')[2]}`")
        lines += [f"- {', '.join(names)}: {text}" for text, names in reasons.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
