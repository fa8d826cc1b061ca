"""The conformance vectors: what the real TensorFlow gave for a few thousand small graphs.

One family is `data/FAMILY.jsonl`, a case a line, and `data/FAMILY.npz`, one flat array per dtype,
to which cases refer as `[dtype, offset, shape]`. The keys of a case:

    kind        "call" (`op(*args, **kwargs)`), "program" (Python `source`) or "error"
    inputs      arrays fed to placeholders `x0`, ...; `static` gives another placeholder shape
    arrays      arrays that the call or program takes as they are
    outputs     flat: {"shape", "dtype", "value"} with the static shape and dtype, {"py"}, or None
    grad_of     the inputs (`#i`: `grad_xs[i]`) whose gradients `grads` holds; each float output is
                weighted with `weight(shape, dtype)`
    error       the class that is raised, in `phase` "build" or "run"
    tol         class of tolerance, "simple" or "loose"
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"
FAMILIES = sorted(file.stem for file in DATA.glob("*.jsonl"))

# class of tolerance -> dtype -> (rtol, atol as a multiple of max(|largest expected|, 0.1))
_TOLERANCES = {
    "simple": {"float64": (1e-10, 1e-12), "float32": (2e-5, 2e-6), "float16": (4e-3, 2e-3)},
    "loose": {"float64": (1e-6, 1e-8), "float32": (1e-4, 2e-5), "float16": (1e-2, 1e-2)},
}


def cases(family: str, op: str) -> Iterator[dict[str, Any]]:
    """The cases of an op of a family, with arrays in place of references."""
    pool, lines = _family(family)
    for case in map(json.loads, lines[op]):
        for key in ("inputs", "arrays"):
            case[key] = {name: _array(ref, pool) for name, ref in case.get(key, {}).items()}
        for output in case.get("outputs", []):
            if output is not None and "value" in output:
                output["value"] = _array(output["value"], pool)
        case["grads"] = [_array(ref, pool) for ref in case.get("grads", [])]
        yield case


def ops(family: str) -> list[str]:
    """The ops of which a family has cases."""
    return sorted(_family(family)[1])


@cache
def _family(family: str) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """A family's arrays by dtype, and the lines of its file by op."""
    with np.load(DATA / f"{family}.npz", allow_pickle=False) as file:
        pool = {dtype: file[dtype] for dtype in file.files}
    lines: dict[str, list[str]] = {}
    for line in (DATA / f"{family}.jsonl").read_text(encoding="utf-8").splitlines():
        lines.setdefault(json.loads(line)["op"], []).append(line)
    return pool, lines


def _array(ref: Any, pool: dict[str, np.ndarray]) -> np.ndarray | None:
    if ref is None:
        return None
    dtype, offset, shape = ref
    if dtype == "string":
        texts = np.empty(len(offset), object)
        texts[:] = [text.encode("latin-1") for text in offset]
        return texts.reshape(shape)
    size = int(np.prod(shape, dtype=np.int64))
    return pool[dtype][offset:offset + size].reshape(shape).copy()


def weight(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """The weight of an output in the gradient checks: exact in every floating dtype."""
    numbers = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    return (((numbers * 37 + 11) % 101 - 50) / 64.0).astype(dtype).reshape(shape)


def difference(got: Any, want: np.ndarray, tolerance: str) -> str:
    """What is wrong with `got`, in a few words; "" when it agrees with `want`."""
    got, want = np.asarray(got, object if want.dtype == object else None), np.asarray(want)
    if got.dtype != want.dtype or got.shape != want.shape:
        return f"{got.dtype}{got.shape}, not {want.dtype}{want.shape}"
    if want.dtype.kind == "c":
        return (difference(got.real, want.real, tolerance)
                or difference(got.imag, want.imag, tolerance))
    if want.dtype.kind != "f":
        same = got == want
        return "" if np.all(same) else f"{np.size(same) - np.count_nonzero(same)} values differ"
    rtol, atol = _TOLERANCES[tolerance][want.dtype.name]
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True):
        return "NaN or infinities differ"
    got, want = got[finite].astype(np.float64), want[finite].astype(np.float64)
    if not want.size:
        return ""
    allowed = rtol * np.abs(want) + atol * max(float(np.max(np.abs(want))), 0.1)
    off = ~(np.abs(got - want) <= allowed)
    if not off.any():
        return ""
    i = int(np.argmax(np.abs(got - want) - allowed))
    return f"{int(off.sum())} of {want.size} differ, as {got[i]!r}, not {want[i]!r}"
