"""When a hook acts: every so many seconds, every so many steps, or never."""

from __future__ import annotations

import time

from flowgraph.core.frames import located


class SecondOrStepTimer:
    """Tells at which steps to act: the first, and then every so many seconds or steps.

    Args:
        every_secs: seconds between two actions.
        every_steps: steps between two actions; give one of the two.

    Raises:
        ValueError: both are given, or neither.

    Example:
        >>> import flowgraph as fg
        >>> timer = fg.train.SecondOrStepTimer(every_steps=3)
        >>> for step in range(1, 8):
        ...     if timer.should_trigger_for_step(step):
        ...         _, steps = timer.update_last_triggered_step(step)
        ...         print(step, steps)
        1 None
        4 3
        7 3
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        if every_secs is None and every_steps is None:
            raise ValueError(located("Either every_secs or every_steps should be provided."))
        if every_secs is not None and every_steps is not None:
            raise ValueError(located("Can not provide both every_secs and every_steps."))
        self._every_secs, self._every_steps = every_secs, every_steps
        self.reset()

    def reset(self) -> None:
        """Forgets when it acted: the next step counts as the first."""
        self._last_triggered_step: int | None = None
        self._last_triggered_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether to act at this step; never twice at one step.

        Args:
            step: the step's number.
        """
        if self._last_triggered_step is None or self._last_triggered_time is None:
            return True
        if step == self._last_triggered_step:
            return False
        if self._every_steps is not None:
            return bool(step >= self._last_triggered_step + self._every_steps)
        assert self._every_secs is not None
        return time.time() >= self._last_triggered_time + self._every_secs

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Notes that one acts at this step.

        Args:
            step: the step's number.

        Returns:
            The seconds and the steps since the last action; (None, None) at the first.
        """
        now = time.time()
        passed: tuple[float | None, int | None] = None, None
        if self._last_triggered_step is not None and self._last_triggered_time is not None:
            passed = now - self._last_triggered_time, step - self._last_triggered_step
        self._last_triggered_step, self._last_triggered_time = step, now
        return passed

    def last_triggered_step(self) -> int | None:
        """The step of the last action; None before the first."""
        return self._last_triggered_step


class NeverTimer:
    """A timer of which no step is the time to act."""

    def reset(self) -> None:
        """Does nothing: there is nothing to forget."""

    def should_trigger_for_step(self, step: int) -> bool:
        """False."""
        return False

    def update_last_triggered_step(self, step: int) -> tuple[None, None]:
        """(None, None)."""
        return None, None

    def last_triggered_step(self) -> None:
        """None."""
        return None
