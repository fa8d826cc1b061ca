"""Recurrent networks of a GPU's library run without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowgraph as fg
from flowgraph.core.tensor_message import DATA_TYPES

FILE = np.load(Path(__file__).parent / "files" / "cudnn.npz")
FLOAT = fg.AttrValue(type=DATA_TYPES["DT_FLOAT"])
GATES = {"lstm": 4, "gru": 3, "rnn_relu": 1, "rnn_tanh": 1}
LAYERS, CELLS, INPUTS = 2, 3, 2
RNG = np.random.default_rng(8)


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_frozen_layers_of_keras_give_what_its_plain_layers_give(name) -> None:
    fg.import_graph_def(fg.GraphDef.FromString(FILE[f"{name}|graph"].tobytes()), name="")
    wanted = [FILE[key] for key in FILE if key.startswith(f"{name}|out")]
    with fg.Session() as sess:
        results = sess.run([f"y{i}:0" for i in range(len(wanted))], {"x:0": FILE[f"{name}|x"]})
    for got, want in zip(results, wanted, strict=True):
        np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def stepped(mode, w, r, b, d, x, h, c):
    """One step; the weights are lists with an entry per gate."""
    of_x = [x @ a.T + e for a, e in zip(w, b, strict=True)]
    of_h = [h @ a.T + e for a, e in zip(r, d, strict=True)]
    if mode == "gru":
        reset, update = (sigmoid(of_x[i] + of_h[i]) for i in (0, 1))
        return (1 - update) * np.tanh(of_x[2] + reset * of_h[2]) + update * h, c
    sums = [a + e for a, e in zip(of_x, of_h, strict=True)]
    if mode == "lstm":
        c = sigmoid(sums[1]) * c + sigmoid(sums[0]) * np.tanh(sums[2])
        return sigmoid(sums[3]) * np.tanh(c), c
    return (np.maximum(sums[0], 0) if mode == "rnn_relu" else np.tanh(sums[0])), c


def weights_of(mode, directions):
    """The matrices and the vectors, gate by gate, in the order of the vector of all weights."""
    gates, matrices = GATES[mode], []
    for layer in range(LAYERS):
        below = INPUTS if layer == 0 else directions * CELLS
        for _ in range(directions):
            matrices += [RNG.normal(size=(CELLS, n)) for n in (below, CELLS) for _ in range(gates)]
    vectors = [RNG.normal(size=CELLS) for _ in matrices]
    return ([m.astype(np.float32) for m in matrices], [v.astype(np.float32) for v in vectors])


def computed(mode, directions, x, h, c, matrices, vectors):
    gates = GATES[mode]
    last_h, last_c = [], []
    for layer in range(LAYERS):
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            at = [slice((2 * k + i) * gates, (2 * k + i + 1) * gates) for i in (0, 1)]
            own = [part[s] for part in (matrices, vectors) for s in at]
            state, found = (h[k], c[k]), []
            for row in x[::-1] if direction else x:
                state = stepped(mode, *own, row, *state)
                found.append(state[0])
            outputs.append(found[::-1] if direction else found)
            last_h.append(state[0])
            last_c.append(state[1])
        x = np.concatenate([np.array(part) for part in outputs], -1)
    return x, np.array(last_h), np.array(last_c)


def node(graph_def, name, op, *inputs, **attrs):
    made = graph_def.node.add(name=name, op=op, input=inputs)
    for key, value in {"T": FLOAT, **attrs}.items():
        made.attr[key].CopyFrom(value if isinstance(value, fg.AttrValue) else fg.AttrValue(
            s=value.encode()) if isinstance(value, str) else fg.AttrValue(i=value))
    return made


def constant(graph_def, name, value):
    message = fg.make_tensor_proto(value)
    made = node(graph_def, name, "Const", value=fg.AttrValue(tensor=message),
                dtype=fg.AttrValue(type=message.dtype))
    del made.attr["T"]


def network(mode, direction, matrices=(), vectors=(), shape=(5, 4, INPUTS), **attrs):
    """A graph with the network, and what it starts from."""
    directions = 2 if direction == "bidirectional" else 1
    graph_def = fg.GraphDef()
    starts = [RNG.normal(size=sizes).astype(np.float32)
              for sizes in (shape, *[(LAYERS * directions, 4, CELLS)] * 2)]
    for name, value in (*zip("xhc", starts, strict=True), ("layers", LAYERS), ("cells", CELLS),
                        ("inputs", INPUTS)):
        constant(graph_def, name, value)
    parts = [*matrices, *vectors]
    for i, part in enumerate(parts):
        constant(graph_def, f"p{i}", part)
    kind = {"rnn_mode": mode, "direction": direction}
    sizes = ("layers", "cells", "inputs")
    node(graph_def, "params", "CudnnRNNCanonicalToParams", *sizes,
         *[f"p{i}" for i in range(len(parts))], num_params=len(matrices), **kind)
    node(graph_def, "size", "CudnnRNNParamsSize", *sizes, **kind,
         S=fg.AttrValue(type=DATA_TYPES["DT_INT32"]))
    node(graph_def, "back", "CudnnRNNParamsToCanonical", *sizes, "params",
         num_params=len(matrices), **kind)
    node(graph_def, "y", "CudnnRNNV2", *"xhc", "params", **kind, **attrs)
    return graph_def, starts


@pytest.mark.parametrize("direction", ["unidirectional", "bidirectional"])
@pytest.mark.parametrize("mode", GATES)
def test_layers_of_all_kinds(mode, direction) -> None:
    directions = 2 if direction == "bidirectional" else 1
    matrices, vectors = weights_of(mode, directions)
    graph_def, starts = network(mode, direction, matrices, vectors)
    fg.import_graph_def(graph_def, name="")
    with fg.Session() as sess:
        y, h, c, size, params, again = sess.run(
            ["y:0", "y:1", "y:2", "size:0", "params:0", f"back:{2 * len(matrices) - 1}"])
    want = computed(mode, directions, *starts, matrices, vectors)
    for got, part in zip((y, h, c), want[:3 if mode == "lstm" else 2], strict=False):
        np.testing.assert_allclose(got, part, 1e-4, 1e-5)
    assert size == len(params)
    np.testing.assert_array_equal(again, vectors[-1])


WRONG = {
    "sizes": ({}, {"x"}, "sizes only a run knows"),
    "dropout": ({"dropout": fg.AttrValue(f=0.5)}, set(), "drops values between its layers"),
    "skip": ({"input_mode": "skip_input"}, set(), "no matrix for its inputs"),
}


@pytest.mark.parametrize(("attrs", "fed", "words"), WRONG.values(), ids=WRONG)
def test_what_is_not_offered_is_one_clear_error(attrs, fed, words) -> None:
    graph_def, _ = network("gru", "unidirectional", *weights_of("gru", 1), **attrs)
    for made in graph_def.node:
        if made.name in fed:
            made.op = "Placeholder"
            del made.attr["value"]
    with pytest.raises(ValueError, match=f"CudnnRNNV2 'y' .*{words}"):
        fg.import_graph_def(graph_def)
