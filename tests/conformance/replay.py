"""Builds and runs a conformance case with flowgraph, and says what differs."""

from __future__ import annotations

import builtins
import operator
from types import SimpleNamespace
from typing import Any

import numpy as np

import flowgraph as fg
from tests.conformance.vectors import difference, weight


class Fields(SimpleNamespace):
    """Named values, by attribute or by key: the `x` and `a` of a case's program."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def problems(case: dict[str, Any]) -> list[str]:
    """What flowgraph does otherwise than TensorFlow on a case; empty when nothing."""
    with fg.Graph().as_default():
        return _error_problems(case) if case["kind"] == "error" else _value_problems(case)


# ---- building ------------------------------------------------------------------------------------


def named(dotted: str) -> Any:
    """The value of a dotted name under flowgraph, or in Python's `operator` or builtins."""
    first, _, rest = dotted.partition(".")
    if first in ("operator", "python"):
        return getattr(operator if first == "operator" else builtins, rest)
    found: Any = fg
    for part in dotted.split("."):
        found = getattr(found, part)
    return found


def decoded(value: Any, inputs: dict[str, Any], arrays: dict[str, Any]) -> Any:
    """An argument of a call: JSON, with `{"$kind": ...}` for what JSON cannot say."""
    def inner(part: Any) -> Any:
        return decoded(part, inputs, arrays)

    if isinstance(value, list):
        return [inner(part) for part in value]
    if not isinstance(value, dict):
        return value
    kind, content = next(iter(value.items())) if len(value) == 1 else ("", None)
    kinds = {
        "$in": lambda: inputs[content],
        "$np": lambda: arrays[content],
        "$dtype": lambda: getattr(fg, content),
        "$slice": lambda: slice(*map(inner, content)),
        "$ellipsis": lambda: Ellipsis,
        "$tuple": lambda: tuple(map(inner, content)),
        "$float": lambda: float(content),
        "$complex": lambda: complex(*content),
        "$bytes": lambda: content.encode("latin-1"),
        "$attr": lambda: named(content),
        "$call": lambda: named(content["op"])(*inner(content.get("args", [])),
                                              **inner(content.get("kwargs", {}))),
    }
    return kinds[kind]() if kind in kinds else {key: inner(part) for key, part in value.items()}


def flat(value: Any) -> list[Any]:
    """Tensors, operations, None and plain values, depth first; sparse ones as their parts."""
    if hasattr(value, "dense_shape") and hasattr(value, "indices"):
        return [part for part in (value.indices, value.values, value.dense_shape)
                if part is not None]
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in flat(part)]
    return [value]


def is_tensor(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "get_shape")


def built(case: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any]:
    """The names that the case defines: `seq`, the fetches of each run, and what else it says."""
    if "source" not in case:
        result = named(case["op"])(*decoded(case["args"], inputs, case["arrays"]),
                                   **decoded(case["kwargs"], inputs, case["arrays"]))
        return {"seq": [(result, None)]}
    names = {"tf": fg, "np": np, "x": Fields(**inputs), "a": Fields(**case["arrays"])}
    exec(compile(case["source"], f"<{case['id']}>", "exec"), names)
    names.setdefault("seq", [(names.get("out"), None)])
    return names


# ---- values --------------------------------------------------------------------------------------


def _value_problems(case: dict[str, Any]) -> list[str]:
    inputs, feed = {}, {}
    for name, array in case["inputs"].items():
        shape = case.get("static", {}).get(name, array.shape)
        inputs[name] = fg.placeholder(fg.as_dtype(array.dtype), shape, name=name)
        feed[inputs[name]] = array
    names = built(case, inputs)
    runs = [([leaf for leaf in flat(fetches) if not isinstance(leaf, fg.Operation)],
             [leaf for leaf in flat(fetches) if isinstance(leaf, fg.Operation)], more)
            for fetches, more in names["seq"]]
    # Programs may go on building after these; what is static now is what counts.
    static = [_static(leaf) for leaves, _, _ in runs for leaf in leaves]
    with fg.Session() as session:
        session.run([fg.global_variables_initializer()])
        if case.get("local_init"):
            session.run(fg.local_variables_initializer())
        for operation in names.get("pre", []):
            session.run(operation)
        values: list[Any] = []
        for leaves, operations, more in runs:
            tensors = [leaf for leaf in leaves if is_tensor(leaf)]
            found = session.run([tensors, operations], {**feed, **(more or {})})[0]
            found = iter(found)
            values += [next(found) if is_tensor(leaf) else leaf for leaf in leaves]
        bad = _output_problems(case, static, values)
        if case.get("grad_of") and not case.get("grad_error"):
            bad += _gradient_problems(case, names, inputs, runs[0][0], session, feed)
    return bad


def _static(leaf: Any) -> tuple[Any, str] | None:
    if not is_tensor(leaf):
        return None
    shape = leaf.get_shape()
    return None if shape.ndims is None else shape.as_list(), leaf.dtype.base_dtype.name


def _output_problems(case: dict[str, Any], static: list[Any], values: list[Any]) -> list[str]:
    wanted = case["outputs"]
    if len(wanted) != len(values):
        return [f"{len(values)} outputs, not {len(wanted)}"]
    bad = []
    for i, (want, spec, value) in enumerate(zip(wanted, static, values, strict=True)):
        if want is None or "py" in want:
            plain = value.tolist() if isinstance(value, np.ndarray) else value
            plain = plain.decode("latin-1") if isinstance(plain, bytes) else plain
            if plain != (want and want["py"]):
                bad.append(f"output {i}: {plain!r}, not {want!r}")
        elif spec != (want["shape"], want["dtype"]):
            bad.append(f"output {i} is statically {spec}, not {(want['shape'], want['dtype'])}")
        else:
            what = difference(value, want["value"], case.get("tol", "simple"))
            bad += [f"output {i}: {what}"] if what else []
    return bad


def _gradient_problems(case: dict[str, Any], names: dict[str, Any], inputs: dict[str, Any],
                       fetched: list[Any], session: fg.Session, feed: Any) -> list[str]:
    xs = [names["grad_xs"][int(name[1:])] if name.startswith("#") else inputs[name]
          for name in case["grad_of"]]
    ys = [y for y in flat(names.get("grad_ys", fetched))
          if is_tensor(y) and y.dtype.base_dtype.is_floating]
    if not ys:
        return []
    weights = [fg.constant(weight(np.shape(value), np.asarray(value).dtype))
               for value in session.run(ys, feed)]
    found = [None if dx is None else fg.convert_to_tensor(dx)
             for dx in fg.gradients(ys, xs, weights)]
    bad = []
    for name, dx, want in zip(case["grad_of"], found, case["grads"], strict=True):
        if dx is None or want is None:
            bad += [f"gradient of {name} is {dx}"] if (dx is None) != (want is None) else []
            continue
        what = difference(session.run(dx, feed), want, case.get("grad_tol", case.get("tol",
                                                                                     "simple")))
        bad += [f"gradient of {name}: {what}"] if what else []
    return bad


# ---- errors --------------------------------------------------------------------------------------


def _error_problems(case: dict[str, Any]) -> list[str]:
    names: dict[str, Any] = {"tf": fg, "np": np, "graph": fg.get_default_graph(),
                             "a": Fields(**case["arrays"])}
    for phase, text in (("build", case["source"]), ("run", case["run"])):
        if phase == "run":
            names["sess"] = fg.Session()
        try:
            exec(compile(text, f"<{case['id']} {phase}>", "exec"), names)
        except Exception as error:
            return _raised(case, phase, error)
    return [] if case["error"] is None else [f"no error, not {case['error']}"]


def _raised(case: dict[str, Any], phase: str, error: Exception) -> list[str]:
    if case["error"] is None:
        return [f"raised {error!r}"]
    wanted = case["error"]
    kind = named(wanted) if wanted.startswith("errors.") else getattr(builtins, wanted)
    bad = [] if isinstance(error, kind) else [f"raised {error!r}, not {wanted}"]
    return bad if phase == case["phase"] else [*bad, f"at {phase}, not at {case['phase']}"]
