"""`progress`: how far a loop is, how fast it goes, and how long it still takes.

    in a notebook     one bar that moves
    in a terminal     one line that is written anew: 45% ████▌     450/1000  812/s  0:01 left
    into a file       a plain line at every tenth part, and at the end

Nothing is imported for it: a notebook is where IPython is loaded already and has a kernel.
"""

from __future__ import annotations

import html as _html
import math
import operator
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TextIO, TypeVar

from flowgraph.core.frames import located
from flowgraph.core.printable import printable

Item = TypeVar("Item")
_SECONDS = 0.1  # between two pictures of the bar
_WINDOW = 15.0  # seconds over which the speed is a mean
_BAR = 24  # characters
_EIGHTHS = "▏▎▍▌▋▊▉█"


class Progress(Generic[Item]):
    """The progress of a loop; `progress` makes it.

    It is iterated over, or moved on by `update`; then it is closed, as by a with block.

    Args:
        iterable: what to go through; None if `update` is going to be called.
        total: how many steps there are; by default the iterable's length, if it has one.
        title: what stands in front.
        file: where to write; by default standard error, or the output of the notebook's cell.

    Attributes:
        done: how many steps are done.

    Example:
        >>> import io
        >>> import flowgraph as fg
        >>> log = io.StringIO()
        >>> with fg.progress(total=4, title="epoch", file=log) as bar:
        ...     for _ in range(4):
        ...         bar.update()
        >>> log.getvalue().splitlines()[-1].startswith("epoch: 100% 4/4")
        True
    """

    clock: Callable[[], float] = staticmethod(time.perf_counter)

    def __init__(self, iterable: Iterable[Item] | None = None, total: int | None = None,
                 title: str = "", file: TextIO | None = None) -> None:
        self._iterable = iterable
        self._total = checked_total(iterable, total)
        self._title = printable(title)
        self._values: dict[str, Any] = {}
        self.done = 0
        self._begun = self._shown = self.clock()
        self._marks: deque[tuple[float, int]] = deque([(self._begun, 0)])
        self._closed = False
        display = notebook_display() if file is None else None
        stream = sys.stderr if file is None else file
        self._surface: Any = (_Notebook(display) if display is not None else
                              _Terminal(stream) if _is_terminal(stream) else _Lines(stream))
        if not isinstance(self._surface, _Lines):
            self._surface.show(self)

    def __iter__(self) -> Iterator[Item]:
        if self._iterable is None:
            raise TypeError(located("this progress has nothing to go through",
                                    "Give it an iterable, or call its update()."))
        try:
            for item in self._iterable:
                yield item
                self.update()
            if not self._closed:
                self._finished()
        finally:
            self.close()

    def __len__(self) -> int:
        if self._total is None:
            raise TypeError(located("this progress does not know how many steps there are",
                                    "Give it total=..."))
        return self._total

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def update(self, steps: int = 1) -> None:
        """Moves on.

        Args:
            steps: how many steps were done.
        """
        self.done += steps
        if not self._closed and self.is_due():
            self._show()

    def set(self, **values: Any) -> None:
        """Shows values behind the bar, as `loss=0.25`, until others of their names are set.

        Args:
            **values: numbers, text, or what else has a short `str`.
        """
        self._values.update(values)

    def is_due(self, steps: int = 0) -> bool:
        """Whether the bar is going to be drawn; values that are not shown need not be computed.

        Args:
            steps: after how many more steps.
        """
        return self._surface.is_due(self, self.done + steps)

    def close(self) -> None:
        """Draws it for the last time. May be called twice."""
        if not self._closed:
            self._closed = True
            self._show(last=True)

    def _finished(self) -> None:
        if self._total is None or self.done < self._total:
            self._total = self.done  # the iterable had fewer than it said

    def _show(self, last: bool = False) -> None:
        now = self._shown = self.clock()
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW:
            self._marks.popleft()
        self._surface.show(self, last)

    # ---- what surfaces ask -----------------------------------------------------------------------

    @property
    def part(self) -> float | None:
        """How much of it is done, from 0 to 1; None if the total is not known, or passed."""
        return self.part_at(self.done)

    def part_at(self, done: int) -> float | None:
        """The part that so many steps are."""
        if self._total is None or done > self._total:
            return None
        return done / self._total if self._total else 1.0

    @property
    def speed(self) -> float:
        """Steps a second, lately; over all when it is closed."""
        now = self._shown
        then, done = (self._begun, 0) if self._closed else self._marks[0]
        return (self.done - done) / (now - then) if now > then else 0.0

    def texts(self) -> list[str]:
        """Count, speed, time, and values."""
        total = "" if self.part is None else f"/{self._total}"
        found = [f"{self.done}{total}"]
        if self.speed:
            found.append(_speed_text(self.speed))
        if self._closed:
            seconds = self._shown - self._begun
            found.append(f"in {seconds:.1f} s" if seconds < 10 else f"in {duration(seconds)}")
        elif self.part is not None and self._total is not None and self.speed:
            found.append(f"{duration((self._total - self.done) / self.speed)} left")
        return found + [f"{printable(name)}={_value_text(value)}"
                        for name, value in self._values.items()]


def progress(iterable: Iterable[Item] | None = None, total: int | None = None, title: str = "",
             file: TextIO | None = None) -> Progress[Item]:
    """Shows how far a loop is: a bar in a notebook, a line in a terminal, a few lines in a log.

    Args:
        iterable: what to go through; None if `update` of the result is going to be called.
        total: how many steps there are; by default the iterable's length, if it has one. Without
            it only count and speed are shown.
        title: text in front of the bar.
        file: a text file to write to; by default standard error, or the output of the notebook's
            cell.

    Returns:
        A Progress: iterate over it, and show values with its `set(loss=...)`.

    Raises:
        ValueError: `total` is negative.
        TypeError: `total` is no integer, or `iterable` cannot be iterated over.

    Example:
        >>> import flowgraph as fg
        >>> x = fg.placeholder(fg.float32, [])
        >>> loss = 1.0 / x
        >>> with fg.Session() as sess:
        ...     for step in (bar := fg.progress(range(100), title="training")):
        ...         bar.set(loss=sess.run(loss, {x: step + 1.0}))
        >>> bar.done
        100
    """
    return Progress(iterable, total, title, file)


def checked_total(iterable: Any, total: Any) -> int | None:
    """How many steps there are, if that is known.

    Args:
        iterable: what is gone through; None for nothing.
        total: what was said about it.
    """
    if iterable is not None and not hasattr(iterable, "__iter__"):
        advice = "Write progress(range(n)) or progress(total=n)." if isinstance(
            iterable, int) else ""
        raise TypeError(located(f"progress goes through an iterable, not {iterable!r:.60}", advice))
    if total is None:
        try:
            return None if iterable is None else len(iterable)
        except TypeError:
            return None
    try:
        total = operator.index(total)
    except TypeError:
        raise TypeError(located(f"total must be an integer, not {total!r:.60}")) from None
    if total < 0:
        raise ValueError(located(f"total is a number of steps, so 0 or more, not {total}"))
    return total


# ---- text ----------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """A time for people.

    Args:
        seconds: how long.

    Example:
        >>> duration(0.25), duration(75), duration(7265)
        ('0:00', '1:15', '2:01:05')
    """
    if not math.isfinite(seconds) or seconds > 1e9:
        return "?"
    whole = int(seconds)
    minutes = f"{whole // 60 % 60}:{whole % 60:02}"
    return minutes if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _speed_text(speed: float) -> str:
    if speed < 1:
        return f"{1 / speed:.3g} s each"
    return f"{speed:,.0f}/s" if speed >= 100 else f"{speed:.3g}/s"


def _value_text(value: Any) -> str:
    if hasattr(value, "ndim") and hasattr(value, "item") and value.ndim == 0:
        value = value.item()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bytes):
        value = value.decode(errors="backslashreplace")
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= 40 else f"{text[:39]}…"


def _is_terminal(stream: Any) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no file, or a closed one
        return False


# ---- surfaces ------------------------------------------------------------------------------------


class _Lines:
    """Plain lines, few of them."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._tenths = 0

    def is_due(self, bar: Progress[Any], done: int) -> bool:
        part = bar.part_at(done)
        return part is not None and int(part * 10) > self._tenths

    def show(self, bar: Progress[Any], last: bool = False) -> None:
        part = bar.part
        tenths = 0 if part is None else int(part * 10)
        if last and tenths == 10 and self._tenths == 10:
            return  # the last step has said it
        self._tenths = tenths
        head = f"{bar._title}: " if bar._title else ""
        percent = "" if part is None else f"{part:.0%} "
        _write(self._stream, f"{head}{percent}{', '.join(bar.texts())}\n")


class _Terminal:
    """One line that is written anew."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._width = 0
        try:
            _EIGHTHS.encode(getattr(stream, "encoding", None) or "ascii")
            self._eighths = _EIGHTHS
        except (UnicodeError, LookupError):
            self._eighths = "#"

    def is_due(self, bar: Progress[Any], done: int) -> bool:
        return bar.clock() - bar._shown >= _SECONDS

    def show(self, bar: Progress[Any], last: bool = False) -> None:
        head = [bar._title] if bar._title else []
        if bar.part is not None:
            head.append(f"{bar.part:4.0%} {self._bar(bar.part)}")
        line = "  ".join(head + bar.texts())
        columns = shutil.get_terminal_size().columns - 1
        line = line[:max(columns, 20)]
        _write(self._stream, f"\r{line.ljust(self._width)}" + ("\n" if last else ""))
        self._width = len(line)

    def _bar(self, part: float) -> str:
        steps = len(self._eighths)
        full, rest = divmod(int(part * _BAR * steps), steps)
        return (self._eighths[-1] * full + (self._eighths[rest - 1] if rest else "")).ljust(_BAR)


class _Notebook:
    """One output of a cell that is replaced."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None

    def is_due(self, bar: Progress[Any], done: int) -> bool:
        return bar.clock() - bar._shown >= 2 * _SECONDS

    def show(self, bar: Progress[Any], last: bool = False) -> None:
        title = f"{_html.escape(bar._title)} " if bar._title else ""
        part = bar.part
        meter = "" if part is None else (
            f'<progress value="{part:.4f}" max="1"></progress> {part:.0%} &nbsp; ')
        texts = " &nbsp; ".join(map(_html.escape, bar.texts()))
        percent = "" if part is None else f"{part:.0%} "
        head = f"{bar._title}: " if bar._title else ""
        bundle = {"text/html": f"<div>{title}{meter}{texts}</div>",
                  "text/plain": f"{head}{percent}{', '.join(bar.texts())}"}
        if self._handle is None:
            self._handle = self._display.display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _write(stream: Any, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    except ValueError:  # the file was closed meanwhile: a bar is no reason to end a program
        return
    if hasattr(stream, "flush"):
        stream.flush()


def ipython_shell() -> Any:
    """IPython's shell, of a notebook or a terminal, if one runs this. Imports no IPython."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.get_ipython() if hasattr(ipython, "get_ipython") else None


def notebook_display() -> Any:
    """IPython's `display` module where a notebook runs this, else None. Imports no IPython."""
    shell = ipython_shell()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    import importlib
    return importlib.import_module("IPython.display")
