"""Running the user's program as Python does, and ending it when enough is known.

The program is `__main__`, with its own sys.argv and sys.path[0]. It ends by itself, by sys.exit, by
an exception, or because it is stopped: then Stop is raised in its main thread. A program that
catches even that is ended together with the process, after the results have been written.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from typing import Any, NoReturn

from flowgraph.cli.failure import FAILED, OK, Failure, note
from flowgraph.cli.watch import Stop, Watcher
from flowgraph.compat import notebooks
from flowgraph.compat.numpy_methods import compiled, compiled_cell
from flowgraph.runtime.observe import observing

_GRACE = 10.0  # seconds that a stopped program may take to clean up
_TICK = 0.1
is_patient = False  # whether the program's threads may go on when the command has ended
_end_process = os._exit  # a program's own calls are caught


@dataclass
class Outcome:
    """How a program ended.

    Attributes:
        error: what it raised; None if it did not, or was stopped, or called sys.exit.
        code: the exit code that goes with it.
        namespace: its globals.
        exited: what it called sys.exit with; None if it did not.
    """

    error: BaseException | None
    code: int
    namespace: dict[str, Any]
    exited: object = None


def run_program(path: str, arguments: list[str], watcher: Watcher, *, timeout: float | None = None,
                to_stderr: bool = False, end: Callable[[], None] | None = None,
                around: contextlib.AbstractContextManager[Any] | None = None) -> Outcome:
    """Runs a program until it ends or is stopped.

    Args:
        path: the program: Python source, or a notebook of code cells.
        arguments: what it finds in sys.argv[1:].
        watcher: who sees its runs and may stop it.
        timeout: seconds after which it is stopped.
        to_stderr: whether what it prints goes to standard error, as standard output is taken.
        end: called when the program does not end: writes the results and ends the process.
        around: a context that the program runs in.

    Raises:
        Failure: the program cannot be read.
    """
    cells = read_cells(path)
    module = main_module(path)
    finished = threading.Event()
    exited: object = None
    with (around or contextlib.nullcontext(), as_main(path, arguments, module),
          _printing(to_stderr), _interrupts(watcher), exits(watcher), observing(watcher)):
        guard = threading.Thread(target=_guard, daemon=True, name="flowgraph guard", args=(
            watcher, finished, timeout, end, time.monotonic()))
        watcher.end = end
        guard.start()
        error: BaseException | None = None
        try:
            execute(cells, module)
        except Stop:
            pass
        except SystemExit as ended:
            exited = ended.code
            if ended.code is not None and not isinstance(ended.code, int):
                print(ended.code, file=sys.stderr)  # as Python does
        except KeyboardInterrupt:
            if not watcher.stopping:
                raise
        except BaseException as raised:
            # What a stopped program raises on its way out is not its own fault.
            error = None if watcher.stopping else raised
        finally:
            finished.set()
            with contextlib.suppress(Stop):
                guard.join()  # it interrupts nobody after this
            watcher.end = None
            _quietly_flush()
    return Outcome(error, OK if error is None else FAILED, module.__dict__, exited)


def main_module(path: str) -> types.ModuleType:
    """The module that a program runs in."""
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=os.path.abspath(path), __builtins__=builtins,
                           __cached__=None, __spec__=None)
    if path.endswith(".ipynb"):
        module.__dict__.update(display=notebooks.display, get_ipython=notebooks.get_ipython)
    return module


def file_of_module(name: str) -> tuple[str, str]:
    """The file that `python -m name` runs, and the package it belongs to; nothing is imported.

    Args:
        name: of a module, or of a package that has a `__main__`.

    Raises:
        Failure: there is none with a source.
    """
    places: Any = [os.getcwd(), *sys.path[1:]]
    parts = name.split(".")
    spec = None
    for count in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:count]), places) if places else None
        if spec is None:
            raise Failure(f"there is no module {'.'.join(parts[:count])!r} here")
        places = spec.submodule_search_locations
    package = name.rpartition(".")[0]
    if places:
        spec, package = PathFinder.find_spec(f"{name}.__main__", places), name
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise Failure(f"{name!r} is a package without a module __main__" if places
                      else f"the module {name!r} has no source")
    return spec.origin, package


def execute(cells: list[tuple[str, Any]], module: types.ModuleType) -> None:
    """Runs the parts of a program, one after the other, in a module.

    A cell of a notebook, which is text and not bytes, shows the value of its last line.
    """
    for name, text in cells:
        if isinstance(text, bytes):
            exec(compiled(text, name), module.__dict__)
            continue
        statements, last = compiled_cell(text, name, notebooks.shows_last_value(text))
        exec(statements, module.__dict__)
        value = None if last is None else eval(last, module.__dict__)
        if value is not None:
            module.__dict__["_"] = value
            notebooks.display(value)


# ---- what is run ---------------------------------------------------------------------------------


def read_cells(path: str) -> list[tuple[str, Any]]:
    """The parts of a program, each with the file name that its lines go by.

    Raises:
        Failure: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise Failure(f"cannot read the program {path!r}: {error.strerror}") from None
    if not path.endswith(".ipynb"):
        if b"\0" in content[:4096]:
            raise Failure(f"{path!r} is neither a Python program nor a graph")
        return [(os.path.abspath(path), content)]
    try:
        cells = notebooks.cells_of(content)
    except ValueError as error:
        raise Failure(f"{path!r} is no notebook: {error}") from None
    parts = []
    for number, cell in enumerate(cells, 1):
        code = notebooks.python_of(cell)
        if code is None:
            continue  # another language
        name = f"{path}[{number}]"
        code = code if code.endswith("\n") else code + "\n"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        parts.append((name, code))
    return parts


# ---- the surroundings ----------------------------------------------------------------------------


@contextlib.contextmanager
def as_main(path: str, arguments: list[str], module: types.ModuleType,
            windows: bool = False, folder: str | None = None) -> Iterator[None]:
    """sys.argv, sys.path[0] and __main__ as Python sets them for a program.

    Args:
        path: the program.
        arguments: what it finds in sys.argv[1:].
        module: what it runs in.
        windows: whether matplotlib may open windows.
        folder: where its own modules are; default the program's folder.
    """
    before = sys.argv, list(sys.path), sys.modules.get("__main__"), os.environ.get("MPLBACKEND")
    excepthook = sys.excepthook
    sys.argv = [path, *arguments]
    sys.path[:1] = [folder or os.path.dirname(os.path.realpath(path))]
    sys.modules["__main__"] = module
    if not windows:
        os.environ.setdefault("MPLBACKEND", "Agg")  # a window would wait for someone to close it
    try:
        yield
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
        sys.excepthook = excepthook
        if before[2] is not None:
            sys.modules["__main__"] = before[2]
        if before[3] is None:
            os.environ.pop("MPLBACKEND", None)


@contextlib.contextmanager
def _printing(to_stderr: bool) -> Iterator[None]:
    """What the program prints goes to standard error, what its child processes print too."""
    if not to_stderr:
        yield
        return
    sys.stdout.flush()
    try:
        number, other = sys.stdout.fileno(), sys.stderr.fileno()
        kept = os.dup(number)
        os.dup2(other, number)
    except (OSError, ValueError, io.UnsupportedOperation):  # no file of the system's
        number = kept = -1
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        if kept >= 0:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
            os.dup2(kept, number)
            os.close(kept)


def _quietly_flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


@contextlib.contextmanager
def _interrupts(watcher: Watcher) -> Iterator[None]:
    """While the program runs, SIGINT is Stop when the watcher wants that, else what it was.

    Threads that die of Stop do so without a word.
    """
    excepthook = threading.excepthook

    def quiet(args: Any) -> None:
        if not (isinstance(args.exc_value, Stop) or watcher.stopping):
            excepthook(args)

    threading.excepthook = quiet
    main = threading.main_thread()
    before: Any = None
    if threading.current_thread() is main:
        before = signal.getsignal(signal.SIGINT)

        def handle(number: int, frame: Any) -> None:
            if watcher.stopping:
                raise Stop(watcher.reason)
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGINT, handle)
        watcher.interrupt = _interrupt_main
    try:
        yield
    finally:
        threading.excepthook = excepthook
        watcher.interrupt = None
        if threading.current_thread() is main:
            signal.signal(signal.SIGINT, signal.default_int_handler if before is None else before)


@contextlib.contextmanager
def exits(watcher: Watcher) -> Iterator[None]:
    """While the program runs, its os._exit ends it, but not the command; a child process's does."""
    process, leave = os.getpid(), os._exit

    def exit_program(status: int) -> NoReturn:
        if os.getpid() != process:
            leave(status)
        if threading.current_thread() is not threading.main_thread():
            watcher.since, watcher.reason = time.monotonic(), "it calls os._exit"
            watcher.stopping = True
            if watcher.interrupt is not None:
                watcher.interrupt()
        raise SystemExit(status)

    os._exit = exit_program
    try:
        yield
    finally:
        os._exit = leave


def _interrupt_main() -> None:
    """Raises SIGINT in the main thread, also when it waits for a lock."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        import _thread
        _thread.interrupt_main()


def _guard(watcher: Watcher, finished: threading.Event, timeout: float | None,
           end: Callable[[], None] | None, begun: float) -> None:
    """Stops the program when its time is over, and ends it when it does not stop."""
    interrupted = 0.0
    while not finished.wait(_TICK):
        now = time.monotonic()
        if not watcher.stopping and timeout is not None and now - begun >= timeout:
            watcher.since, watcher.reason = now, f"{timeout:g} s are over"
            watcher.stopping = True
            interrupted = now
            if watcher.interrupt is not None:
                watcher.interrupt()
        elif watcher.stopping and now - watcher.since >= _GRACE:
            if end is not None:
                end()
            return
        elif interrupted and now - interrupted >= _GRACE / 4 and watcher.interrupt is not None:
            interrupted = now  # it has caught the first one
            watcher.interrupt()


def end_process(code: int) -> None:
    """Ends the process at once, whatever its threads do."""
    _quietly_flush()
    _end_process(code)


def wait_for_threads(seconds: float = 2.0) -> bool:
    """Waits a little for threads that would keep the process alive; whether all have ended."""
    if is_patient:
        return True  # Python itself waits
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                note(f"the program's thread {thread.name!r} goes on; it is ended")
                return False
    return True
