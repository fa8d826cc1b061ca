"""How many cores there are for this process: those that it may use, and those that are free now."""

from __future__ import annotations

import os
import threading
import time

_MEASURED_FOR = 0.25  # seconds; what other programs take is counted over at least so long
_STALE = 2.0  # seconds; what they took over longer says little of now
_CPU_GROUPS = "/sys/fs/cgroup"


def cores() -> int:
    """How many cores this process may use: its affinity, and the quota of its container.

    Example:
        >>> cores() >= 1
        True
    """
    now = time.monotonic()
    if now > _cores.until:
        _cores.count, _cores.until = _count(), now + 1.0
    return _cores.count


def free_cores() -> float:
    """How many of them other programs have left free lately; all of them until that is known.

    What a hypervisor takes away counts as taken by others. Where the system does not tell (outside
    of Linux), all are free.
    """
    now = time.monotonic()
    if now >= _load.next:
        _load.measure(now)
    return cores() - _load.others


class _Cores:
    """What `cores` found last."""

    count = 1
    until = -1.0  # `time.monotonic` from which on it is to be found anew


class _Load:
    """What other programs take, in cores, from the counters of the system."""

    def __init__(self) -> None:
        self.others = 0.0
        self.next = -1.0  # `time.monotonic` of the next look at the counters
        self._lock = threading.Lock()
        self._before: tuple[float, float, float] | None = None  # when, all, this process

    def measure(self, now: float) -> None:
        """Looks at the counters again."""
        if not self._lock.acquire(blocking=False):  # another thread is at it
            return
        try:
            self.next = now + _MEASURED_FOR
            busy = _busy_seconds()
            if busy is None:
                self.next = float("inf")
                return
            times = os.times()
            mine = times.user + times.system
            if self._before is not None:
                then, busy_then, mine_then = self._before
                taken = busy - busy_then - (mine - mine_then)
                self.others = max(0.0, taken / (now - then)) if now - then < _STALE else 0.0
            self._before = now, busy, mine
        finally:
            self._lock.release()

    def forget(self) -> None:
        """In a process that was forked: the lock may be held by a thread that is not there."""
        self._lock = threading.Lock()
        self._before = None


def _count() -> int:
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # no such thing outside of Linux
        count = os.cpu_count() or 1
    allowed = quota()
    return count if allowed is None else max(1, min(count, int(allowed + 0.5)))


def quota() -> float | None:
    """How many cores the control group of a container allows; None where there is no limit."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            own = next(line for line in file if line.startswith("0::"))[3:].strip().strip("/")
    except (OSError, StopIteration):
        return None
    parts = own.split("/") if own and ".." not in own else []
    quotas = []
    for depth in range(len(parts) + 1):
        try:
            with open("/".join([_CPU_GROUPS, *parts[:depth], "cpu.max"]), encoding="utf-8") as file:
                allowed, period = file.read().split()
        except (OSError, ValueError):
            continue
        if allowed != "max":
            quotas.append(int(allowed) / int(period))
    return min(quotas, default=None)


def _busy_seconds() -> float | None:
    """Processor time that all programs have taken on the cores of this process."""
    try:
        mine = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        tick = os.sysconf("SC_CLK_TCK")
        with open("/proc/stat", encoding="utf-8") as file:
            rows = [line.split() for line in file if line.startswith("cpu")]
        total = 0
        for name, *numbers in rows:
            if name in mine:
                user, nice, system, _, _, irq, softirq, stolen = map(int, numbers[:8])
                total += user + nice + system + irq + softirq + stolen
        return total / tick
    except (AttributeError, OSError, ValueError):
        return None


_cores = _Cores()
_load = _Load()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_load.forget)
