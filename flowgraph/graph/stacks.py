"""Thread-local stacks of defaults: the graph new ops go to, the session `eval()` runs in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class DefaultStack(threading.local):
    """What `with x.as_default():` pushes; each thread has its own stack."""

    def __init__(self) -> None:
        self.items: list[Any] = []

    def top(self) -> Any:
        """The innermost default, or None."""
        return self.items[-1] if self.items else None

    @contextmanager
    def pushed(self, item: Any) -> Iterator[Any]:
        """Makes `item` the default inside the with block."""
        self.items.append(item)
        try:
            yield item
        finally:
            # InteractiveSession.close may take its session out of the middle; leave the rest alone.
            for i in range(len(self.items) - 1, -1, -1):
                if self.items[i] is item:
                    del self.items[i]
                    break


sessions = DefaultStack()
graphs = DefaultStack()


def get_default_session() -> Any:
    """The innermost session made default in this thread, or None.

    Example:
        >>> import flowgraph as fg
        >>> with fg.Session() as sess:
        ...     fg.get_default_session() is sess
        True
    """
    return sessions.top()
