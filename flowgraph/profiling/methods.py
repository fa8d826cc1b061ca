"""What profiling adds to sessions: `record` and `steps`.

`runtime/` stands before `profiling/` and must not import it, so the methods are put on the class
from here when the package is imported. What they need is imported when one is first called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowgraph.runtime.session import BaseSession


def record(self: BaseSession, fetches: Any, feed_dict: dict[Any, Any] | None = None,
           values: bool | str = False) -> Any:
    """Runs `fetches` and tells what the run did, step by step.

    Args:
        fetches, feed_dict: as for `run`.
        values: True to note statistics of all that the steps make, "arrays" to keep copies too.

    Returns:
        A `fg.profiling.Recording`; its `results` are what `run` returns.

    Example:
        >>> import flowgraph as fg
        >>> y = fg.add(fg.random_uniform([3], name="noise"), 1.0, name="y")
        >>> recording = fg.Session().record(y)
        >>> [step.op.type for step in recording.steps]
        ['RandomUniform', 'Add']
        >>> recording.results.shape
        (3,)
    """
    from flowgraph.profiling import recorder  # late: few programs record
    return recorder.record(self, fetches, feed_dict, values)


def steps(self: BaseSession, fetches: Any, feed_dict: dict[Any, Any] | None = None,
          values: bool | str = True) -> Iterator[Any]:
    """The steps of a run, one after the other, each with what it made.

    The run is over when the first step is given. When it raises, the steps up to there are given,
    and then the error is raised.

    Args:
        fetches, feed_dict: as for `run`.
        values: True for statistics of all that the steps make, "arrays" for copies too.

    Returns:
        An iterator of `fg.profiling.RecordedStep`.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [], name="x")
        >>> for step in fg.Session().steps(fg.sqrt(fg.square(x, name="s"), name="r"), {x: 3.0}):
        ...     print(step.op.name, step.line, step.outputs[0].statistics)
        s s = np.square(x, out=b0) 9
        r r = np.sqrt(s) 3
    """
    from flowgraph.profiling import recorder  # late: few programs record
    return recorder.steps(self, fetches, feed_dict, values)


def attach() -> None:
    """Puts the methods on sessions."""
    for method in (record, steps):
        setattr(BaseSession, method.__name__, method)
