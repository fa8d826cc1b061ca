"""`tf.train.basic_train_loop`: calls a function in a supervised session until all stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.errors import AbortedError
from flowgraph.train.supervisor import Supervisor


def basic_train_loop(supervisor: Supervisor, train_step_fn: Callable[..., Any],
                     args: Any = None, kwargs: Any = None, master: str = "") -> None:
    """Calls a function again and again until the Supervisor stops; in a new session if aborted.

    Args:
        supervisor: the Supervisor.
        train_step_fn: the function; its first argument is the Session.
        args: its further arguments.
        kwargs: its arguments by name.
        master: accepted; there is one process.

    Example:
        >>> import flowgraph as fg
        >>> train = fg.train.get_or_create_global_step().assign_add(1)
        >>> sv = fg.train.Supervisor()
        >>> def step(sess, last):
        ...     if sess.run(train) == last:
        ...         print("done")
        ...         sv.request_stop()
        >>> fg.train.basic_train_loop(sv, step, [3])
        done
    """
    while True:
        try:
            with supervisor.managed_session(master) as sess:
                while not supervisor.should_stop():
                    train_step_fn(sess, *(args or ()), **(kwargs or {}))
            return
        except AbortedError:  # a new session may do better
            continue
