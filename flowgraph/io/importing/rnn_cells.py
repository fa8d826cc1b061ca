"""Fused LSTM and GRU steps of a GraphDef (tf.contrib.rnn.LSTMBlockCell, LSTMBlockFusedCell,
GRUBlockCell) and their gradients: they become plain ops, and a loop where the op does all steps.

The gates of an LSTM stand side by side in one matrix: input, cell, forget, output ("icfo"); in the
ops V2 input, forget, cell, output. As TensorFlow's, these gradients take no notice of `cell_clip`.

    LSTMBlockCell(x, cs_prev, h_prev, w, wci, wcf, wco, b) -> i, cs, f, o, ci, co, h     one step
    BlockLSTM(seq_len_max, x, ...)                         -> the same, [time, batch, cell]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.core import dtypes as dt
from flowgraph.graph.tensor import Tensor
from flowgraph.io.importing.build import Build
from flowgraph.io.importing.rules import rule
from flowgraph.ops.cast import cast
from flowgraph.ops.clip import clip_by_value
from flowgraph.ops.constant import zeros_like
from flowgraph.ops.exponential import sigmoid, tanh
from flowgraph.ops.identity import IdentityN
from flowgraph.ops.join import concat
from flowgraph.ops.matmul import matmul
from flowgraph.ops.pad import pad
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.reshape import reshape
from flowgraph.ops.select import reverse
from flowgraph.ops.shape import shape
from flowgraph.ops.split import split
from flowgraph.ops.tensor_array import TensorArray
from flowgraph.ops.tensor_list_batch import TensorListStack
from flowgraph.ops.while_loop import while_loop

Tensors = dict[str, Any]
_STEP = ("i", "cs", "f", "o", "ci", "co", "h")


def _given(build: Build) -> Tensors:
    """The inputs by their names."""
    assert build.row is not None
    return {arg.name: tensor for arg, tensor in zip(build.row.inputs, build.inputs, strict=True)}


def named(build: Build, results: list[Tensor]) -> list[Tensor]:
    """The results of a node that became several ops; "name:k" is theirs, too.

    Args:
        build: the node.
        results: its outputs.
    """
    build.operation = IdentityN.build(results, name=build.name + "/")[0].op
    return results


# ---- LSTM ----------------------------------------------------------------------------------------


def _order(build: Build) -> str:
    return "ifco" if build.node.op.endswith("V2") else "icfo"


def _peepholes(build: Build, given: Tensors) -> Tensors:
    """The weights from the cell to the gates; none if they are not used."""
    return {key: given[f"wc{key}"] for key in "ifo"} if build.attr("use_peephole") else {}


def lstm_step(gates: Tensor, cs_prev: Tensor, order: str, peepholes: Tensors, clip: float
               ) -> list[Tensor]:
    """i, cs, f, o, ci, co, h of one step.

    Args:
        gates: what the matrix gives, [batch, 4 * cells].
        cs_prev: the cells before.
        order: the gates in it, "icfo" or "ifco".
        peepholes: weights from the cells to the gates "i", "f", "o"; {} for none.
        clip: the most that a cell may hold, up and down; 0 for no limit.
    """
    part = dict(zip(order, split(gates, 4, 1), strict=True))
    for key in "if":
        seen = part[key] + cs_prev * peepholes[key] if peepholes else part[key]
        part[key] = sigmoid(seen)
    ci = tanh(part["c"])
    cs = ci * part["i"] + cs_prev * part["f"]
    if clip > 0:
        cs = clip_by_value(cs, -clip, clip)
    o = sigmoid(part["o"] + cs * peepholes["o"] if peepholes else part["o"])
    co = tanh(cs)
    return [part["i"], cs, part["f"], o, ci, co, co * o]


def _bias(build: Build, b: Tensor, order: str) -> Tensor:
    """The bias, with that of the forget gate; BlockLSTMV2 has none."""
    if build.node.op == "BlockLSTMV2":
        return b
    forget = np.array([key == "f" for key in order], b.dtype.numpy)[:, None]
    return reshape(reshape(b, [4, -1]) + forget * build.attr("forget_bias"), [-1])


@rule("LSTMBlockCell")
def lstm_block_cell(build: Build) -> Any:
    """One step of an LSTM."""
    given, order = _given(build), _order(build)
    with build.importer.graph.name_scope(build.name + "/"):
        gates = matmul(concat([given["x"], given["h_prev"]], 1), given["w"])
        gates = gates + _bias(build, given["b"], order)
        results = lstm_step(gates, given["cs_prev"], order, _peepholes(build, given),
                            build.attr("cell_clip"))
    return named(build, results)


@rule("BlockLSTM", "BlockLSTMV2")
def block_lstm(build: Build) -> Any:
    """Many steps of an LSTM; after `seq_len_max` there are zeros."""
    given, order = _given(build), _order(build)
    clip, peepholes = build.attr("cell_clip"), _peepholes(build, given)
    x, cs, h = given["x"], given["cs_prev"], given["h_prev"]
    with build.importer.graph.name_scope(build.name + "/"):
        of_x, of_h = _halves(given)
        sizes = shape(x)
        projected = matmul(reshape(x, [-1, sizes[2]]), of_x) + _bias(build, given["b"], order)
        projected = reshape(projected, concat([sizes[:2], [-1]], 0))
        steps = cast(given["seq_len_max"], dt.int32)
        rows = TensorArray(x.dtype, sizes[0]).unstack(projected)
        inside: list[Tensor] = []

        def body(t: Any, cs: Any, h: Any) -> Any:
            gates = rows.read(t) + matmul(h, of_h)
            inside[:] = lstm_step(gates, cs, order, peepholes, clip)
            return t + 1, inside[1], inside[6]

        last = while_loop(lambda t, *rest: t < steps, body, (0, cs, h))
        results = [_with_zeros(of_all_rounds(last, value, cs), sizes[0] - steps, x)
                   for value in inside]
    return named(build, results)


def _halves(given: Tensors) -> list[Tensor]:
    """The rows of the weights for x and those for h."""
    inputs, cells = shape(given["x"])[2], shape(given["h_prev"])[1]
    parts: list[Tensor] = split(given["w"], [inputs, cells], 0, num=2)
    return parts


def of_all_rounds(last: Any, value: Tensor, like: Tensor) -> Tensor:
    """What a tensor of a loop's body was in each round, stacked; the loop keeps it if it is used.

    Args:
        last: the loop's results.
        value: the tensor.
        like: has the size of its last axis.
    """
    loop = last[0].op.inputs[0].op
    batch = last[1].spec.shape
    size = like.spec.shape
    static = None if batch is None or size is None else (batch[0], size[-1])
    stacked: Tensor = TensorListStack.build(loop.op_def.save(loop, value), element_shape=static,
                                            element_dtype=value.dtype)
    return stacked


def _with_zeros(values: Any, count: Any, x: Any) -> Tensor:
    """[steps, batch, n] with `count` more steps of zeros, as many as x has."""
    padded = pad(values, [[0, count], [0, 0], [0, 0]])
    if x.spec.shape is not None:
        padded.set_shape([x.spec.shape[0], None, None])
    return padded


def _lstm_step_gradient(step: Tensors, cs_prev: Tensor, dcs: Tensor, dh: Tensor, order: str,
                        peepholes: Tensors) -> tuple[Tensor, Tensor]:
    """(gradient of cs_prev, gradient of the gates) of one step."""
    i, f, o, ci, co = (step[key] for key in ("i", "f", "o", "ci", "co"))
    do = o * (1.0 - o) * dh * co
    dcs = (1.0 - co * co) * dh * o + dcs
    if peepholes:
        dcs = dcs + do * peepholes["o"]
    d = {"o": do, "c": (1.0 - ci * ci) * dcs * i, "f": f * (1.0 - f) * dcs * cs_prev,
         "i": i * (1.0 - i) * dcs * ci}
    before = dcs * f
    if peepholes:
        before = before + d["i"] * peepholes["i"] + d["f"] * peepholes["f"]
    return before, concat([d[key] for key in order], 1)


def _peephole_gradients(given: Tensors, dgates: Tensor, cs_prev: Tensor, order: str,
                        peepholes: Tensors) -> list[Tensor]:
    """The gradients of wci, wcf, wco; the rows are all steps of all examples."""
    if not peepholes:
        return [zeros_like(given[f"wc{key}"]) for key in "ifo"]
    d = dict(zip(order, split(dgates, 4, 1), strict=True))
    seen = {"i": cs_prev, "f": cs_prev, "o": given["cs"]}
    return [reduce_sum(d[key] * _rows(seen[key]), 0) for key in "ifo"]


def _rows(values: Tensor) -> Tensor:
    return values if values.spec.rank == 2 else reshape(values, [-1, shape(values)[-1]])


@rule("LSTMBlockCellGrad")
def lstm_block_cell_grad(build: Build) -> Any:
    """The gradient of one step of an LSTM."""
    given, order, peepholes = _given(build), _order(build), _peepholes(build, _given(build))
    with build.importer.graph.name_scope(build.name + "/"):
        before, dgates = _lstm_step_gradient(given, given["cs_prev"], given["cs_grad"],
                                             given["h_grad"], order, peepholes)
        weights = _peephole_gradients(given, dgates, given["cs_prev"], order, peepholes)
    return named(build, [before, dgates, *weights])


@rule("BlockLSTMGrad", "BlockLSTMGradV2")
def block_lstm_grad(build: Build) -> Any:
    """The gradient of many steps of an LSTM, from the last one to the first."""
    given, order, peepholes = _given(build), _order(build), _peepholes(build, _given(build))
    x, cs_first, h_first = given["x"], given["cs_prev"], given["h_prev"]
    with build.importer.graph.name_scope(build.name + "/"):
        of_x, of_h = _halves(given)
        sizes, steps = shape(x), cast(given["seq_len_max"], dt.int32)
        earlier = {key: concat([first[None], given[key][:-1]], 0)
                   for key, first in (("cs", cs_first), ("h", h_first))}
        keys = (*_STEP[:-1], "cs_grad", "h_grad")
        arrays = {key: TensorArray(x.dtype, sizes[0]).unstack(given[key]) for key in keys}
        arrays["cs_prev"] = TensorArray(x.dtype, sizes[0]).unstack(earlier["cs"])

        inside: list[Tensor] = []

        def body(t: Any, dcs: Any, dh: Any) -> Any:
            at = {key: array.read(t) for key, array in arrays.items()}
            inside[:] = _lstm_step_gradient(at, at["cs_prev"], at["cs_grad"] + dcs,
                                            at["h_grad"] + dh, order, peepholes)
            return t - 1, inside[0], matmul(inside[1], of_h, transpose_b=True)

        last = while_loop(lambda t, *rest: t >= 0, body, (
            steps - 1, zeros_like(cs_first), zeros_like(h_first)))
        _, dcs, dh = last
        dgates = reverse(of_all_rounds(last, inside[1], given["b"]), [0])
        dgates = _rows(_with_zeros(dgates, sizes[0] - steps, x))
        dx = reshape(matmul(dgates, of_x, transpose_b=True), sizes)
        dw = [matmul(_rows(values), dgates, transpose_a=True) for values in (x, earlier["h"])]
        weights = _peephole_gradients(given, dgates, earlier["cs"], order, peepholes)
        results = [dx, dcs, dh, concat(dw, 0), *weights, reduce_sum(dgates, 0)]
    return named(build, results)


# ---- GRU -----------------------------------------------------------------------------------------


@rule("GRUBlockCell")
def gru_block_cell(build: Build) -> Any:
    """One step of a GRU."""
    x, h_prev, w_ru, w_c, b_ru, b_c = build.inputs
    with build.importer.graph.name_scope(build.name + "/"):
        r, u = split(sigmoid(matmul(concat([x, h_prev], 1), w_ru) + b_ru), 2, 1)
        c = tanh(matmul(concat([x, h_prev * r], 1), w_c) + b_c)
        h = (1.0 - u) * c + u * h_prev
    return named(build, [r, u, c, h])


@rule("GRUBlockCellGrad")
def gru_block_cell_grad(build: Build) -> Any:
    """The gradient of one step of a GRU; those of the weights are made of its last two results."""
    given = _given(build)
    r, u, c, dh, h_prev = (given[key] for key in ("r", "u", "c", "d_h", "h_prev"))
    with build.importer.graph.name_scope(build.name + "/"):
        d_c_bar = dh * (1.0 - u) * (1.0 - c * c)
        d_u_bar = dh * (h_prev - c) * u * (1.0 - u)
        cells = [shape(given["x"])[1], shape(h_prev)[1]]
        dx_of_c, d_hr = split(matmul(d_c_bar, given["w_c"], transpose_b=True), cells, 1, num=2)
        d_ru_bar = concat([d_hr * h_prev * r * (1.0 - r), d_u_bar], 1)
        dx_of_ru, dh_of_ru = split(matmul(d_ru_bar, given["w_ru"], transpose_b=True), cells, 1,
                                   num=2)
        results = [dx_of_c + dx_of_ru, dh_of_ru + d_hr * r + dh * u, d_c_bar, d_ru_bar]
    return named(build, results)
