"""The workloads of `sequence_workloads` by hand in NumPy: see `floors` (`more_floors`: newton).

Products with the inputs of all steps are taken out of the loops, and so are those that make the
gradients of the weights: what is left in a loop is what a step wants of the one before. Gates of an
LSTM are kept in the order input, forget, output, candidate, so that one sigmoid takes three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from arrays import Arrays
from floor_parts import Adam, Array, Step, cross_entropy, descend, sigmoid
from streams import uniform_weights

# ---- cells ---------------------------------------------------------------------------------------


def lstm_weights(inputs: int, units: int) -> tuple[Array, Array]:
    """Kernel and bias of a cell; the bias has the 1 that is added to the forget gate."""
    i, j, f, o = np.split(uniform_weights(1, 0.1, inputs + units, 4 * units), 4, 1)
    bias = np.zeros(4 * units, np.float32)
    bias[units:2 * units] = 1
    return np.concatenate([i, f, o, j], 1), bias


def _sigmoid_in_place(x: Array) -> None:
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    np.reciprocal(x, out=x)


def lstm(gates: Array, recurrent: Array, active: Sequence[int]) -> tuple[Array, Array, Array]:
    """An LSTM over all steps; several at once where arrays have axes before the batch.

    Args:
        gates: `x W + b` of all steps, [steps, ..., batch, 4 units]; becomes the gates' values.
        recurrent: the weights of the last output, [..., units, 4 units].
        active: how many rows, from the first on, each step still changes.

    Returns:
        Outputs and cells, before the first step and after each, and the tanh of the new cells.
    """
    steps, *sizes, width = gates.shape
    units = width // 4
    h, c = (np.zeros((steps + 1, *sizes, units), np.float32) for _ in range(2))
    lifted = np.zeros((steps, *sizes, units), np.float32)
    for t, n in enumerate(active):
        if n < sizes[-1]:
            h[t + 1], c[t + 1] = h[t], c[t]
        gate, new = gates[t, ..., :n, :], c[t + 1, ..., :n, :]
        gate += h[t, ..., :n, :] @ recurrent
        _sigmoid_in_place(gate[..., :3 * units])
        np.tanh(gate[..., 3 * units:], out=gate[..., 3 * units:])
        i, f, o, j = (gate[..., k * units:(k + 1) * units] for k in range(4))
        np.multiply(c[t, ..., :n, :], f, out=new)
        new += i * j
        np.tanh(new, out=lifted[t, ..., :n, :])
        np.multiply(lifted[t, ..., :n, :], o, out=h[t + 1, ..., :n, :])
    return h, c, lifted


def lstm_back(dh: Array, douts: Array | None, gates: Array, recurrent: Array, c: Array,
              lifted: Array, active: Sequence[int]) -> Array:
    """The gradient of `x W + b` of all steps.

    Args:
        dh: the gradient of the last output; used up.
        douts: those of all outputs, [steps, ..., batch, units], or None.
        gates, recurrent, c, lifted, active: as of `lstm`.
    """
    units = dh.shape[-1]
    dgates = np.zeros_like(gates)
    dc = np.zeros_like(dh)
    back = np.ascontiguousarray(np.swapaxes(recurrent, -1, -2))
    for t in reversed(range(len(active))):
        n = active[t]
        if douts is not None:
            dh += douts[t]
        i, f, o, j = (gates[t, ..., :n, k * units:(k + 1) * units] for k in range(4))
        di, df, do, dj = (dgates[t, ..., :n, k * units:(k + 1) * units] for k in range(4))
        now, cell, up = dh[..., :n, :], dc[..., :n, :], lifted[t, ..., :n, :]
        cell += now * o * (1 - up * up)
        np.multiply(cell * j, i * (1 - i), out=di)
        np.multiply(cell * c[t, ..., :n, :], f * (1 - f), out=df)
        np.multiply(now * up, o * (1 - o), out=do)
        np.multiply(cell * i, 1 - j * j, out=dj)
        cell *= f
        np.matmul(dgates[t, ..., :n, :], back, out=now)
    return dgates


def _rows(x: Array) -> Array:
    """All steps and the batch as rows."""
    return x.reshape(-1, x.shape[-1])


# ---- the workloads -------------------------------------------------------------------------------


def char_rnn() -> Step:
    """Two LSTMs of 128 over 32 characters, layer after layer, clipped, Adam."""
    batch, steps, vocabulary, units = 32, 32, 64, 128
    numbers = Arrays()
    cells = [lstm_weights(units, units) for _ in range(2)]
    table = uniform_weights(1, 0.1, vocabulary, units)
    w, b = numbers.weights(units, vocabulary), numbers.zeros(vocabulary)
    text = numbers.classes(vocabulary, batch, steps).T.reshape(-1)  # step by step
    following = numbers.classes(vocabulary, batch, steps).T.reshape(-1)
    one_hot = np.eye(vocabulary, dtype=np.float32)[text]
    variables = [table, *(array for cell in cells for array in cell), w, b]
    adam = Adam(variables, 2e-3)
    active = [batch] * steps

    def step() -> Any:
        x, kept = table[text], []
        for kernel, bias in cells:
            gates = x @ kernel[:units]
            gates += bias
            gates = gates.reshape(steps, batch, -1)
            h, c, lifted = lstm(gates, kernel[units:], active)
            kept.append((x, gates, h, c, lifted))
            x = _rows(h[1:])
        loss, dlogits = cross_entropy(x @ w + b, following)
        gradients = [x.T @ dlogits, dlogits.sum(0)]
        dx = dlogits @ w.T
        for (kernel, _), (x, gates, h, c, lifted) in zip(reversed(cells), reversed(kept),
                                                         strict=True):
            dgates = _rows(lstm_back(np.zeros((batch, units), np.float32),
                                     dx.reshape(steps, batch, units), gates, kernel[units:], c,
                                     lifted, active))
            gradients[:0] = [np.concatenate([x.T @ dgates, _rows(h[:-1]).T @ dgates]),
                             dgates.sum(0)]
            dx = dgates @ kernel[:units].T
        # TensorFlow clips by the rows of the table as they were looked up, before they are summed.
        norm = np.sqrt(np.vdot(dx, dx) + sum(np.vdot(one, one) for one in gradients))
        gradients.insert(0, one_hot.T @ dx)
        if norm > 5:
            for gradient in gradients:
                gradient *= np.float32(5 / norm)
        adam.step(gradients)
        return loss

    return step


def gru_static() -> Step:
    """A GRU of 128 over 20 steps, batch 64, Adam."""
    batch, steps, inputs, units = 64, 20, 28, 128
    numbers = Arrays()
    gates = uniform_weights(1, 0.1, inputs + units, 2 * units)
    candidate = uniform_weights(1, 0.1, inputs + units, units)
    gates_bias, candidate_bias = np.ones(2 * units, np.float32), numbers.zeros(units)
    w, b = numbers.weights(units, 10), numbers.zeros(10)
    rows = np.ascontiguousarray(numbers.normal(batch, steps, inputs).transpose(1, 0, 2)).reshape(
        -1, inputs)
    labels = numbers.classes(10, batch)
    adam = Adam([gates, gates_bias, candidate, candidate_bias, w, b])

    def step() -> Any:
        to_gates = (rows @ gates[:inputs] + gates_bias).reshape(steps, batch, -1)
        to_new = (rows @ candidate[:inputs] + candidate_bias).reshape(steps, batch, -1)
        from_h, from_passed = gates[inputs:], candidate[inputs:]
        h = np.zeros((steps + 1, batch, units), np.float32)
        passed = np.empty((steps, batch, units), np.float32)  # r h
        kept = []
        for t in range(steps):
            both = sigmoid(to_gates[t] + h[t] @ from_h)
            r, u = both[:, :units], both[:, units:]
            np.multiply(r, h[t], out=passed[t])
            new = np.tanh(to_new[t] + passed[t] @ from_passed)
            kept.append((r, u, new))
            np.multiply(u, h[t] - new, out=h[t + 1])
            h[t + 1] += new
        loss, dlogits = cross_entropy(h[-1] @ w + b, labels)
        dh = dlogits @ w.T
        dgates = np.empty((steps, batch, 2 * units), np.float32)
        dnews = np.empty((steps, batch, units), np.float32)
        for t in reversed(range(steps)):
            r, u, new = kept[t]
            dnew = np.multiply(dh * (1 - u), 1 - new * new, out=dnews[t])
            through = dnew @ from_passed.T
            np.multiply(through * h[t], r * (1 - r), out=dgates[t, :, :units])
            np.multiply(dh * (h[t] - new), u * (1 - u), out=dgates[t, :, units:])
            dh *= u
            through *= r
            dh += through
            dh += dgates[t] @ from_h.T
        flat_gates, flat_news = _rows(dgates), _rows(dnews)
        adam.step([
            np.concatenate([rows.T @ flat_gates, _rows(h[:-1]).T @ flat_gates]), flat_gates.sum(0),
            np.concatenate([rows.T @ flat_news, _rows(passed).T @ flat_news]), flat_news.sum(0),
            h[-1].T @ dlogits, dlogits.sum(0)])
        return loss

    return step


def bidirectional() -> Step:
    """LSTMs of 64 both ways, side by side; the longest sentences first, so that few are run far."""
    batch, steps, inputs, units = 32, 30, 50, 64
    numbers = Arrays()
    kernels, biases = (np.stack(both) for both in zip(*(lstm_weights(inputs, units)
                                                        for _ in range(2)), strict=True))
    w, b = numbers.weights(2 * units, 5), numbers.zeros(5)
    x, lengths = numbers.normal(batch, steps, inputs), numbers.classes(steps, batch) + 1
    y = numbers.classes(5, batch)
    adam = Adam([kernels, biases, w, b])

    def step() -> Any:
        order = np.argsort(-lengths, kind="stable")
        ends, labels = lengths[order], y[order]
        times = np.arange(ends[0])[:, None]
        active = (times < ends).sum(1).tolist()
        turned = np.where(times < ends, ends - 1 - times, times)  # steps of a sentence, last first
        both = np.stack([x[order, times], x[order, turned]])  # [2, steps, batch, inputs]
        rows = both.reshape(2, -1, inputs)
        gates = rows @ kernels[:, :inputs]
        gates += biases[:, None]
        gates = np.ascontiguousarray(gates.reshape(2, len(times), batch, -1).swapaxes(0, 1))
        recurrent = kernels[:, inputs:]
        h, c, lifted = lstm(gates, recurrent, active)
        last = np.concatenate(list(h[-1]), 1)
        loss, dlogits = cross_entropy(last @ w + b, labels)
        dh = np.stack(np.split(dlogits @ w.T, 2, 1))
        dgates = lstm_back(dh, None, gates, recurrent, c, lifted, active)
        dgates, before = (each.swapaxes(0, 1).reshape(2, -1, each.shape[-1])
                          for each in (dgates, h[:-1]))
        adam.step([np.concatenate([rows.swapaxes(1, 2) @ dgates, before.swapaxes(1, 2) @ dgates],
                                  1),
                   dgates.sum(1), last.T @ dlogits, dlogits.sum(0)])
        return loss

    return step


def scan() -> Step:
    """h = tanh(decay h + x) over 200 steps of 64 numbers, with gradients."""
    numbers = Arrays()
    decay, x = numbers.uniform(64), numbers.normal(200, 64)
    h = np.zeros((201, 64), np.float32)

    def step() -> Any:
        for before, after, now in zip(h[:-1], h[1:], x, strict=True):
            np.multiply(decay, before, out=after)
            after += now
            np.tanh(after, out=after)
        states = h[1:]
        loss = np.mean(np.square(states))
        slopes = 1 - states * states
        flowing = decay * slopes  # what each step hands back of what reaches its output
        reaching = states * np.float32(2 / states.size)
        for earlier, later, share in zip(reaching[-2::-1], reaching[:0:-1], flowing[:0:-1],
                                         strict=True):
            earlier += later * share
        descend(0.1, [decay], [np.einsum("ij,ij,ij->j", reaching, slopes, h[:-1])])
        return loss

    return step


def map_fn() -> Step:
    """128 matrices of 16x16, each multiplied by itself and scaled: all at once."""
    x = Arrays().normal(128, 16, 16)

    def step() -> Any:
        products = x @ x
        products /= np.abs(x).max((1, 2), keepdims=True) + 1
        return products.sum()

    return step


def conds() -> Step:
    """A hundred branches one after another, on 16 numbers."""
    x = Arrays().normal(16)
    share, less = np.float32(0.9), np.float32(0.1)

    def step() -> Any:
        hidden = x
        for _ in range(100):
            hidden = hidden * share - less if hidden.sum() > 0 else np.abs(hidden) + x
        return hidden

    return step


WORKLOADS = {function.__name__: function for function in (
    char_rnn, gru_static, bidirectional, scan, map_fn, conds)}
