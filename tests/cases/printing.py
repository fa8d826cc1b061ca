"""Rows for what prints and for the clock."""

import time

import flowgraph as fg
from flowgraph.testing import BadCase, Case


def printed_before(x):
    with fg.control_dependencies([fg.print("x =", x, summarize=1)]):
        return fg.identity(x)


def is_now(results):
    assert abs(float(results[0]) - time.time()) < 60.0


CASES = [
    Case("PrintV2/passes nothing on", printed_before, ([1.0, 2.0, 3.0],), lambda x: x),
    Case("Timestamp/now", fg.timestamp, (), check=is_now),
]
BAD = [
    BadCase("PrintV2/stream", lambda: fg.print("x", output_stream="there"), ValueError,
            ("output_stream", "there")),
]
