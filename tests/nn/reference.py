"""Recurrent networks in plain NumPy, step by step and row by row: what the graphs must compute."""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def basic(x, h, weights):
    kernel, bias = weights
    h = np.tanh(np.concatenate([x, h]) @ kernel + bias)
    return h, h


def gru(x, h, weights):
    gate_kernel, gate_bias, kernel, bias = weights
    r, u = np.split(sigmoid(np.concatenate([x, h]) @ gate_kernel + gate_bias), 2)
    c = np.tanh(np.concatenate([x, r * h]) @ kernel + bias)
    h = u * h + (1 - u) * c
    return h, h


def lstm(x, state, weights, forget_bias=1.0, cell_clip=np.inf, proj_clip=np.inf):
    """With as many weights as the cell has: kernel, bias, 3 diagonals, projection."""
    c, h = state
    kernel, bias, *rest = weights
    to_f, to_i, to_o = rest[:3] if len(rest) >= 3 else (0.0, 0.0, 0.0)
    i, j, f, o = np.split(np.concatenate([x, h]) @ kernel + bias, 4)
    c = sigmoid(f + forget_bias + to_f * c) * c + sigmoid(i + to_i * c) * np.tanh(j)
    c = np.clip(c, -cell_clip, cell_clip)
    h = sigmoid(o + to_o * c) * np.tanh(c)
    if len(rest) in (1, 4):
        h = np.clip(h @ rest[-1], -proj_clip, proj_clip)
    return h, (c, h)


def run(step, inputs, lengths, state, output_size, weights):
    """(outputs [batch, time, size], final states as a list with one entry per row)."""
    batch, steps = inputs.shape[:2]
    outputs, states = np.zeros((batch, steps, output_size)), []
    for row in range(batch):
        now = state
        for time in range(lengths[row]):
            outputs[row, time], now = step(inputs[row, time], now, weights)
        states.append(now)
    return outputs, states
