"""What a run did, how long it took, and with what values.

    with fg.profile() as profile:      every run in the block
        train()
    print(profile.by_line())

    recording = sess.record(loss, feeds, values=True)     one run, step by step
    for step in sess.steps(loss, feeds): ...              the same, one step after the other

Importing this package puts `record` and `steps` on sessions, and is cheap. To read it, start with
`recording` (the data), then `recorder` (from the notes of `runtime/notes.py` to it), `collect`
(`fg.profile`).
"""

from __future__ import annotations

from flowgraph.core.lazy import lazy as _lazy
from flowgraph.profiling import methods as _methods

_methods.attach()

_HERE = "flowgraph.profiling."
_LAZY = {
    "Cost": _HERE + "costs:Cost",
    "RecordedOutput": _HERE + "recording:RecordedOutput",
    "RecordedStep": _HERE + "recording:RecordedStep",
    "Recording": _HERE + "recording:Recording",
    "Statistics": _HERE + "values:Statistics",
    "Table": _HERE + "table:Table",
    "observing": "flowgraph.runtime.observe:observing",
    "profile": _HERE + "collect:profile",
    "record": _HERE + "recorder:record",
    "statistics": _HERE + "values:statistics",
    "step_through": _HERE + "recorder:steps",
}
__getattr__ = _lazy("fg.profiling", globals(), _LAZY)
