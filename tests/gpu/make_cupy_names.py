"""Writes data/cupy_names.json: what CuPy has, and which parameters its functions take.

    python -m venv cupyenv && cupyenv/bin/pip install cupy-cuda12x==14.2.0
    cupyenv/bin/python tests/gpu/make_cupy_names.py

CuPy is imported without a GPU, so any machine will do. One line a name; the kinds of entries:

    "sum": "a, axis=None, dtype=None, out=None, keepdims=False"     a function and its parameters
    "add": {"nin": 2, "nout": 1, "types": ["??->?", "bb->b", ...]}    a ufunc
    "float32": null                                                   a type, a number, a property

Run it again with a newer CuPy when the version in pyproject.toml rises.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import types
from pathlib import Path
from typing import Any

import cupy
import cupyx
from cupy._core.flags import Flags

OUT = Path(__file__).parent / "data" / "cupy_names.json"
SPACES = {"": cupy, "linalg": cupy.linalg, "fft": cupy.fft, "random": cupy.random,
          "lib.stride_tricks": cupy.lib.stride_tricks, "cupyx": cupyx}
CLASSES = {"ndarray": cupy.ndarray, "flags": Flags, "random.Generator": cupy.random.Generator,
           "random.RandomState": cupy.random.RandomState}
# Classes whose parameters are noted, too: kernels that are given as text.
KERNELS = (cupy.ElementwiseKernel, cupy.ReductionKernel, cupy.RawKernel)
UFUNC_KEYWORDS = ("out", "where", "dtype", "casting", "order", "subok", "signature", "axes", "axis",
                  "keepdims")


def parameters(function: Any) -> str | None:
    """The parameters as text, from the signature or from the docstring's first line."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        head = (function.__doc__ or "").lstrip().partition("\n")[0]
        match = re.match(r"[\w.]+\((.*)\)", head)
        return None if match is None else _written(match[1])
    parts, before = [], None
    for p in found:
        if before == p.POSITIONAL_ONLY != p.kind:
            parts.append("/")
        if p.kind == p.KEYWORD_ONLY and before not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL):
            parts.append("*")
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        parts.append(star + p.name + ("" if p.default is p.empty else f"={_default(p.default)}"))
        before = p.kind
    if before == inspect.Parameter.POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(part for part in parts if part != "self").removeprefix("/, ")


def _default(value: Any) -> str:
    return repr(value) if isinstance(value, int | float | str | None) else "..."


def _written(text: str) -> str:
    """Cython's own text without its types: `self, int axis=-1` is `axis=-1`."""
    text = re.sub(r"\b[\w.]+ (?=\w+( ?=|,|$))", "", text.replace("\\*", "*"))
    parts = [part for part in text.split(", ") if part not in ("self", "cls")]
    text = ", ".join(parts).replace("-> _ndarray_base", "").strip()
    ast.parse(f"def f({text}): pass")
    return text


def entry(value: Any) -> Any:
    """What is noted of a name."""
    if isinstance(value, cupy.ufunc):
        return {"nin": value.nin, "nout": value.nout, "types": value.types}
    if (isinstance(value, type) and value not in KERNELS) or not callable(value):
        return None
    return parameters(value)


def methods(name: str, value: Any) -> dict[str, Any]:
    """The methods of a ufunc, as "add.at": each is there for some of them only."""
    found = {}
    if isinstance(value, cupy.ufunc):
        for method in ("accumulate", "at", "outer", "reduce", "reduceat"):
            function = getattr(value, method)
            try:
                function(*(None,) * _LEAST[method])
            except NotImplementedError:
                continue
            except Exception:  # of what was not given, or of the GPU that is not there
                pass
            found[f"{name}.{method}"] = parameters(function)
    return found


_LEAST = {"accumulate": 1, "at": 3, "outer": 2, "reduce": 1, "reduceat": 2}


def ufunc_keywords() -> list[str]:
    """The keywords that a call of a ufunc takes: the others are refused before a GPU is asked."""
    taken = []
    for keyword in UFUNC_KEYWORDS:
        try:
            cupy.add(1, 2, **{keyword: None})
        except TypeError as error:
            if str(error).startswith("Wrong arguments"):
                continue
            taken.append(keyword)
        except Exception:  # of the GPU that is not there
            taken.append(keyword)
    return taken


def main() -> None:
    """Writes the file."""
    names: dict[str, Any] = {}
    for space, module in SPACES.items():
        for name in dir(module):
            value = getattr(module, name)
            if not (name.startswith("_") or name == "annotations"
                    or isinstance(value, types.ModuleType)):
                names[f"{space}.{name}".lstrip(".")] = entry(value)
                names |= methods(f"{space}.{name}".lstrip("."), value)
    for space, cls in CLASSES.items():
        for name in dir(cls):
            if not name.startswith("_") or (space == "ndarray" and name in OPERATORS):
                value = getattr(cls, name)
                is_method = callable(value) and not name.startswith("__")
                names[f"{space}.{name}"] = entry(value) if is_method else None
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(noted)}"
                       for name, noted in sorted(names.items()))
    head = json.dumps({"version": cupy.__version__, "ufunc_keywords": ufunc_keywords()})[1:-1]
    OUT.write_text(f'{{{head},\n"names": {{\n{lines}\n}}}}\n')
    print(f"{len(names)} names of CuPy {cupy.__version__} in {OUT}")


OPERATORS = {f"__{prefix}{name}__" for prefix in ("", "r", "i") for name in (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul", "and", "or",
    "xor", "lshift", "rshift")} | {f"__{name}__" for name in (
        "neg", "pos", "abs", "invert", "lt", "le", "eq", "ne", "gt", "ge", "len", "iter", "bool",
        "int", "float", "complex", "index", "getitem", "setitem", "contains")}

if __name__ == "__main__":
    main()
