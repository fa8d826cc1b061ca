"""Recurrent networks that TensorFlow leaves to a GPU's library (tf.keras.layers.CuDNNLSTM and
CuDNNGRU, tf.contrib.cudnn_rnn): they become loops of plain ops, which run anywhere.

All weights come in one vector. Layer by layer, and in each the direction forward before that
backward, it holds the matrices [cells, inputs] of all gates, then those [cells, cells] of all
gates; behind the matrices of all layers, in the same order, two vectors of biases for each gate.
The gates are input, forget, cell, output in an LSTM, and reset, update, cell in a GRU, whose reset
works on what the matrix makes of the state:

    h = (1 - u) * tanh(Wc x + b + r * (Rc h + d)) + u * h
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rnn_cells import lstm_step, named, of_all_rounds
from flowgraph.io.importing.rules import rule
from flowgraph.opdef.static_value import known_value
from flowgraph.ops.activation import relu
from flowgraph.ops.constant import zeros
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.join import concat, stack
from flowgraph.ops.matmul import matmul
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import reverse
from flowgraph.ops.shape import shape
from flowgraph.ops.split import split
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.while_loop import while_loop

_GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}


@rule("CudnnRNN", "CudnnRNNV2")
def cudnn_rnn(build: Build) -> Any:
    """Layers of recurrent cells over a sequence [time, batch, inputs]."""
    given: list[Any] = build.inputs
    x, first_h, first_c, params = given
    mode, both = build.attr("rnn_mode"), build.attr("direction") == "bidirectional"
    layers, cells, inputs = _sizes(build, 2 if both else 1)
    with build.importer.graph.name_scope(build.name + "/"):
        weights = _weights(params, layers, 2 if both else 1, cells, inputs, _GATES[mode])
        last: list[tuple[Tensor, Tensor]] = []
        for _ in range(layers):
            found = []
            for backward in (False, True)[:1 + both]:
                k = len(last)
                outputs, h, c = _sequence(reverse(x, [0]) if backward else x, first_h[k],
                                          first_c[k] if mode == "lstm" else first_h[k],
                                          weights[k], mode)
                found.append(reverse(outputs, [0]) if backward else outputs)
                last.append((h, c))
            x = concat(found, 2) if both else found[0]
        states = [stack(list(part)) for part in zip(*last, strict=True)]
        if mode != "lstm":
            states[1] = zeros([0], x.dtype)
        results = [x, *states, zeros([0], x.dtype)]
        if build.node.op == "CudnnRNNV2":
            results.append(zeros([0], np.int8))
    return named(build, results)


def _sizes(build: Build, directions: int) -> tuple[int, int, int]:
    """How many layers, cells in each, and inputs there are."""
    shapes: list[Any] = [tensor.spec.shape for tensor in build.inputs[:2]]
    x, h = shapes
    if any(part is None or len(part) != 3 for part in shapes) or None in (x[2], h[0], h[2]):
        raise build.wrong("has an input or a first state whose sizes only a run knows; that is not "
                          "offered")
    if build.attr("dropout") > 0 and build.attr("is_training"):
        raise build.wrong("drops values between its layers; that is not offered")
    mode = build.attr("input_mode")
    if mode == "skip_input" or (mode == "auto_select" and x[2] == h[2]):
        raise build.wrong("has no matrix for its inputs (skip_input); that is not offered")
    return h[0] // directions, h[2], x[2]


def _weights(params: Tensor, layers: int, directions: int, cells: int, inputs: int, gates: int
             ) -> list[list[Tensor]]:
    """[W, R, b, d] of each direction of each layer, all gates one below the other."""
    found = _cut(params, _shapes(layers, directions, cells, inputs, gates, 1))
    count = layers * directions
    return [[*found[2 * k:2 * k + 2], *found[2 * (count + k):2 * (count + k) + 2]]
            for k in range(count)]


def _shapes(layers: int, directions: int, cells: int, inputs: int, gates: int, apart: int
            ) -> list[list[int]]:
    """The shapes of the parts of the weights; each is for gates / apart gates."""
    shapes: list[list[int]] = []
    rows = gates * cells // apart
    for layer in range(layers):
        below = inputs if layer == 0 else directions * cells
        shapes += ([[rows, below]] * apart + [[rows, cells]] * apart) * directions
    return shapes + [[rows]] * (2 * apart * layers * directions)


def _cut(params: Tensor, shapes: list[list[int]]) -> list[Tensor]:
    parts = split(params, [int(np.prod(sizes)) for sizes in shapes])
    return [reshape(part, sizes) for part, sizes in zip(parts, shapes, strict=True)]


def _sequence(x: Any, h: Tensor, c: Tensor, weights: list[Tensor], mode: str
              ) -> tuple[Tensor, Tensor, Tensor]:
    """The outputs of one direction of a layer, and its last state."""
    of_x, of_h, bias, state_bias = weights
    sizes = shape(x)
    projected = matmul(reshape(x, [-1, sizes[2]]), of_x, transpose_b=True) + bias
    rows = TensorArray(x.dtype, sizes[0]).unstack(
        reshape(projected, concat([sizes[:2], [-1]], 0)))

    inside: list[Tensor] = []

    def body(t: Any, h: Any, c: Any) -> Any:
        seen = rows.read(t), matmul(h, of_h, transpose_b=True) + state_bias
        inside[:] = _step(*seen, h, c, mode)
        return t + 1, *inside

    last = while_loop(lambda t, *rest: t < sizes[0], body, (0, h, c))
    return of_all_rounds(last, inside[0], h), last[1], last[2]


def _step(of_x: Any, of_h: Any, h: Any, c: Any, mode: str) -> tuple[Any, Any]:
    """The next state."""
    if mode == "lstm":
        _, c, *_, h = lstm_step(of_x + of_h, c, "ifco", {}, 0.0)
        return h, c
    if mode == "gru":
        (xr, xu, xc), (hr, hu, hc) = split(of_x, 3, 1), split(of_h, 3, 1)
        update = sigmoid(xu + hu)
        return (1.0 - update) * tanh(xc + sigmoid(xr + hr) * hc) + update * h, c
    return (relu if mode == "rnn_relu" else tanh)(of_x + of_h), c


# ---- the vector of weights -----------------------------------------------------------------------


def _told_shapes(build: Build) -> list[list[int]]:
    """The shapes of the matrices and vectors of single gates, as three inputs tell their sizes."""
    layers, cells, inputs = (known_value(tensor) for tensor in build.inputs[:3])
    if None in (layers, cells, inputs):
        raise build.wrong("has sizes that only a run knows; that is not offered")
    gates = _GATES[build.attr("rnn_mode")]
    directions = 2 if build.attr("direction") == "bidirectional" else 1
    return _shapes(layers, directions, cells, inputs, gates, gates)


@rule("CudnnRNNParamsSize")
def params_size(build: Build) -> Any:
    """How many weights there are."""
    count = sum(int(np.prod(sizes)) for sizes in _told_shapes(build))
    return build.plain("Const", value=np.array(count, build.attr("S").numpy))


@rule("CudnnRNNCanonicalToParams")
def canonical_to_params(build: Build) -> Any:
    """The vector of all weights."""
    flat = [build.sub("Reshape", tensor, [-1], part="flat") for tensor in build.inputs[3:]]
    return build.plain("ConcatV2", flat, np.int32(0))


@rule("CudnnRNNParamsToCanonical")
def params_to_canonical(build: Build) -> Any:
    """The matrices and vectors of single gates."""
    with build.importer.graph.name_scope(build.name + "/"):
        found = _cut(build.inputs[3], _told_shapes(build))
    return named(build, found)
