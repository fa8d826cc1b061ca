"""What CuPy has, by data/cupy_names.json, and whether a call is one that it takes."""

from __future__ import annotations

import ast
import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "data" / "cupy_names.json"
_P = inspect.Parameter


def _listed() -> Any:
    listed = json.loads(_FILE.read_text())
    return listed["version"], listed["ufunc_keywords"], listed["names"]


VERSION, UFUNC_KEYWORDS, NAMES = _listed()

# What to write in place of a name or a parameter, where the plain "CuPy has no such" does not tell.
INSTEAD = {
    "where": "xp.where(condition, values, neutral) before it",
    "initial": "xp.maximum of the result and the bound, or one more element in front",
    "out": "out[...] = result",
    "mode": "indices that are in range already: xp.clip(indices, 0, n - 1)",
    "einsum_path": "einsum alone, or NumPy's path worked out on shapes on the host",
    "a_min": "the bounds as positional arguments",
    "min": "the bounds as positional arguments",
    "max": "the bounds as positional arguments",
    "errstate": "nothing: the runner keeps warnings quiet",
    "ufunc.reduce": "xp.sum, xp.prod, xp.max, xp.min, xp.any or xp.all",
    "__index__": "int(x), or a shape",
    "fromiter": "xp.array(list(...))",
    "frombuffer": "xp.asarray(numpy array) in a host-only op",
}


@cache
def signature(name: str) -> inspect.Signature | None:
    """The parameters of a function or a method; None if they are not known.

    Args:
        name: as in the file, "linalg.inv" or "ndarray.sum".
    """
    text = NAMES[name]
    if not isinstance(text, str):
        return None
    a = ast.parse(f"def f({text}): pass").body[0].args  # type: ignore[attr-defined]
    plain = [(p, _P.POSITIONAL_ONLY) for p in a.posonlyargs] + [
        (p, _P.POSITIONAL_OR_KEYWORD) for p in a.args]
    required = len(plain) - len(a.defaults)
    found = [_P(p.arg, kind, default=_P.empty if i < required else None)
             for i, (p, kind) in enumerate(plain)]
    if a.vararg:
        found.append(_P(a.vararg.arg, _P.VAR_POSITIONAL))
    found += [_P(p.arg, _P.KEYWORD_ONLY, default=_P.empty if d is None else None)
              for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    if a.kwarg:
        found.append(_P(a.kwarg.arg, _P.VAR_KEYWORD))
    return inspect.Signature(found)


def misfit(name: str, positional: int, keywords: tuple[str, ...]) -> str:
    """What is wrong with a call, in words; "" if CuPy takes it.

    Args:
        name: "sum", "linalg.inv", "ndarray.astype".
        positional: number of positional arguments.
        keywords: names of the others.

    Example:
        >>> misfit("sum", 1, ("axis", "initial"))[:53]
        'cupy.sum(a, axis=None, dtype=None, out=None, keepdims'
        >>> misfit("sum", 1, ("axis",))
        ''
    """
    if name not in NAMES:
        return f"CuPy {VERSION} has no {spelled(name)}{instead(name.rpartition('.')[2])}"
    if isinstance(NAMES[name], dict):
        noted = NAMES[name]
        wrong = [word for word in keywords if word not in UFUNC_KEYWORDS]
        most = noted["nin"] + noted["nout"]
        if wrong:
            return (f"the ufunc {spelled(name)} takes {', '.join(UFUNC_KEYWORDS)}, not "
                    f"{wrong[0]}={instead(wrong[0])}")
        if not noted["nin"] <= positional <= most:
            return f"the ufunc {spelled(name)} takes {noted['nin']} inputs, got {positional}"
        return ""
    bound = signature(name)
    if bound is None:
        return ""
    try:
        bound.bind(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError as error:
        known = {p.name for p in bound.parameters.values()}
        wrong = [word for word in keywords if word not in known]
        return (f"{spelled(name)}({NAMES[name]}): {error}"
                f"{instead(wrong[0]) if wrong else ''}")
    return ""


def spelled(name: str) -> str:
    """A name as programs write it: `cupy.linalg.inv`."""
    return name if name.startswith("cupyx.") else f"cupy.{name}"


def instead(word: str) -> str:
    """The end of a sentence about a name or a parameter: what to write in its place."""
    return f"; write {INSTEAD[word]}" if word in INSTEAD else ""
