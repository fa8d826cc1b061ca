"""What `compare` has found: kept in a JSON file, shown as a table, written as a docs page."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from suite import GROUPS, WORKLOADS

OURS = "flowgraph"
TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX", "numpy": "NumPy by hand"}
TOLERANCES = {"torch": 2e-3}  # its Adam adds epsilon elsewhere
TOLERANCE = 2e-4
HERE = Path(__file__).parent
FILE = HERE / "results.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
_MARK = "<!-- from here on written by benchmarks/compare.py --write -->\n"
_TITLES_OF_GROUPS = {
    "workloads": "The workloads that decide", "more_workloads": "More of the same kinds",
    "network_workloads": "Networks", "sequence_workloads": "Sequences and loops",
    "other_workloads": "Embeddings, optimizers, densities, pictures, feeding"}


class Results:
    """Figures per engine.

    Attributes:
        data: `machine`, a dict of words; `engines`, per engine `versions`, `groups` (of each group
            measured whole `import_ms` and `peak_mb`) and `workloads` (of each `ms`, `first_ms`,
            `value` unless the program draws numbers of its own, or `error`).
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data = data or {"machine": {}, "engines": {}}

    @classmethod
    def read(cls, path: Path) -> Results:
        """Those of a file; none if there is no such file."""
        return cls(json.loads(path.read_text())) if path.exists() else cls()

    def save(self, path: Path) -> None:
        """Writes them to a file."""
        path.write_text(json.dumps(self.data, indent=1) + "\n")

    def add(self, engine: str, group: str, rounds: list[dict[str, Any]], whole: bool) -> None:
        """What rounds of `measure` have found of a group: medians take the place of what was known.

        Args:
            engine: which.
            group: of workloads.
            rounds: what each round printed.
            whole: whether all of the group was measured.
        """
        known = self.data["engines"].setdefault(engine, {"groups": {}, "workloads": {}})
        known["versions"] = rounds[0]["versions"]
        totals = {key: _median(rounds, key) for key in ("import_ms", "peak_mb")}
        if whole:
            known["groups"][group] = totals
        for name in sorted(rounds[0].keys() - {"versions", *totals}):
            each = [found[name] for found in rounds]
            failed = [found for found in each if "error" in found]
            medians = {key: _median(each, key) for key in ("ms", "first_ms") if not failed}
            known["workloads"][name] = failed[0] if failed else each[0] | medians

    def peers(self) -> list[str]:
        """The engines that flowgraph was compared with, in the order of the columns."""
        return [engine for engine in TITLES if engine in self.data["engines"]]

    def found(self, engine: str, name: str) -> dict[str, Any]:
        """What is known of a workload on an engine; empty if nothing is."""
        return self.data["engines"].get(engine, {}).get("workloads", {}).get(name, {})

    def ratio(self, engine: str, name: str) -> float | None:
        """How many times longer the engine takes than flowgraph; None if it is not known."""
        their, our = self.found(engine, name).get("ms"), self.found(OURS, name).get("ms")
        return their / our if their and our else None

    def differs(self, engine: str, name: str) -> str:
        """How the engine's value is another than flowgraph's; "" if it is the same."""
        expected, value = (self.found(one, name).get("value") for one in (engine, OURS))
        if expected is None or value is None:
            return ""
        near = TOLERANCES.get(engine, TOLERANCE) * max(abs(expected), 1e-12)
        if abs(expected - value) <= near:
            return ""
        return f"{TITLES[engine]} gives {expected:.6g}, flowgraph {value:.6g}"

    def notes(self, name: str) -> list[str]:
        """What went wrong with a workload: errors, and values that differ."""
        failed = [f"{TITLES.get(engine, engine)}: {self.found(engine, name)['error']}"
                  for engine in (*self.peers(), OURS) if "error" in self.found(engine, name)]
        return failed + [told for engine in self.peers() if (told := self.differs(engine, name))]

    def uncompared(self, name: str) -> list[str]:
        """Which engines' values of a workload are not compared, since they draw other numbers."""
        found = {engine: self.found(engine, name) for engine in self.peers()}
        return [f"{TITLES[engine]} draws other random numbers: its value is not compared"
                for engine, one in found.items() if "ms" in one and "value" not in one]


def _median(rounds: Iterable[dict[str, Any]], key: str) -> float:
    return float(f"{statistics.median(found[key] for found in rounds):.5g}")


# ---- as text -------------------------------------------------------------------------------------


def table(results: Results, names: list[str]) -> str:
    """Milliseconds and ratios, a line for each workload.

    Args:
        results: the figures.
        names: of workloads.
    """
    peers = results.peers()
    lines = [f"{'':<18}{'flowgraph ms':>14}" + "".join(f"{TITLES[one]:>15}{'ratio':>7}"
                                                       for one in peers)]
    for name in names:
        line = f"{name:<18}{_number(results.found(OURS, name).get('ms')):>14}"
        for peer in peers:
            ratio = results.ratio(peer, name)
            line += f"{_number(results.found(peer, name).get('ms')):>15}"
            line += f"{'' if ratio is None else f'{ratio:.2f}':>7}"
        lines += [line.rstrip(), *(f"    {note}" for note in
                                  results.notes(name) + results.uncompared(name))]
    return "\n".join(lines)


def totals(results: Results) -> str:
    """Import times and peak memory, a line for each engine and group that was measured whole."""
    lines = []
    for engine in (OURS, *results.peers()):
        for group, found in results.data["engines"].get(engine, {}).get("groups", {}).items():
            lines.append(f"{TITLES.get(engine, engine):<16}{group:<20}import "
                         f"{found['import_ms']:.0f} ms, peak {found['peak_mb']:.0f} MB")
    return "\n".join(lines)


def _number(ms: float | None) -> str:
    if ms is None:
        return ""
    return f"{ms:.{max(0, 2 - math.floor(math.log10(ms)))}f}" if ms < 100 else f"{ms:.0f}"


# ---- as a page -----------------------------------------------------------------------------------


def page(results: Results, before: str) -> str:
    """The docs page: what a person wrote down to the mark, then the figures.

    Args:
        results: the figures.
        before: the page as it is.
    """
    written = "\n".join(_sections(results)).rstrip()
    return f"{before.partition(_MARK)[0]}{_MARK}\n{written}\n"


def _sections(results: Results) -> list[str]:
    lines = ["## The machine, and versions", "", "| what | which |", "| --- | --- |"]
    lines += [f"| {what} | {which} |" for what, which in results.data["machine"].items()]
    for engine in results.peers():
        told = results.data["engines"][engine]["versions"]
        if engine != "numpy":
            lines.append(f"| {TITLES[engine]} | {told[engine]}, in Python {told['python']} |")
    for group, title in _TITLES_OF_GROUPS.items():
        names = [name for name in GROUPS[group].WORKLOADS if results.found(OURS, name)]
        if names:
            lines += ["", f"## {title}", "", *_rows(results, names)]
    return [*lines, "", *_memory(results)]


def _rows(results: Results, names: list[str]) -> list[str]:
    peers = [peer for peer in results.peers()
             if any(results.found(peer, name) for name in names)]
    lines = ["| workload | flowgraph, ms | " + " | ".join(TITLES[peer] for peer in peers) + " |",
             "| --- | ---: |" + " ---: |" * len(peers)]
    notes = []
    for name in names:
        cells = [_ratio(results.ratio(peer, name)) for peer in peers]
        said = (WORKLOADS[name].__doc__ or "").partition("\n")[0].rstrip(".")
        ours = _number(results.found(OURS, name).get("ms"))
        lines.append(f"| `{name}`: {said} | {ours} | " + " | ".join(cells) + " |")
        notes += [f"- `{name}`: {note}"
                  for note in results.notes(name) + results.uncompared(name)]
    return lines + (["", *notes] if notes else [])


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return ""
    text = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{text}**" if ratio >= 1 else text


def _memory(results: Results) -> list[str]:
    engines = [one for one in (OURS, "tensorflow") if results.data["engines"].get(one)]
    groups = [group for group in GROUPS if all(
        group in results.data["engines"][one]["groups"] for one in engines)]
    if not (engines and groups):
        return []
    head = " | ".join(f"{TITLES.get(one, one)} {what}" for what in ("import, ms", "peak, MB")
                      for one in engines)
    lines = ["## Import and memory", "", "A process per group and engine that runs all of the "
             "group one after another.", "", f"| group | {head} |",
             "| --- |" + " ---: |" * (2 * len(engines))]
    for group in groups:
        cells = [f"{results.data['engines'][one]['groups'][group][key]:.0f}"
                 for key in ("import_ms", "peak_mb") for one in engines]
        lines.append(f"| `{group}` | " + " | ".join(cells) + " |")
    return lines
