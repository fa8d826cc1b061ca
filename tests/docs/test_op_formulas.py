"""The formulas of docs/ops are true: run as programs, they give what `tf.gradients` gives.

A formula is written for people: a number may stand for a tensor of a shape, and sums that undo a
broadcast are left out. Those that are no program for such a reason are passed over.
"""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.io.op_types import load_every_op

load_every_op()
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

from op_page import cases, gradients  # noqa: E402

RIGHT = 200  # formulas that are programs as they stand; most of the others hold a bare number


class Names(dict):
    """What a formula's names mean: the op's own first, then functions of `tf`, then ops."""

    def __missing__(self, name):
        if name in ("sqrt", "log"):  # of a constant as sqrt(pi)
            return lambda x: getattr(math if isinstance(x, (int, float)) else fg, name)(x)
        if name in cases.OPS:
            return type(cases.OPS[name]).build
        if hasattr(fg, name):
            return getattr(fg, name)
        raise KeyError(name)


def evaluated(lines: list[str], names: Names) -> dict:
    """By input what the formula says its gradient is."""
    found = {}
    for line in lines:
        left, _, right = line.partition(" = ")
        value = eval(right, names)
        if left.startswith("let "):
            names[left.removeprefix("let ")] = value
        else:
            found[left[len("grad("):-1]] = value
    return found


def compared(op_def, traced) -> tuple[dict, dict]:
    """The gradients by the formula and by `tf.gradients`, on the inputs of the formula's node."""
    node = traced.node
    with fg.Session(graph=node.op.graph) as session:
        values = session.run(list(node.op.inputs), node.feeds)
    with fg.Graph().as_default(), fg.Session() as session:
        inputs = [fg.constant(value, x.dtype.base_dtype)
                  for value, x in zip(values, node.op.inputs, strict=True)]
        groups = dict(zip(op_def.params, op_def.group(inputs), strict=True))
        made = type(op_def).build(*groups.values(), **node.op.attrs)
        results = made if isinstance(made, list) else [made]
        random = np.random.RandomState(0)
        dys = {dy: fg.constant(random.standard_normal(np.shape(value)), y.dtype.base_dtype)
               for dy, y, value in zip(traced.dys, results, session.run(results), strict=True)
               if dy}
        names = Names(node.op.attrs, pi=math.pi, newaxis=fg.newaxis, **groups, **dys,
                      IndexedSlices=lambda v, i: fg.IndexedSlices(v, i, fg.shape(inputs[0])))
        names.update(zip(traced.results, results, strict=True))
        said = evaluated(traced.lines, names)
        xs = [eval(x, names) for x in said]
        true = fg.gradients([y for y, dy in zip(results, traced.dys, strict=True) if dy], xs,
                            list(dys.values()))
        return (dict(zip(said, session.run([fg.convert_to_tensor(dx) for dx in said.values()]))),
                dict(zip(said, session.run([fg.convert_to_tensor(dx) for dx in true]))))


@pytest.mark.slow
def test_the_formulas_give_the_gradients() -> None:
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)  # cases use deprecated names too
    try:
        nodes = cases.nodes_by_type()
    finally:
        logger.setLevel(level)
    right, wrong = [], []
    for kind, op_def in cases.OPS.items():
        traced = gradients.gradient_of(op_def, nodes[kind])
        if not isinstance(traced, gradients.Traced):
            continue
        try:
            said, true = compared(op_def, traced)
        except (AttributeError, KeyError, LookupError, TypeError, ValueError, fg.errors.OpError):
            continue  # no program as it stands
        if any(said[x].shape != true[x].shape for x in true):
            continue  # a sum that undoes a broadcast is left out
        close = all(np.allclose(said[x], true[x], rtol=1e-4, atol=1e-5, equal_nan=True)
                    for x in true)
        (right if close else wrong).append(kind)
    assert wrong == []
    assert len(right) > RIGHT
