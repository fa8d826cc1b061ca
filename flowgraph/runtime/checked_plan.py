"""Runs on GPUs, whose checks of what is in arrays are looked at when the host waits for them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from flowgraph.core import frames
from flowgraph.core.checks import FailedCheck, run_of_this_thread
from flowgraph.core.gpu import Gpu, is_on_gpu
from flowgraph.runtime.bound_plan import BoundPlan, WaitingPlan
from flowgraph.runtime.run_errors import explained_check
from flowgraph.runtime.runner import Hook, Runner

if TYPE_CHECKING:
    from flowgraph.runtime.steady import SteadyPlan


class CheckedPlan:
    """A plan that runs on GPUs. What its kernels have checked is told as by those of the host.

    Args:
        plan: the plan.
        gpus: the session's, by name.
        fetches: whether a run fetches anything, so that it waits.
    """

    __slots__ = ("_fetches", "_gpus", "_plan", "_waits")

    def __init__(self, plan: BoundPlan | WaitingPlan | SteadyPlan, gpus: Mapping[str, Gpu],
                 fetches: bool) -> None:
        self._plan = plan
        self._waits: tuple[Hook, ...] = ()
        if os.environ.get("FLOWGRAPH_WAIT_FOR_GPU", "0") not in ("", "0"):
            from flowgraph.runtime.gpu_trouble import WaitAfterSteps  # late: few look for a failure
            self._waits = (WaitAfterSteps(),)
        self._fetches = fetches
        self._gpus = tuple(gpus.values())

    @property
    def runners(self) -> tuple[Runner, ...]:
        """Those of the plan."""
        return self._plan.runners

    def why_no_graph(self) -> str | None:
        """Why steady runs are no CUDA graph; "" where they are, None where it is switched off."""
        return self._plan.why_no_graph()

    def reads_in_place(self) -> tuple[str, ...]:
        """Names of the feeds, in a GPU's memory, that a CUDA graph reads where they are."""
        return getattr(self._plan, "reads_in_place", tuple)()

    def run(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...] = (), to_host: bool = True
            ) -> tuple[Any, ...]:
        """Runs the plan once; raises as that does."""
        hooks += self._waits
        run = self._plan.run_with_hooks if hooks else self._plan.run
        return self._checked(run, feeds, hooks, to_host=to_host)

    def run_with_hooks(self, feeds: tuple[Any, ...], hooks: tuple[Hook, ...], to_host: bool = True
                       ) -> tuple[Any, ...]:
        """Runs the plan once, with hooks called around each step."""
        return self._checked(self._plan.run_with_hooks, feeds, (*hooks, *self._waits),
                             to_host=to_host)

    def _checked(self, run: Callable[..., tuple[Any, ...]], *args: Any, to_host: bool
                 ) -> tuple[Any, ...]:
        with run_of_this_thread() as kept:
            try:
                for gpu in self._gpus:
                    if (self._fetches and to_host) or gpu.left.are_many:
                        gpu.look_back()  # before this run, which is not to blame, has begun
                results = run(*args, to_host=to_host)
                for check in kept:
                    check.gpu.left.add(check)
                if any(not isinstance(feed, np.ndarray) and is_on_gpu(feed) for feed in args[0]):
                    for gpu in self._gpus:  # it may still read what the caller is going to change
                        gpu.hand_over()
                return results
            except FailedCheck as failed:
                raise explained_check(failed) from None
            except Exception as error:
                # A kernel that went on after a failed check may have failed for that very reason.
                from flowgraph.runtime.gpu_trouble import is_trouble, told
                first = self._failed_before()
                if first is None and is_trouble(error):
                    raise told(error, self.runners[-1].plan.program, bool(self._waits)) from error
                if first is None:
                    raise
                raise explained_check(first) from error

    def _failed_before(self) -> FailedCheck | None:
        try:
            for gpu in self._gpus:
                gpu.look_back()
                gpu.look()
        except FailedCheck as failed:
            return failed
        except Exception:  # the GPU is in trouble itself: what has been raised tells it
            return None
        return None


def warn_of_failed(gpus: Mapping[str, Gpu]) -> None:
    """Warns of what has failed in runs that no one has waited for.

    Args:
        gpus: of a session that is closed, by name.
    """
    for gpu in gpus.values():
        try:
            gpu.look_back(everyone=True)
        except FailedCheck as failed:
            frame = frames.user_frame()
            warnings.warn_explicit(str(explained_check(failed)), RuntimeWarning, frame.filename,
                                   frame.lineno)
