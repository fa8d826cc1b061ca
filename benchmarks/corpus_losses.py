"""Runs public TF1 programs and compares the losses of their first training steps with TensorFlow's.

The programs are not part of this repository; a folder holds them, with what runs them untouched:

    S/manifest.json, S/repos    the programs, a folder per repository
    L/launch.py                 puts an engine in TensorFlow's place (see below)

    PY_OF_TENSORFLOW benchmarks/corpus_losses.py expect S L     writes corpus_losses.json
    python benchmarks/corpus_losses.py check S L                compares with it, program by program

`launch.py` is imported, with L in front of sys.path, once and before any program; each program
then runs in a process forked from there. It must have a function `prepare(engine, is_plain)`,
called with ("tf", True) for `expect` and ("flowgraph", False) for `check`. When it returns,

- `sys.modules["tensorflow"]` is the engine: TensorFlow's `compat.v1` without the second version's
  behaviour, or what `flowgraph.compat.install()` gives;
- whatever the programs import or read and this machine does not have is there, the same for both
  engines: data sets of a few rows, modules in `sys.modules` for packages that are not installed (a
  file `standins.py` beside it is the place), no display for pictures, no downloads.

Everything else is done here: the programs' folder, sys.argv, sys.path, seeds, time limit.

Each program runs as it is, in a process of its own, until it has made 20 steps; nothing of it is
changed. From outside, random numbers are made the same in both engines: an op without a seed of its
own gets one from the name scope it is built in, so initial values, dropout and noise are equal
numbers; Python's and NumPy's generators begin at 0, and sets have one order (PYTHONHASHSEED=0). A
step is a `Session.run` that runs what an optimizer's `apply_gradients` gave; its loss is what the
gradients were taken of, fetched in the same run.

`expect` asks TensorFlow twice and leaves out what it does not repeat itself. A loss is equal within
1e-4 of TensorFlow's, relative.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

STEPS = 20
LIMIT = 60.0  # seconds for a program
NEAR = 1e-4  # relative
EXPECTED = Path(__file__).parent / "corpus_losses.json"


# ---- the same random numbers in both engines -----------------------------------------------------


def seed_by_scope(tf: Any) -> None:
    """Gives ops without a seed one that comes from the name scope they are built in."""
    asked: Counter[tuple[int, str]] = Counter()

    def get_seed(op_seed: int | None) -> tuple[int, int]:
        if op_seed is not None:
            return 1, int(op_seed)
        graph = tf.get_default_graph()
        scope = graph.get_name_scope() if hasattr(graph, "get_name_scope") else ""
        asked[id(graph), scope] += 1
        return 1, zlib.crc32(f"{scope}#{asked[id(graph), scope]}".encode()) >> 1

    if tf.__name__.startswith("flowgraph"):
        from flowgraph.ops import queues, random_ops
        random_ops.get_seed = queues.get_seed = get_seed
        tf.get_default_graph().seed = None  # else seeds come from names
    else:
        from tensorflow.python.framework import random_seed
        random_seed.get_seed = get_seed
    for module in (tf, tf.random):
        if hasattr(module, "set_random_seed"):
            module.set_random_seed = lambda seed: None


# ---- recording -----------------------------------------------------------------------------------


class Recorder:
    """Notes the loss of each training step.

    Args:
        path: file for the losses, written when there are enough, or at the end.
    """

    def __init__(self, path: Path) -> None:
        self.losses: list[float] = []
        self._path = path
        self._latest: dict[int, Any] = {}  # by graph: what gradients were taken of last
        self._trained: dict[tuple[int, str], Any] = {}  # loss by graph and name of the train op

    def write(self) -> None:
        """Writes what there is."""
        self._path.write_text(json.dumps(self.losses))

    def watch(self, tf: Any, session_classes: tuple[Any, ...]) -> None:
        """Hooks the optimizers and the sessions of an engine."""
        optimizer = tf.train.Optimizer
        compute, apply = optimizer.compute_gradients, optimizer.apply_gradients

        def compute_gradients(this: Any, loss: Any, *args: Any, **options: Any) -> Any:
            self._latest[id(loss.graph)] = loss
            return compute(this, loss, *args, **options)

        def apply_gradients(this: Any, *args: Any, **options: Any) -> Any:
            op = apply(this, *args, **options)
            op = getattr(op, "op", op)
            loss = self._latest.get(id(op.graph))
            if loss is not None:
                self._trained[id(op.graph), op.name] = loss
            return op

        gradients = tf.gradients

        def gradients_noted(ys: Any, *args: Any, **options: Any) -> Any:
            first = ys[0] if isinstance(ys, (list, tuple)) else ys
            if hasattr(first, "graph"):
                self._latest.setdefault(id(first.graph), first)
            return gradients(ys, *args, **options)

        optimizer.compute_gradients = compute_gradients
        optimizer.apply_gradients = apply_gradients
        tf.gradients = gradients_noted
        for session_class in session_classes:
            session_class.run = self._noting(session_class.run)

    def _noting(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """A Session's `run` that notes losses."""
        def run_noted(this: Any, fetches: Any, *args: Any, **options: Any) -> Any:
            losses = [loss for fetch in _elements(fetches)
                      if (loss := self._trained.get((id(this.graph), _op_name(fetch)))) is not None]
            if not losses:
                return run(this, fetches, *args, **options)
            result, values = run(this, [fetches, losses], *args, **options)
            self.losses += [float(np.mean(value)) for value in values]
            if len(self.losses) >= STEPS:
                self.write()
                os._exit(0)
            return result

        return run_noted


def _elements(fetches: Any) -> Iterator[Any]:
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple)):
        for fetch in fetches:
            yield from _elements(fetch)
    else:
        yield fetches


def _op_name(fetch: Any) -> str:
    name = fetch if isinstance(fetch, str) else getattr(fetch, "name", "")
    return str(name).partition(":")[0]


# ---- one program ---------------------------------------------------------------------------------


def run_program(script: Path, out: Path, watch: Callable[[Recorder], None]) -> None:
    """Runs a program as __main__ in this process, which ends with it."""
    recorder = Recorder(out)
    watch(recorder)
    os.setsid()
    os.chdir(script.parent)
    log = os.open(out.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    random.seed(0)
    np.random.seed(0)
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    sys.modules["__main__"] = main
    code = 0
    try:
        text = script.read_text(encoding="utf-8", errors="replace")
        exec(compile(text, str(script), "exec"), main.__dict__)
    except SystemExit:
        code = 0
    except BaseException:
        traceback.print_exc()
        code = 1
    recorder.write()
    os._exit(code)


def losses_of(script: Path, out: Path, watch: Callable[[Recorder], None]) -> list[float]:
    """The losses of a program's first steps; [] if it makes none, or fails before."""
    out.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        run_program(script, out, watch)
    end = time.monotonic() + LIMIT
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.05)
    return list(json.loads(out.read_text())) if out.exists() else []


# ---- all -----------------------------------------------------------------------------------------


def prepared(launcher: Path, engine: str) -> Callable[[Recorder], None]:
    """Puts an engine in TensorFlow's place; gives what hooks it in a program's process."""
    sys.path.insert(0, str(launcher))
    import launch  # type: ignore[import-not-found]
    launch.prepare("tf" if engine == "tensorflow" else engine, engine == "tensorflow")
    tf = sys.modules["tensorflow"]
    if engine == "tensorflow":
        from tensorflow.python.client import session
        classes: tuple[Any, ...] = (session.BaseSession,)
    else:
        classes = tf.Session, tf.InteractiveSession
    seed_by_scope(tf)
    return lambda recorder: recorder.watch(tf, classes)


def programs(folder: Path, match: str, chosen: Path | None) -> list[tuple[str, str, str]]:
    """(name, repository, path of what to run) of the programs whose names match.

    Args:
        folder: with the programs.
        match: a regular expression on their names.
        chosen: a table with columns `repo` and `path`: only those; None for all.
    """
    rows = json.loads((folder / "manifest.json").read_text())["rows"]
    if chosen is not None:
        with chosen.open(encoding="utf-8") as table:
            names = {(row["repo"].replace("/", "+"), row["path"]) for row in csv.DictReader(table)}
        rows = [row for row in rows if (row["repo"], row["path"]) in names]
    found = [(f"{row['repo']}/{row['path']}", row["repo"], row["run"])
             for row in rows if row["driver"]]
    return [row for row in found if re.search(match, row[0])]


def equal_steps(expected: list[float], found: list[float]) -> int:
    """How many losses are equal before the first that is not."""
    for i, (a, b) in enumerate(zip(expected, found, strict=False)):
        if not abs(a - b) <= NEAR * max(abs(a), abs(b), 1e-6):
            return i
    return min(len(expected), len(found))


def main() -> int:
    """Runs the command; 1 if a program's losses differ."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["expect", "check"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("launcher", type=Path)
    parser.add_argument("--match", default="", help="a regular expression on the programs' names")
    parser.add_argument("--csv", type=Path, help="a table of the programs to run")
    parser.add_argument("--out", type=Path, default=EXPECTED)
    options = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets of characters is that of a text
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    engine = "tensorflow" if options.what == "expect" else "flowgraph"
    known = json.loads(options.out.read_text()) if options.out.exists() else {}
    watch = prepared(options.launcher.resolve(), engine)
    work = Path(tempfile.mkdtemp())
    differ = checked = 0
    for name, repository, run in programs(options.folder, options.match, options.csv):
        if options.what == "check" and name not in known:
            continue
        tree = work / repository
        if not tree.exists():
            shutil.copytree(options.folder / "repos" / repository, tree)
        out = work / "losses.json"
        losses = losses_of(tree / run, out, watch)
        if options.what == "expect":
            again = losses_of(tree / run, out, watch) if losses else []
            keep = equal_steps(losses, again)
            known.pop(name, None)
            if keep == len(losses) == len(again) > 0:
                known[name] = losses
            print(f"{len(losses):3} steps, {keep:3} repeated  {name}", flush=True)
            options.out.write_text(json.dumps(dict(sorted(known.items())), indent=0) + "\n")
        else:
            steps = equal_steps(known[name], losses)
            same = steps == len(known[name])
            differ += not same
            checked += 1
            told = "" if same else (f"  expected {known[name][steps]:.7g}, found "
                                    f"{losses[steps] if steps < len(losses) else 'none'}")
            print(f"{steps:3} of {len(known[name]):3} steps equal  {name}{told}", flush=True)
    shutil.rmtree(work)
    if options.what == "check":
        print(f"{checked - differ} of {checked} programs have TensorFlow's losses; "
              f"{len(known)} known")
        if not checked or (checked < len(known) and not options.match and options.csv is None):
            return 1
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
