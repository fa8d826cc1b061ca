"""`flowgraph doctor`: what this machine has for programs, and what to change, with the reason."""

from __future__ import annotations

import argparse
import json
from typing import Any, NamedTuple

from flowgraph.cli.failure import FAILED, OK
from flowgraph.cli.machine import PACKAGES, Facts, facts
from flowgraph.core.gpu import INSTALL
from flowgraph.core.printable import printable
from flowgraph.core.processor import CORE_TYPE, WIDE, has_wide_kernels
from flowgraph.core.text import counted

_WIDE_KERNELS = {"SkylakeX", "Cooperlake", "SapphireRapids"}
_AVX2_KERNELS = {"Haswell", "Zen", *_WIDE_KERNELS}
_SLOW_BLAS = {"none", "", "lapack", "blas", "cblas", "lapack_lite", "netlib"}
_BUSY = 0.5  # cores that others take


class Advice(NamedTuple):
    """Something to change.

    Attributes:
        is_problem: whether programs are slower or fail because of it; otherwise it is a hint.
        change: what to do.
        why: what it is good for.
    """

    is_problem: bool
    change: str
    why: str


def run(options: argparse.Namespace) -> int:
    """Prints what was found; 1 if there is a problem.

    Args:
        options: the command line.
    """
    found = facts()
    told = advice(found)
    if options.json:
        print(json.dumps(as_json(found, told), indent=2))
    else:
        print("\n".join(lines(found, told)))
    return FAILED if any(item.is_problem for item in told) else OK


# ---- advice --------------------------------------------------------------------------------------


def advice(found: Facts) -> list[Advice]:
    """What to change, problems first.

    Args:
        found: what is known of the machine.
    """
    told = [*_of_kernels(found), *_of_threads(found), *_of_load(found), *_of_packages(found)]
    return sorted(told, key=lambda item: not item.is_problem)


def _of_kernels(found: Facts) -> list[Advice]:
    blas, kernels = found.blas, found.blas["kernels"]
    if not kernels:
        if blas["name"].lower() in _SLOW_BLAS and not blas["path"]:
            return [Advice(True, "install NumPy from its wheel: pip install --force-reinstall "
                           "numpy", "this NumPy has no BLAS library: products are many times "
                           "slower without")]
        return []
    features, user = found.processor.features, found.settings.get(CORE_TYPE)
    best = (_WIDE_KERNELS if has_wide_kernels(found.processor)
            else _AVX2_KERNELS if "avx2" in features else None)
    if best is None or kernels in best:
        return []
    has = "AVX-512" if best is _WIDE_KERNELS else "AVX2"
    name = WIDE if best is _WIDE_KERNELS else "HASWELL"
    why = f"the processor has {has}, but OpenBLAS uses its kernels for {kernels}, which do without"
    if user:
        return [Advice(True, f"unset {CORE_TYPE}, or set it to {name}", f"{why}, since "
                       f"{CORE_TYPE}={user} is set")]
    return [Advice(True, f"set {CORE_TYPE}={name} before Python starts, or import flowgraph "
                   "before NumPy", why)]


def _of_threads(found: Facts) -> list[Advice]:
    threads, cores = found.blas["threads"], found.cores
    told = []
    named = ", ".join(f"{name}={value}" for name, value in found.settings.items()
                      if name.endswith("_NUM_THREADS"))
    if 0 < threads < cores:
        told.append(Advice(False, f"unset {named}" if named else "let BLAS use more threads",
                           f"products use {threads} of {cores} cores"))
    if threads > cores:
        told.append(Advice(False, f"set OPENBLAS_NUM_THREADS={cores}",
                           f"NumPy's products outside of a Session use {counted(threads, 'thread')}"
                           f" on {counted(cores, 'core')}: threads that wait for each other"))
    return told


def _of_load(found: Facts) -> list[Advice]:
    told = []
    if found.quota is not None and found.quota < 1:
        told.append(Advice(False, "give the container at least one whole core",
                           f"its quota is {found.quota:.2g} cores: it is stopped for a part of "
                           "the time, also in the middle of a step"))
    taken = found.cores - found.free_cores
    if taken > _BUSY:
        told.append(Advice(False, "measure times when nothing else runs",
                           f"other programs take {taken:.1f} of {found.cores} cores now"))
    return told


def _of_packages(found: Facts) -> list[Advice]:
    there = found.packages
    told = []
    if not found.graphviz and not there["pygraphviz"]:
        told.append(Advice(False, "install the system package graphviz, or pygraphviz",
                           "there is no Graphviz engine: pictures can only be .dot and .html"))
    elif found.graphviz and not there["graphviz"]:
        told.append(Advice(True, "pip install graphviz", "pictures need that package"))
    if not there["networkx"]:
        told.append(Advice(True, "pip install networkx", "graph.to_networkx() needs it"))
    if found.gpu and not there["cupy"]:
        told.append(Advice(False, f"install the cupy that is made for your CUDA: {INSTALL}",
                           "this machine has a GPU that nothing can use"))
    elif found.gpu and not found.gpus:
        told.append(Advice(False, "make CuPy work: python -c \"import cupy; cupy.show_config()\"",
                           "this machine has a GPU that nothing can use: " + found.no_gpu))
    return told


# ---- printing ------------------------------------------------------------------------------------


def lines(found: Facts, told: list[Advice]) -> list[str]:
    """The report for people.

    Args:
        found: what is known of the machine.
        told: the advice.
    """
    blas = found.blas
    quota = "no quota" if found.quota is None else f"a quota of {found.quota:.3g}"
    wide = [name for name in ("avx2", "fma", "avx512f", "amx_tile", "asimd", "sve")
            if name in found.processor.features]
    rows = [
        ("processor", found.processor.name or "unknown"),
        ("", "with " + ", ".join(wide) if wide else ""),
        ("cores", f"{found.cores} of {found.machine_cores}, {quota}, "
                  f"{found.free_cores:.1f} free now"),
        ("system", found.system),
        ("Python", found.python),
        ("NumPy", found.numpy),
        ("BLAS", f"{blas['name'] or 'unknown'} {blas['version']}".strip()),
        ("", f"kernels for {blas['kernels']}" if blas["kernels"] else ""),
        ("", counted(blas["threads"], "thread") if blas["threads"] else ""),
        ("", blas["path"]),
        ("", f"{found.gflops:.0f} GFLOP/s in a product of 1024×1024×1024, float32"),
        *((name, value) for name, value in found.settings.items()),
        *((name, found.packages[name] or f"not installed ({use})") for name, _, use in PACKAGES),
        ("Graphviz", found.graphviz or "no program dot"),
        *(("GPU" if i == 0 else "", line) for i, line in enumerate(found.gpus)),
        ("" if found.gpus else "GPU", f"none: {found.no_gpu}" if found.no_gpu else ""),
    ]
    width = max(len(name) for name, _ in rows) + 2
    text = [printable(f"{name:<{width}}{value}") for name, value in rows if value]
    if not told:
        return [*text, "", "Nothing to change."]
    for heading, is_problem in (("To change:", True), ("Hints:", False)):
        items = [item for item in told if item.is_problem == is_problem]
        if items:
            text += ["", heading, *(f"- {printable(item.change)}\n  {printable(item.why)}"
                                    for item in items)]
    return text


def as_json(found: Facts, told: list[Advice]) -> dict[str, Any]:
    """The report for programs.

    Args:
        found: what is known of the machine.
        told: the advice.
    """
    which = found.processor._asdict() | {"features": sorted(found.processor.features)}
    return found._asdict() | {"processor": which, "ok": not any(i.is_problem for i in told),
                              "advice": [item._asdict() for item in told]}
