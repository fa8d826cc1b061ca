"""Small graphs to draw, built of op types that exist only here, so that golden texts stay put."""

from __future__ import annotations

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.core.frames import UserFrame
from flowgraph.core.spec import Spec
from flowgraph.graph.graph import Graph
from flowgraph.opdef.opdef import OpDef


def op_type(name, params="", **facts):
    """An op type outside of the registry."""
    class Type(OpDef, abstract=True):
        """A type to draw."""

    Type.type, Type.params = name, tuple(params.split())
    for fact, value in facts.items():
        setattr(Type, fact, value)
    return Type()


PLACEHOLDER = op_type("Placeholder")
CONST = op_type("Const")
VARIABLE = op_type("VariableV2", is_ref=True)
ASSIGN = op_type("Assign", "ref value", refs=("ref",), overwrites="ref", is_ref=True)
APPLY = op_type("ApplyGradientDescent", "var alpha delta", refs=("var",), overwrites="var",
                is_ref=True)
IDENTITY = op_type("Identity", "input")
NOOP = op_type("NoOp")
MEAN = op_type("Mean", "input axis", host_inputs=("axis",))
SAVE = op_type("SaveV2", "tensor")


class Builder:
    """Adds nodes to a graph by full name."""

    def __init__(self):
        self.graph = Graph()

    def op(self, type_, name, *inputs, shape=(), dtype=dt.float32, controls=(), of=None, **attrs):
        """One node with one output; a new type is made for a `type_` that is a string."""
        if isinstance(type_, str):
            type_ = op_type(type_, " ".join(f"x{i}" for i in range(len(inputs))))
        specs = () if type_ is NOOP else (Spec(dtype, shape),)
        op = self.graph.add_operation(type_, tuple(inputs), attrs, specs, name)
        op.frame = UserFrame("model.py", op.index + 1, "build")
        op.forward_op = of
        for control in controls:
            op._add_control_input(control)
        return op.outputs[0] if op.outputs else op

    def const(self, name, value):
        """A constant."""
        value = np.asarray(value)
        value = value.astype(np.float32) if value.dtype == np.float64 else value
        return self.op(CONST, name, shape=value.shape, dtype=dt.of_numpy(value.dtype), value=value)

    def placeholder(self, name, shape, dtype=dt.float32):
        """A placeholder."""
        return self.op(PLACEHOLDER, name, shape=shape, dtype=dtype)

    def variable(self, name, shape, start="zeros"):
        """A variable with all that keeps it: (variable, what reads it, first assignment)."""
        first = self.op("Fill", start, shape=shape)
        ref = self.op(VARIABLE, name, shape=shape)
        assign = self.op(ASSIGN, f"{name}/Assign", ref, first, shape=shape)
        return ref, self.op(IDENTITY, f"{name}/read", ref, shape=shape), assign.op


def linear():
    """y = x @ w + b."""
    b = Builder()
    x = b.placeholder("x", (None, 784))
    _, w, _ = b.variable("w", (784, 10), "random_normal")
    _, bias, _ = b.variable("b", (10,))
    product = b.op("MatMul", "MatMul", x, w, shape=(None, 10))
    b.op("Add", "y", product, bias, shape=(None, 10))
    return b.graph


def training():
    """A layer in a scope, a loss, gradients, an optimizer, a saver and an init op."""
    b = Builder()
    x = b.placeholder("x", (None, 784))
    labels = b.placeholder("labels", (None,), dt.int64)
    w_ref, w, w_assign = b.variable("dense/w", (784, 10), "dense/truncated_normal")
    b_ref, bias, b_assign = b.variable("dense/b", (10,), "dense/zeros")
    product = b.op("MatMul", "dense/MatMul", x, w, shape=(None, 10))
    logits = b.op("BiasAdd", "dense/BiasAdd", product, bias, shape=(None, 10))
    errors = b.op("SparseSoftmaxCrossEntropyWithLogits", "loss/cross_entropy", logits, labels,
                  shape=(None,))
    loss = b.op(MEAN, "loss/mean", errors, b.const("loss/Const", np.array([0], np.int32)))
    start = b.op("Fill", "gradients/Fill", b.op("Shape", "gradients/Shape", loss, shape=(0,)))
    steps, dy = (loss, errors, logits, product), start
    for forward in steps:
        dy = b.op(f"{forward.op.type}Grad", f"gradients/{forward.op.name}_grad/dx", dy, forward,
                  shape=forward.spec.shape, of=forward.op)
    rate = b.const("SGD/learning_rate", 0.5)
    updates = [b.op(APPLY, f"SGD/update_{ref.op.name}/Apply", ref, rate, dy,
                    shape=ref.spec.shape).op for ref in (w_ref, b_ref)]
    b.op(NOOP, "SGD", controls=updates)
    b.op(NOOP, "init", controls=[w_assign, b_assign])
    saved = b.op(SAVE, "save/SaveV2", w)
    b.op(ASSIGN, "save/Assign", w_ref, saved, shape=(784, 10))
    return b.graph
